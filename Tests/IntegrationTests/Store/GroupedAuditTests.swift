import Connections
import Domain
import Store
import Synchronization
import TestSupport
import Testing

@Suite("Audit events of requests that come at once share a transaction")
struct GroupedAuditTests {
    @Test func `an event that comes alone is written at once`() async throws {
        let inner = GatedAuditStore()
        inner.open()
        try await GroupedAuditStore(inner).append([try event(1)])
        #expect(inner.batches == [1])
    }

    @Test func `events that come while a transaction is on its way share the next one`() async throws {
        let inner = GatedAuditStore()
        let grouped = GroupedAuditStore(inner)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await grouped.append([try event(0)]) }
            try await eventually { inner.hasWaiter }
            for number in 1...100 { group.addTask { try await grouped.append([try event(number)]) } }
            try await eventually { grouped.waitingCount == 100 }
            inner.open()
            try await group.waitForAll()
        }
        #expect(inner.batches == [1, 100])
    }

    @Test func `an event that the database refuses fails its own request alone`() async throws {
        let inner = GatedAuditStore(refusing: 7)
        let grouped = GroupedAuditStore(inner)
        let failures = try await withThrowingTaskGroup(of: Int?.self) { group in
            group.addTask {
                try await grouped.append([try event(0)]); return nil
            }
            try await eventually { inner.hasWaiter }
            for number in 1...20 {
                group.addTask {
                    do { try await grouped.append([try event(number)]) } catch StoreError.failed { return number }
                    return nil
                }
            }
            try await eventually { grouped.waitingCount == 20 }
            inner.open()
            return try await group.reduce(into: [Int]()) { failed, number in if let number { failed.append(number) } }
        }
        #expect(failures == [7])
    }

    @Test func `while the database is away every waiting request learns it`() async throws {
        let inner = GatedAuditStore(failure: .unavailable)
        let grouped = GroupedAuditStore(inner)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await expectUnavailable(grouped, 0) }
            // A wait that is late shows in the expectation below.
            try? await eventually { inner.hasWaiter }
            for number in 1...600 { group.addTask { await expectUnavailable(grouped, number) } }
            try? await eventually { grouped.waitingCount == 600 }
            inner.open()
        }
        // Not asked again for each of the three batches that waited: each would wait for the database's absence anew.
        #expect(inner.batches == [1])
    }

    private func expectUnavailable(_ store: GroupedAuditStore, _ number: Int) async {
        await #expect(throws: StoreError.unavailable) { try await store.append([try event(number)]) }
    }

    private func event(_ number: Int) throws -> AuditEvent {
        let environment = EnvironmentID(high: 0x0190_0000_0000_7000, low: 1)
        return AuditEvent(
            id: AuditEventID(high: 0x0190_0000_0000_7000, low: UInt64(number)), environmentID: environment,
            tenantID: nil,
            at: Timestamp(seconds: 1), actor: "test", action: .tenantCreated, outcome: .success, object: "\(number)")
    }
}

/// Holds each append until it is opened, and counts the events of each.
private final class GatedAuditStore: AuditStore {
    private struct State {
        var batches: [Int] = []
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let refused: String?
    private let failure: StoreError?

    init(refusing number: Int? = nil, failure: StoreError? = nil) {
        refused = number.map { "\($0)" }
        self.failure = failure
    }

    var batches: [Int] { state.withLock { $0.batches } }
    var hasWaiter: Bool { state.withLock { !$0.waiting.isEmpty } }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func append(_ events: [AuditEvent]) async throws(StoreError) {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
        state.withLock { $0.batches.append(events.count) }
        if let failure { throw failure }
        if let refused, events.contains(where: { $0.object == refused }) { throw .failed }
    }

    func list(
        in scope: ReadScope, action: AuditEvent.Action?, page: PageRequest<AuditEventKind>
    ) async throws(StoreError) -> Page<AuditEvent> {
        Page(elements: [], hasOlder: false, hasNewer: false)
    }
}
