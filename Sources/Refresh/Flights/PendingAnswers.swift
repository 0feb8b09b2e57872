internal import Domain
internal import Synchronization

/// Answers that were received and are not in the database yet, with whoever sees to them.
///
/// While a connection has one here, nothing is sent for it from this process: the token that would be sent is the one that
/// the answer replaces.
final class PendingAnswers: Sendable {
    struct Entry: Sendable {
        let answer: SpooledAnswer
        /// Nil where the spool could not take it: then memory is all that it has.
        let ticket: SpoolTicket?
    }

    private struct State {
        var entries: [ConnectionID: Entry] = [:]
        /// Those whose flight has ended without writing them, or that another process left.
        var left: Set<ConnectionID> = []
    }

    private let state = Mutex(State())

    /// The flight that received it writes it.
    func add(_ entry: Entry) {
        state.withLock { $0.entries[entry.answer.connectionID] = entry }
    }

    /// Nobody is at it any more: the replay takes it.
    func leave(_ id: ConnectionID) {
        state.withLock { state in
            if state.entries[id] != nil { state.left.insert(id) }
        }
    }

    /// It is in the database, or nothing can be done with it. One that has taken its place stays.
    func remove(_ entry: Entry) {
        let id = entry.answer.connectionID
        state.withLock { state in
            guard state.entries[id]?.answer.fence == entry.answer.fence else { return }
            state.entries[id] = nil
            state.left.remove(id)
        }
    }

    func entry(of id: ConnectionID) -> Entry? { state.withLock { $0.entries[id] } }

    func holds(_ id: ConnectionID) -> Bool { state.withLock { $0.entries[id] != nil } }

    /// Those that the replay sees to.
    var left: [Entry] { state.withLock { state in state.left.compactMap { state.entries[$0] } } }

    var leftCount: Int { state.withLock { $0.left.count } }

    var count: Int { state.withLock { $0.entries.count } }
}
