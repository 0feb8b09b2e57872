import Connections
import Domain
import Identity
import Logging
import Sodium
import StrictJSON
import TestSupport
import Testing

@Suite("Signing keys")
struct SigningKeysTests {
    private let world: IdentityWorld

    init() async throws { world = try await IdentityWorld() }

    private func kids() throws -> [String] {
        let root = try JSONDocument(parsing: world.keys.jwks(), secret: false).root
        return try #require(root["keys"]?.elements).compactMap { $0["kid"]?.string }
    }

    private func state(_ key: StoredSigningKey, _ state: StoredSigningKey.State) -> StoredSigningKey {
        StoredSigningKey(
            environmentID: key.environmentID, kid: key.kid, state: state, publicKey: key.publicKey, seed: key.seed,
            notBefore: key.notBefore, createdAt: key.createdAt)
    }

    @Test func `publishes public keys and nothing private`() throws {
        let root = try JSONDocument(parsing: world.keys.jwks(), secret: false).root
        let keys = try #require(root["keys"]?.elements)
        #expect(keys.count == 2)
        for key in keys {
            #expect(
                Set(try #require(key.members).map(\.key)) == ["kty", "crv", "x", "kid", "use", "alg"])
            #expect(key["kty"]?.string == "OKP")
            #expect(key["crv"]?.string == "Ed25519")
        }
    }

    /// RFC 8037 appendix A.1 to A.3: the key, its public half, and the thumbprint of RFC 7638.
    @Test func `names a key by its thumbprint (RFC 8037 A.3)`() async throws {
        let seed = try #require(Base64URL.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
        let known = try await IdentityWorld.add(
            world.base.environment.id, .verify, world.signingStore, world.base, seed: SecretBytes(copying: seed))
        #expect(Base64URL.encode(known.key.publicKey) == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
        #expect(known.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
        try await world.keys.reload()
        #expect(try kids().contains("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"))
    }

    @Test func `signs with the active key and verifies with the one before`() async throws {
        let token = try await world.issue()
        world.signingStore.change { [world] in $0.kid == world.own.kid ? Self.aged($0) : $0 }
        let next = try await IdentityWorld.add(world.base.environment.id, .active, world.signingStore, world.base)
        try await world.keys.reload()
        #expect(world.refusal(token) == nil)
        #expect(try world.verify(try await world.issue()).kid == next.kid)
    }

    private static func aged(_ key: StoredSigningKey) -> StoredSigningKey {
        StoredSigningKey(
            environmentID: key.environmentID, kid: key.kid, state: .verify, publicKey: key.publicKey, seed: key.seed,
            notBefore: key.notBefore, createdAt: key.createdAt)
    }

    @Test func `publishes a next key and takes no token of it`() async throws {
        let next = try await IdentityWorld.add(world.base.environment.id, .next, world.signingStore, world.base)
        try await world.keys.reload()
        #expect(try kids().contains(next.kid))
        let forge = Forge(world: world)
        let header = forge.header(alg: "\"EdDSA\"", kid: "\"\(next.kid)\"")
        #expect(world.refusal(forge.token(header: header, key: next.key)) == .unknownKey)
    }

    @Test func `stops taking tokens of a withdrawn key, and says so by the epoch`() async throws {
        let token = try await world.issue()
        let before = world.epoch.value
        world.signingStore.remove(world.own.kid)
        try await world.keys.reload()
        #expect(world.refusal(token) == .unknownKey)
        #expect(world.epoch.value > before)
    }

    @Test func `doesn't move the epoch where nothing was withdrawn`() async throws {
        let before = world.epoch.value
        try await world.keys.reload()
        #expect(world.epoch.value == before)
    }

    @Test func `believes no public key that somebody put beside another seed`() async throws {
        let attacker = try Ed25519.PrivateKey(seed: .random(count: 32))
        let kid = IdentityWorld.thumbprint(attacker.publicKey)
        let forge = Forge(world: world)
        let header = forge.header(alg: "\"EdDSA\"", kid: "\"\(kid)\"")
        let stored = try #require(try await world.signingStore.all().first { $0.kid == world.own.kid })
        // The row of a true key with another public key, under the old kid and under a new one.
        for name in [world.own.kid, kid] {
            world.signingStore.remove(name)
            world.signingStore.add(
                StoredSigningKey(
                    environmentID: stored.environmentID, kid: name, state: .active, publicKey: attacker.publicKey,
                    seed: stored.seed, notBefore: stored.notBefore, createdAt: stored.createdAt))
            try await world.keys.reload()
            #expect(try !kids().contains(kid))
            #expect(world.refusal(forge.token(header: header, key: attacker)) == .unknownKey)
            #expect(world.refusal(forge.token(key: attacker)) == .unknownKey)
        }
    }

    @Test func `believes no key that was moved to another environment or another time`() async throws {
        let stored = try #require(try await world.signingStore.all().first { $0.kid == world.foreign.kid })
        let moved = [
            StoredSigningKey(
                environmentID: world.base.environment.id, kid: stored.kid, state: .active, publicKey: stored.publicKey,
                seed: stored.seed, notBefore: stored.notBefore, createdAt: stored.createdAt),
            StoredSigningKey(
                environmentID: stored.environmentID, kid: stored.kid, state: .active, publicKey: stored.publicKey,
                seed: stored.seed, notBefore: stored.notBefore + .seconds(1), createdAt: stored.createdAt),
        ]
        for key in moved {
            world.signingStore.remove(stored.kid)
            world.signingStore.add(key)
            try await world.keys.reload()
            #expect(try kids() == [world.own.kid])
        }
    }

    @Test func `keeps what it knew while the database is away`() async throws {
        let token = try await world.issue()
        world.signingStore.setAway(true)
        await #expect(throws: SigningKeysError.storeUnavailable) { try await world.keys.reload() }
        #expect(world.refusal(token) == nil)
    }

    @Test func `reads again for an unknown kid, once in a while and not for each`() async throws {
        let keys = world.keys
        let clock = world.base.clock
        let service = Task { await keys.run() }
        // Ended below. The regular reading sleeps from the start.
        await clock.waitForSleepers(1)
        let before = world.signingStore.reads
        let late = try await IdentityWorld.add(world.base.environment.id, .verify, world.signingStore, world.base)
        let forge = Forge(world: world)
        let header = forge.header(alg: "\"EdDSA\"", kid: "\"\(late.kid)\"")
        let token = forge.token(header: header, key: late.key)
        #expect(world.refusal(token) == .unknownKey)
        await clock.waitForSleepers(2)
        #expect(world.signingStore.reads == before + 1)
        #expect(world.refusal(token) == nil)
        let unknown = forge.token(header: forge.header(alg: "\"EdDSA\"", kid: "\"nobody\""))
        for _ in 0..<1_000 { _ = world.refusal(unknown) }
        #expect(world.signingStore.reads == before + 1)
        clock.advance(by: SigningKeys.reloadInterval)
        await clock.waitForSleepers(2)
        #expect(world.signingStore.reads == before + 2)
        service.cancel()
        await service.value
    }

    @Test func `makes one first key, whoever asks and on however many instances`() async throws {
        let store = ListedSigningKeyStore()
        let world = self.world
        func instance() -> SigningKeys {
            SigningKeys(
                store: store, vault: world.base.vault, epoch: RevocationEpoch(), clock: world.base.clock.wall,
                timer: world.base.clock, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        }
        let instances = (0..<4).map { _ in instance() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<40 {
                group.addTask { try await instances[index % 4].prepare(world.base.environment.id) }
            }
            try await group.waitForAll()
        }
        #expect(try await store.all().count == 1)
        #expect(Set(instances.map { $0.jwks() }).count == 1)
    }

    /// Begins a reading that answers with what is stored now, runs the body, and lets the reading end.
    private func duringOldReading(_ body: () async throws -> Void) async throws {
        let (stream, end) = AsyncStream<Void>.makeStream()
        let (keys, store) = (world.keys, world.signingStore)
        let before = store.reads
        store.holdNextReading(until: stream)
        async let old: Void = keys.reload()
        await Waiting.until { store.reads > before }
        try await body()
        end.finish()
        try await old
    }

    @Test func `a reading that began before a first key was made doesn't take it away`() async throws {
        world.signingStore.remove(world.own.kid)
        try await world.keys.reload()
        var token: [UInt8] = []
        try await duringOldReading {
            token = try await world.issue()
        }
        #expect(world.refusal(token) == nil)
        #expect(try kids().count == 2)
    }

    @Test func `the latest reading, begun before a first key was stored, doesn't take it away either`() async throws {
        world.signingStore.remove(world.own.kid)
        try await world.keys.reload()
        let (stream, end) = AsyncStream<Void>.makeStream()
        world.signingStore.holdNextInsertion(until: stream)
        // Awaited below.
        let issued = Task { [world] in try await world.issue() }
        let store = world.signingStore
        await Waiting.until { !store.isInsertionHeld }
        var token: [UInt8] = []
        try await duringOldReading {
            end.finish()
            token = try await issued.value
        }
        #expect(world.refusal(token) == nil)
        // The next reading sees it in the store; once it is gone from there, it is gone here.
        store.remove(try world.verify(token).kid)
        try await world.keys.reload()
        #expect(world.refusal(token) == .unknownKey)
    }

    @Test func `a reading that ends late doesn't bring a withdrawn key back`() async throws {
        let token = try await world.issue()
        try await duringOldReading {
            world.signingStore.remove(world.own.kid)
            try await world.keys.reload()
        }
        #expect(world.refusal(token) == .unknownKey)
    }

    @Test func `says what stands in the way of a first key`() async throws {
        world.signingStore.remove(world.own.kid)
        try await world.keys.reload()
        world.signingStore.setAway(true)
        await #expect(throws: UseCaseError.unavailable) {
            try await world.keys.prepareSigningKey(of: world.base.environment.id)
        }
        world.signingStore.setAway(false)
        // An environment without a key in the vault.
        await #expect(throws: UseCaseError.envelopeRefused) {
            try await world.keys.prepareSigningKey(of: EnvironmentID(high: 9, low: 9))
        }
    }
}
