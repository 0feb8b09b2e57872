package import Connections
package import Domain
internal import Synchronization

/// Writes the audit events of requests that come at once in one transaction, and lets each wait for it (group commit).
///
/// An event that an answer depends on must be durable before the answer, and a commit for each would be most of what a
/// small request costs. While one transaction is on its way, the events that arrive gather for the next; alone, an event
/// waits for nobody. Where a batch is refused, each request's events are written alone, so that none suffers from another's.
package final class GroupedAuditStore: AuditStore {
    /// Events in one transaction; more wait for the next.
    static let maxBatch = 256
    /// Requests that wait at once; beyond, `.unavailable` at once.
    static let maxWaiting = 4_096

    fileprivate struct Entry {
        let events: [AuditEvent]
        let continuation: CheckedContinuation<Result<Void, StoreError>, Never>
    }

    fileprivate struct State {
        var waiting: [Entry] = []
        var isWriting = false
    }

    private let store: any AuditStore
    private let state = Mutex(State())

    package init(_ store: any AuditStore) { self.store = store }

    package func append(_ events: [AuditEvent]) async throws(StoreError) {
        guard !events.isEmpty else { return }
        let result = await withCheckedContinuation { continuation in
            let entry = Entry(events: events, continuation: continuation)
            switch state.withLock({ $0.admit(entry) }) {
            case .wait: break
            case .write:
                // Ends by itself when nobody waits any more; each entry in it is awaited by its own caller.
                Task { await self.write() }
            case .refuse: continuation.resume(returning: .failure(.unavailable))
            }
        }
        try result.get()
    }

    package func list(
        in scope: ReadScope, action: AuditEvent.Action?, page: PageRequest<AuditEventKind>
    ) async throws(StoreError) -> Page<AuditEvent> {
        try await store.list(in: scope, action: action, page: page)
    }

    /// Requests that wait for the next transaction.
    package var waitingCount: Int { state.withLock { $0.waiting.count } }

    private func write() async {
        while true {
            let batch = state.withLock { $0.takeBatch() }
            guard !batch.isEmpty else { return }
            let result = await writeTogether(batch.flatMap(\.events))
            // Who waits behind a batch that found the database away must not wait for it once more, batch by batch.
            if case .failure(.unavailable) = result {
                for entry in batch + state.withLock({ $0.takeAll() }) { entry.continuation.resume(returning: result) }
                continue
            }
            for entry in batch {
                let isAloneAgain = batch.count > 1 && Self.isRefused(result)
                entry.continuation.resume(returning: isAloneAgain ? await writeTogether(entry.events) : result)
            }
        }
    }

    private static func isRefused(_ result: Result<Void, StoreError>) -> Bool {
        guard case .failure(.failed) = result else { return false }
        return true
    }

    private func writeTogether(_ events: [AuditEvent]) async -> Result<Void, StoreError> {
        do throws(StoreError) {
            try await store.append(events)
            return .success(())
        } catch {
            return .failure(error)
        }
    }
}

extension GroupedAuditStore.State {
    fileprivate enum Admission { case wait, write, refuse }

    /// `.write` where the caller must start the writer.
    fileprivate mutating func admit(_ entry: GroupedAuditStore.Entry) -> Admission {
        guard waiting.count < GroupedAuditStore.maxWaiting else { return .refuse }
        waiting.append(entry)
        defer { isWriting = true }
        return isWriting ? .wait : .write
    }

    /// Every entry that waits; the writer goes on.
    fileprivate mutating func takeAll() -> [GroupedAuditStore.Entry] {
        defer { waiting.removeAll() }
        return waiting
    }

    /// The oldest entries, at most one batch; none ends the writer.
    fileprivate mutating func takeBatch() -> [GroupedAuditStore.Entry] {
        var count = 0
        var events = 0
        while count < waiting.count, count == 0 || events + waiting[count].events.count <= GroupedAuditStore.maxBatch {
            events += waiting[count].events.count
            count += 1
        }
        let batch = Array(waiting.prefix(count))
        waiting.removeFirst(count)
        if batch.isEmpty { isWriting = false }
        return batch
    }
}
