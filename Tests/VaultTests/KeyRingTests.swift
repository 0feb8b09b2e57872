import Domain
import Sodium
import Testing

@testable import Vault

@Suite("Keeping unwrapped keys")
struct KeyRingTests {
    private let store = MemoryKeyStore()
    private let root: LocalRootKey
    private let ring: KeyRing

    init() throws {
        root = try #require(LocalRootKey(SecretBytes.random(count: 32)))
        ring = KeyRing(store: store, roots: RootKeys(active: root))
    }

    @Test func `racing callers in several processes make one key`() async throws {
        let owner = Fixture.owner()
        let rings = (0..<8).map { _ in KeyRing(store: store, roots: RootKeys(active: root)) }
        let keys = try await withThrowingTaskGroup(of: OwnerKey.self) { group in
            for index in 0..<400 {
                let ring = rings[index % rings.count]
                group.addTask {
                    try await ring.prepareKey(for: owner)
                    return try await ring.activeKey(for: owner)
                }
            }
            return try await group.reduce(into: [OwnerKey]()) { $0.append($1) }
        }
        #expect(keys.count == 400)
        #expect(keys.allSatisfy { $0.version == 1 && $0.key.constantTimeEquals(keys[0].key) })
        #expect(store.rows(of: owner).count == 1)
        #expect(store.inserts <= 8, "each process asked at most once")
    }

    @Test func `preparing again changes nothing`() async throws {
        let owner = Fixture.owner()
        #expect(try await ring.prepareKey(for: owner) == 1)
        let before = store.rows(of: owner)
        ring.forgetAll()
        #expect(try await ring.prepareKey(for: owner) == 1)
        #expect(store.rows(of: owner) == before)
    }

    @Test func `a key is read once, then kept`() async throws {
        let owner = Fixture.owner()
        try await ring.prepareKey(for: owner)
        ring.forgetAll()
        let before = store.reads
        for _ in 0..<50 {
            _ = try await ring.key(for: owner, version: 1)
            _ = try await ring.activeKey(for: owner)
        }
        #expect(store.reads == before + 2, "once by version, once to learn which is active")
    }

    @Test func `everyone who waits shares one load`() async throws {
        let owner = Fixture.owner()
        try await ring.prepareKey(for: owner)
        ring.forgetAll()
        let gate = Gate()
        store.hold(at: gate)
        let before = store.reads
        async let first = ring.activeKey(for: owner)
        await gate.untilReached()
        let others = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<100 { group.addTask { (try? await ring.activeKey(for: owner)) == nil ? 0 : 1 } }
            group.addTask {
                gate.open()
                return 0
            }
            return await group.reduce(0, +)
        }
        _ = try await first
        #expect(others == 100)
        #expect(store.reads == before + 1)
    }

    @Test func `a cancelled waiter ends nothing for the others`() async throws {
        let owner = Fixture.owner()
        try await ring.prepareKey(for: owner)
        ring.forgetAll()
        let gate = Gate()
        store.hold(at: gate)
        // Ended below: cancelled, then awaited.
        let cancelled = Task { try await ring.activeKey(for: owner) }
        await gate.untilReached()
        async let other = ring.activeKey(for: owner)
        cancelled.cancel()
        gate.open()
        #expect(try await other.version == 1)
        _ = await cancelled.result
    }

    @Test func `a failure is told once and not remembered`() async throws {
        let owner = Fixture.owner()
        try await ring.prepareKey(for: owner)
        ring.forgetAll()
        store.fail(next: 1)
        await #expect(throws: VaultError.keyStoreUnavailable) { try await ring.activeKey(for: owner) }
        #expect(try await ring.activeKey(for: owner).version == 1)
    }

    @Test func `a failed insert leaves the owner to be prepared again`() async throws {
        let owner = Fixture.owner()
        store.fail(next: 1)
        await #expect(throws: VaultError.keyStoreUnavailable) { try await ring.prepareKey(for: owner) }
        #expect(store.rows(of: owner).isEmpty)
        #expect(try await ring.prepareKey(for: owner) == 1)
    }

    @Test func `what was loading when the owner was forgotten is not kept`() async throws {
        let owner = Fixture.owner()
        try await ring.prepareKey(for: owner)
        ring.forgetAll()
        let gate = Gate()
        store.hold(at: gate)
        async let stale = ring.activeKey(for: owner)
        await gate.untilReached()
        ring.forget(owner)
        gate.open()
        _ = try await stale
        store.hold(at: nil)
        let before = store.reads
        _ = try await ring.activeKey(for: owner)
        #expect(store.reads == before + 1)
    }

    @Test func `shredded keys are gone once forgotten`() async throws {
        let owner = Fixture.owner()
        try await ring.prepareKey(for: owner)
        store.put([], for: owner)
        ring.forget(owner)
        await #expect(throws: VaultError.ownerHasNoKey) { try await ring.activeKey(for: owner) }
        await #expect(throws: VaultError.keyUnavailable(version: 1)) { try await ring.key(for: owner, version: 1) }
    }

    @Test func `a deleted tenant's keys are gone and another's stay`() async throws {
        let environment = EnvironmentID(high: 1, low: 1)
        let (gone, kept) = (TenantID(high: 2, low: 1), TenantID(high: 2, low: 2))
        for tenant in [gone, kept] { try await ring.prepareKey(for: .tenant(environment, tenant)) }
        store.put([], for: .tenant(environment, gone))
        store.put([], for: .tenant(environment, kept))
        ring.forget(gone)
        await #expect(throws: VaultError.ownerHasNoKey) {
            try await ring.activeKey(for: .tenant(environment, gone))
        }
        #expect(try await ring.activeKey(for: .tenant(environment, kept)).version == 1)
    }

    @Test func `keeps no more keys than it may`() async throws {
        let small = KeyRing(store: store, roots: RootKeys(active: root), capacity: 2)
        for number in 1...3 as ClosedRange<UInt64> { try await small.prepareKey(for: Fixture.owner(number)) }
        let before = store.reads
        _ = try await small.activeKey(for: Fixture.owner(3))
        _ = try await small.activeKey(for: Fixture.owner(2))
        #expect(store.reads == before)
        _ = try await small.activeKey(for: Fixture.owner(1))
        #expect(store.reads == before + 1, "the oldest was given up")
    }

    @Test func `the cache gives up what was used longest ago, whatever the order of calls`() {
        var cache = LRUCache<Int, Int>(capacity: 8)
        var model: [(key: Int, value: Int)] = []
        var generator = SystemRandomNumberGenerator()
        for round in 0..<20_000 {
            let key = Int.random(in: 0..<20, using: &generator)
            let place = model.firstIndex { $0.key == key }
            switch Int.random(in: 0..<10, using: &generator) {
            case 0:
                cache.remove(key)
                if let place { model.remove(at: place) }
            case 1...4:
                cache.insert(key, round)
                if let place { model.remove(at: place) } else if model.count == 8 { model.removeFirst() }
                model.append((key, round))
            default:
                #expect(cache.value(key) == place.map { model[$0].value })
                if let place { model.append(model.remove(at: place)) }
            }
            #expect(cache.count == model.count)
        }
    }
}
