internal import Connections
internal import Domain

typealias RefreshOutcome = Result<OpenedTokenSet, RefreshError>

/// Which token and credential a caller has seen: it waits for something newer.
struct SeenVersions: Hashable, Sendable {
    /// Record version of the entered credential; 0 for none.
    let credential: Int64
    /// Record version of the token set; 0 for none.
    let token: Int64

    init(_ stored: StoredConnection) {
        credential = stored.entered?.recordVersion ?? 0
        token = stored.tokenSet?.recordVersion ?? 0
    }

    /// A token of another credential always counts as newer: the caller reads again.
    func isOlder(than tokenSet: OpenedTokenSet) -> Bool {
        credential != tokenSet.credentialVersion || token < tokenSet.recordVersion
    }
}

/// The flights under way and who waits for them; a value behind one lock.
///
/// A flight is running until its outcome is known (its waiters get it and are gone), then settling while a token that is
/// handed out already is still being written, and gone when its task ends. One that the scheduler began has no waiter of its
/// own; callers join it all the same.
struct FlightTable {
    typealias Continuation = CheckedContinuation<RefreshOutcome, Never>

    enum Joined {
        /// Nobody flies yet: the caller starts the flight.
        case start
        case waiting
        case answered(RefreshOutcome)
    }

    /// What somebody waits for.
    struct Wish: Sendable {
        let connection: Connection
        let seen: SeenVersions
        let isForced: Bool
    }

    private struct Flight {
        var waiters: [UInt64: Continuation] = [:]
        /// What the last to join wishes, whose view is the newest.
        var wish: Wish?
        /// Set while settling.
        var settled: OpenedTokenSet?
        var task: Task<Void, Never>?
    }

    private var flights: [ConnectionID: Flight] = [:]
    private var waiting: [UInt64: ConnectionID] = [:]
    private var isDraining = false
    private let maxFlights: Int
    private let maxWaiters: Int

    init(maxFlights: Int, maxWaiters: Int) {
        self.maxFlights = maxFlights
        self.maxWaiters = maxWaiters
    }

    var count: Int { flights.count }
    var waiterCount: Int { waiting.count }

    /// Begins a flight that nobody waits for; false where one is under way, or there is no room.
    mutating func begin(_ id: ConnectionID) -> Bool {
        guard flights[id] == nil, !isDraining, flights.count < maxFlights else { return false }
        flights[id] = Flight()
        return true
    }

    mutating func join(_ id: ConnectionID, _ wish: Wish, waiter: UInt64, _ continuation: Continuation) -> Joined {
        if let settled = flights[id]?.settled {
            // Its writer still holds the lease, so that no other flight can begin.
            return .answered(wish.seen.isOlder(than: settled) ? .success(settled) : .failure(.overloaded))
        }
        guard waiting.count < maxWaiters else { return .answered(.failure(.overloaded)) }
        let isNew = flights[id] == nil
        if isNew {
            guard !isDraining, flights.count < maxFlights else { return .answered(.failure(.overloaded)) }
            flights[id] = Flight()
        }
        flights[id]?.waiters[waiter] = continuation
        flights[id]?.wish = wish
        waiting[waiter] = id
        return isNew ? .start : .waiting
    }

    /// Keeps the task of a flight that has just begun.
    mutating func keep(_ task: Task<Void, Never>, of id: ConnectionID) {
        flights[id]?.task = task
    }

    /// The waiter no longer waits; nil where it has been answered. The flight goes on.
    mutating func leave(_ waiter: UInt64) -> Continuation? {
        guard let id = waiting.removeValue(forKey: waiter) else { return nil }
        return flights[id]?.waiters.removeValue(forKey: waiter)
    }

    /// The token is known and still being written.
    mutating func settle(_ id: ConnectionID, _ tokenSet: OpenedTokenSet) -> [Continuation] {
        flights[id]?.settled = tokenSet
        return takeWaiters(of: id)
    }

    /// The flight is over.
    mutating func end(_ id: ConnectionID) -> [Continuation] {
        let waiters = takeWaiters(of: id)
        flights[id] = nil
        return waiters
    }

    /// The flight is over if nobody waits for it; else what they wish, and it goes on.
    mutating func endUnlessWaitedFor(_ id: ConnectionID) -> Wish? {
        if let flight = flights[id], !flight.waiters.isEmpty, let wish = flight.wish { return wish }
        flights[id] = nil
        return nil
    }

    /// No flight begins any more; those under way are returned.
    mutating func drain() -> [Task<Void, Never>] {
        isDraining = true
        return flights.values.compactMap(\.task)
    }

    private mutating func takeWaiters(of id: ConnectionID) -> [Continuation] {
        guard let waiters = flights[id]?.waiters else { return [] }
        flights[id]?.waiters = [:]
        for waiter in waiters.keys { waiting[waiter] = nil }
        return Array(waiters.values)
    }
}
