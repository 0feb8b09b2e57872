internal import Connections
internal import Domain
internal import NIOCore

/// Openings under way on one loop: one for each connection and caller, whoever and however many wait.
final class OpeningFlights {
    private enum Key: Hashable {
        case open(ConnectionID, APIKeyID, TenantID?)
        case reopen(UsableConnection.Generation, ConnectionID, APIKeyID, TenantID?)

        var connectionID: ConnectionID {
            switch self {
            case .open(let id, _, _): id
            case .reopen(_, let id, _, _): id
            }
        }

        var apiKeyID: APIKeyID {
            switch self {
            case .open(_, let key, _): key
            case .reopen(_, _, let key, _): key
            }
        }
    }

    private struct Flight {
        let key: Key
        var waiting: [Exchange]
        let task: Task<Void, Never>
        /// Whether an announcement came since it began: what it brings is used by those who wait and not kept.
        var isStale = false
    }

    private static let maxFlights = 4_096
    private var flights: [UInt64: Flight] = [:]
    /// The flight that a request may still join. None is joined after an announcement: whoever asks after a change was
    /// made gets what is true after it.
    private var joinable: [Key: UInt64] = [:]
    private var lastNumber: UInt64 = 0

    /// Opens the exchange's connection for its caller; the exchange is told by `opened` or `openingFailed`.
    func open(_ id: ConnectionID, for exchange: Exchange, caller: CallerIdentity, in loop: DataPlaneLoop) {
        let key = Key.open(id, caller.key, caller.principal.tenantID)
        join(key, exchange, caller, loop) { opening, principal, deadline throws(UseError) in
            try await opening.open(id, for: principal, deadline: deadline)
        }
    }

    /// Asks for a token newer than that of `stale`.
    func reopen(_ stale: UsableConnection, for exchange: Exchange, caller: CallerIdentity, in loop: DataPlaneLoop) {
        let key = Key.reopen(stale.generation, stale.id, caller.key, caller.principal.tenantID)
        join(key, exchange, caller, loop) { opening, principal, deadline throws(UseError) in
            try await opening.reopen(stale, for: principal, deadline: deadline)
        }
    }

    /// Notes what an announcement makes untrue of openings under way. Of one connection it concerns that one's alone: at
    /// any time some connection somewhere is being refreshed.
    func forget(_ announcement: Announcement) {
        for (key, number) in joinable {
            let isConcerned =
                switch announcement {
                case .connectionChanged(let id): key.connectionID == id
                case .apiKeyRevoked(let id): key.apiKeyID == id
                case .integrationChanged, .tenantChanged, .gap: true
                }
            guard isConcerned else { continue }
            flights[number]?.isStale = true
            joinable[key] = nil
        }
    }

    /// Cancels what is under way; the tasks are the caller's to await.
    func cancel() -> [Task<Void, Never>] {
        let tasks = flights.values.map(\.task)
        for task in tasks { task.cancel() }
        flights.removeAll()
        joinable.removeAll()
        return tasks
    }

    private func join(
        _ key: Key, _ exchange: Exchange, _ caller: CallerIdentity, _ loop: DataPlaneLoop,
        _ work:
            @escaping @Sendable (any ConnectionOpening, Principal, ContinuousClock.Instant) async throws(UseError)
            -> UsableConnection
    ) {
        if let number = joinable[key], let flight = flights[number] {
            guard flight.waiting.count < loop.shared.configuration.upstream.maxWaitingForOpening else {
                return exchange.openingFailed(.overloaded, retryAfterSeconds: nil)
            }
            flights[number]?.waiting.append(exchange)
            return
        }
        guard flights.count < Self.maxFlights else {
            return exchange.openingFailed(.overloaded, retryAfterSeconds: nil)
        }
        lastNumber += 1
        let number = lastNumber
        let bound = NIOLoopBound((flights: self, loop: loop), eventLoop: loop.eventLoop)
        let opening = loop.shared.opening
        let eventLoop = loop.eventLoop
        let deadline = ContinuousClock.now + loop.shared.configuration.timeouts.opening
        let principal = caller.principal
        // Ends by its deadline, or is cancelled and awaited when the server stops (`cancel`).
        let task = Task {
            let result: Result<UsableConnection, UseError>
            do throws(UseError) {
                result = .success(try await work(opening, principal, deadline))
            } catch {
                result = .failure(error)
            }
            eventLoop.execute { bound.value.flights.complete(number, result, caller, bound.value.loop) }
        }
        flights[number] = Flight(key: key, waiting: [exchange], task: task)
        joinable[key] = number
    }

    private func complete(
        _ number: UInt64, _ result: Result<UsableConnection, UseError>, _ caller: CallerIdentity,
        _ loop: DataPlaneLoop
    ) {
        guard let flight = flights.removeValue(forKey: number) else { return }
        if joinable[flight.key] == number { joinable[flight.key] = nil }
        switch result {
        case .success(let usable):
            guard CachedConnection.isWireSafe(usable) else {
                return tell(flight) { $0.openingFailed(.credentialUnreadable, retryAfterSeconds: nil) }
            }
            let connection = keep(usable, isStale: flight.isStale, loop)
            let grant = connection.addGrant(
                of: caller.key, actor: caller.principal.auditName, until: loop.now + loop.timeouts.grant)
            tell(flight) { $0.opened(connection, grant) }
        case .failure(let error):
            tell(flight) { $0.openingFailed(DataPlaneProblem(error), retryAfterSeconds: error.retryAfterSeconds) }
        }
    }

    private func tell(_ flight: Flight, _ news: (Exchange) -> Void) {
        for exchange in flight.waiting { news(exchange) }
    }

    /// The cache's entry for what was opened.
    private func keep(_ usable: UsableConnection, isStale: Bool, _ loop: DataPlaneLoop) -> CachedConnection {
        if let known = loop.connections.find(usable.id), !usable.isNewer(than: known.usable) { return known }
        let key = UpstreamLane.Key(
            connectionID: usable.id, origin: usable.origin, destination: usable.destination,
            certificates: usable.trustedCertificates)
        let connection = CachedConnection(usable, lane: loop.lanes.lane(for: key, in: loop))
        if !isStale {
            loop.connections.insert(connection, in: loop)
        } else if loop.connections.find(usable.id)?.lane !== connection.lane {
            // Serves those who wait for this opening, and is gone after them.
            loop.lanes.retire(connection.lane)
        }
        return connection
    }
}

extension UsableConnection {
    /// Whether it says more than the other: a later version, or a longer time of the same.
    func isNewer(than other: UsableConnection) -> Bool {
        let own = generation
        let others = other.generation
        if own.connectionVersion != others.connectionVersion { return own.connectionVersion > others.connectionVersion }
        if own.tokenSetVersion != others.tokenSetVersion { return own.tokenSetVersion > others.tokenSetVersion }
        guard let until = usableUntil else { return other.usableUntil != nil }
        guard let othersUntil = other.usableUntil else { return false }
        return until > othersUntil
    }
}

extension UseError {
    /// Whole seconds, at least one, until a token may be had; nil where the error says nothing of time.
    var retryAfterSeconds: Int? {
        switch self {
        case .backingOff(let remaining): max(1, Int(remaining.components.seconds))
        case .notFound, .denied, .reauthRequired, .suspended, .notFetchable, .storeUnavailable: nil
        case .envelopeRefused, .timedOut, .notVerified, .internalFailure: nil
        }
    }
}

/// The caller of an exchange.
struct CallerIdentity: Sendable {
    let principal: Principal
    let key: APIKeyID
}
