internal import Domain
internal import Synchronization

/// Which openings were recorded a moment ago: one audit event for a caller and a connection in a minute is enough.
///
/// Bounded: when it is full, what has run out goes, and then everything: that costs events, never misses one.
final class OpeningMemory: Sendable {
    private struct Opening: Hashable {
        let caller: Principal.Identity
        let connection: ConnectionID
    }

    private let window: Duration
    private let capacity: Int
    private let recorded = Mutex<[Opening: Timestamp]>([:])

    init(window: Duration = .seconds(60), capacity: Int = 65_536) {
        self.window = window
        self.capacity = capacity
    }

    func isRecorded(_ connection: ConnectionID, by principal: Principal, now: Timestamp) -> Bool {
        let opening = Self.opening(connection, principal)
        return recorded.withLock { $0[opening].map { $0 + window > now } ?? false }
    }

    func remember(_ connection: ConnectionID, by principal: Principal, now: Timestamp) {
        let opening = Self.opening(connection, principal)
        recorded.withLock { recorded in
            if recorded.count >= capacity { recorded = recorded.filter { $0.value + window > now } }
            if recorded.count >= capacity { recorded.removeAll(keepingCapacity: true) }
            recorded[opening] = now
        }
    }

    /// Tokens of one API key are one caller.
    private static func opening(_ connection: ConnectionID, _ principal: Principal) -> Opening {
        switch principal.identity {
        case .apiKey, .commandLine: Opening(caller: principal.identity, connection: connection)
        case .callerToken(_, let key): Opening(caller: .apiKey(key), connection: connection)
        }
    }
}
