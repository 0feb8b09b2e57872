internal import Connections
internal import Domain

/// On which terms ``RefreshStore`` gives leases.
enum LeaseConformance {
    static let all: [(name: String, check: @Sendable (StorePorts) async throws -> Void)] = [
        ("leases", holding), ("leases of others", isolation), ("a lease that is one's own", own),
        ("unresolved attempts", unresolved), ("unresolved attempts of instances that ended", ended),
        ("what resolves an attempt", resolving), ("back-off", backoff), ("attempts of an hour", hour),
        ("leases on what is due", due), ("giving leases back", releasing), ("many leases at once", batch),
    ]

    private static func make(_ ports: StorePorts, spending: Bool = false) async throws -> Connection {
        let rows = try await ConnectionConformance.rows(ports)
        let connection = try ports.draftConnection(rows.scope, rows.integration.id)
        try await ports.create(
            connection, times: ports.times(validFor: .seconds(7_200)), facts: try ports.facts(spending: spending))
        return connection
    }

    private static func holding(_ ports: StorePorts) async throws {
        let connection = try await make(ports)
        let mine = ports.terms()
        guard case .granted(let first, let stored) = try await ports.answer(connection, mine) else {
            throw ConformanceFailure("the first lease is granted")
        }
        try require(first.attempt == 1 && first.owner == mine.owner, "the first attempt counts 1")
        try require(first.lastError == nil && !first.followsUnresolved, "nothing went before it")
        try require(first.remaining > .seconds(20) && first.remaining <= .seconds(40), "it says how long it holds")
        let loaded = try await ports.load(connection)
        try require(stored.connection == connection && stored.integration == loaded.integration, "with the connection")
        try require(stored.tokenSet == loaded.tokenSet && stored.entered == loaded.entered, "and its credentials")
        try require(stored.tokenSetVersion == 1 && stored.tokenTimes == loaded.tokenTimes, "and its token's facts")
        guard case .held(let remaining) = try await ports.answer(connection) else {
            throw ConformanceFailure("a second lease is refused while the first holds")
        }
        try require(remaining > .seconds(20) && remaining <= .seconds(40), "it says how long")
        try await ports.elapse(.seconds(41))
        let second = try await ports.lease(connection)
        try require(second.fence > first.fence && second.attempt == 2, "one that ran out is taken over")
        try require(!second.followsUnresolved, "where nothing is spent nothing is unresolved")
        try await requireLate(first, connection, ports)
        try require(try await ports.load(connection).tokenSet == loaded.tokenSet, "a late writer writes nothing")
        try await ports.refreshes.release(first)
        guard case .held = try await ports.answer(connection, mine) else {
            throw ConformanceFailure("giving back an old lease doesn't free the new one")
        }
        try await ports.write(second, try await ports.next(connection))
    }

    /// Every result of an old lease is stale.
    private static func requireLate(_ lease: Lease, _ connection: Connection, _ ports: StorePorts) async throws {
        let results: [RefreshResult] = [
            try await ports.next(connection), .ended(.invalidGrant), .failed(.rateLimited, retryAfter: .seconds(60)),
        ]
        for result in results { try require(try await ports.complete(lease, result) == .stale, "late: \(result)") }
    }

    private static func isolation(_ ports: StorePorts) async throws {
        let rows = try await ConnectionConformance.rows(ports)
        let connection = rows.connection
        let owner = ports.instance()
        let lease = try await ports.lease(connection, ports.terms(owner))
        for scope in rows.foreignTenants {
            guard case .notFound = try await ports.answer(connection, ports.terms(owner), in: scope) else {
                throw ConformanceFailure("a lease through \(scope)")
            }
            // Somebody who knows everything about the lease but isn't in its tenant.
            let claimed = Lease(
                connectionID: lease.connectionID, scope: scope, owner: owner, fence: lease.fence, attempt: 1,
                lastError: nil, followsUnresolved: false, remaining: lease.remaining)
            try await requireLate(claimed, connection, ports)
            try await ports.refreshes.release(claimed)
        }
        for scope in rows.foreign {
            let state = try await ports.connections.refreshState(of: connection.id, in: scope)
            try require(state == nil, "the state of refreshes in \(scope)")
        }
        for scope in [rows.own, rows.whole] {
            let state = try await ports.connections.refreshState(of: connection.id, in: scope)
            try require(state != nil, "the state of refreshes in \(scope)")
        }
        guard case .held = try await ports.answer(connection) else {
            throw ConformanceFailure("the lease is still held")
        }
        try await ports.write(lease, try await ports.next(connection))
    }

    private static func own(_ ports: StorePorts) async throws {
        let connection = try await make(ports, spending: true)
        let terms = ports.terms(wait: nil)
        let lost = try await ports.lease(connection, terms)
        let again = try await ports.lease(connection, terms)
        try require(again.fence > lost.fence, "one's own lease is had anew at once")
        try require(again.followsUnresolved, "what the first may have sent is not known")
        try await requireLate(lost, connection, ports)
        try await ports.write(again, try await ports.next(connection))
        try await requireLate(again, connection, ports)
    }

    private static func unresolved(_ ports: StorePorts) async throws {
        let connection = try await make(ports, spending: true)
        let first = try await ports.lease(connection)
        try require(!first.followsUnresolved, "the first follows nothing")
        guard case .held = try await ports.answer(connection) else {
            throw ConformanceFailure("it is held while its time runs")
        }
        try await ports.elapse(.seconds(41))
        guard case .unresolved(let remaining) = try await ports.answer(connection) else {
            throw ConformanceFailure("an attempt that may have spent a refresh token keeps others away")
        }
        try require(remaining > .seconds(240) && remaining <= .seconds(300), "it says how long: \(remaining)")
        guard case .unresolved = try await ports.answer(connection, ignoringBackoff: true) else {
            throw ConformanceFailure("whoever asks by name waits too")
        }
        try await ports.elapse(.seconds(300))
        guard case .unresolved(let unbounded) = try await ports.answer(connection, ports.terms(wait: nil)) else {
            throw ConformanceFailure("who was out of touch takes nothing over, however long it is")
        }
        try require(unbounded > .zero, "and is told to look again")
        let second = try await ports.lease(connection)
        try require(second.followsUnresolved && second.attempt == 2, "then it is taken over, and known for what it is")
        try require(second.fence > first.fence, "with a larger fence")
        try await requireLate(first, connection, ports)
    }

    private static func ended(_ ports: StorePorts) async throws {
        let connection = try await make(ports, spending: true)
        let first = try await ports.lease(connection)
        let others = [ports.instance(), ports.instance()]
        let terms = ports.terms(wait: nil, ended: [others[0], first.owner])
        guard case .held = try await ports.answer(connection, terms) else {
            throw ConformanceFailure(
                "a lease holds its time even if its owner has ended: its request may be on its way")
        }
        try await ports.elapse(.seconds(41))
        guard case .unresolved = try await ports.answer(connection, ports.terms(ended: others)) else {
            throw ConformanceFailure("that others have ended changes nothing")
        }
        let second = try await ports.lease(connection, terms)
        try require(second.followsUnresolved, "what the ended one left has no answer, and is taken over at once")
    }

    private static func resolving(_ ports: StorePorts) async throws {
        let connection = try await make(ports, spending: true)
        let first = try await ports.lease(connection)
        try await ports.write(first, .failed(.rateLimited, retryAfter: .zero))
        let second = try await ports.lease(connection)
        try require(!second.followsUnresolved && second.lastError == .rateLimited, "a failure is an outcome")
        try await ports.elapse(.seconds(400))
        let third = try await ports.lease(connection)
        try require(third.followsUnresolved && third.attempt == 3, "one that nobody wrote is none")
        try require(third.lastError == nil, "why the one before it failed says nothing about it")
        try await ports.refreshes.release(third)
        let fourth = try await ports.lease(connection)
        try require(fourth.followsUnresolved, "giving a lease back resolves nothing of before")
        try await ports.write(fourth, .failed(.tokenEndpointUnreachable, retryAfter: .zero))
        let fifth = try await ports.lease(connection)
        try require(fifth.followsUnresolved, "nor does a failure")
        try require(fifth.lastError == .tokenEndpointUnreachable, "which is known as such")
        try await ports.write(fifth, try await ports.next(connection, facts: try ports.facts(spending: true)))
        let sixth = try await ports.lease(connection)
        try require(!sixth.followsUnresolved && sixth.attempt == 1 && sixth.lastError == nil, "a token does")
        _ = try await ports.relink(connection, entered: 2)
        try require(try await !ports.lease(connection).followsUnresolved, "so does a new credential")
    }

    private static func backoff(_ ports: StorePorts) async throws {
        let connection = try await make(ports)
        try await ports.write(
            try await ports.lease(connection), .failed(.tokenEndpointUnreachable, retryAfter: .seconds(60)))
        guard case .backingOff(let reason, let remaining) = try await ports.answer(connection) else {
            throw ConformanceFailure("nobody tries while it backs off")
        }
        try require(reason == .tokenEndpointUnreachable, "it says why")
        try require(remaining > .seconds(30) && remaining <= .seconds(60), "and how long")
        let named = try await ports.lease(connection, ignoringBackoff: true)
        try require(named.attempt == 2 && named.lastError == .tokenEndpointUnreachable, "who asks by name gets it")
        try await ports.refreshes.release(named)
        guard case .backingOff = try await ports.answer(connection) else {
            throw ConformanceFailure("the back-off goes on for others")
        }
        try await ports.elapse(.seconds(61))
        let next = try await ports.lease(connection)
        try require(next.attempt == 2, "then anybody, and attempts count on")
        try await ports.write(next, .failed(.rateLimited, retryAfter: .seconds(-5)))
        try await ports.write(try await ports.lease(connection), .ended(.invalidGrant))
        let last = try await ports.lease(connection)
        try require(last.attempt == 4 && last.lastError == .invalidGrant, "an end leaves no back-off")
    }

    private static func hour(_ ports: StorePorts) async throws {
        let connection = try await make(ports)
        func terms() -> LeaseTerms { ports.terms(cap: 3) }
        for _ in 0..<5 { try await ports.refreshes.release(try await ports.lease(connection, terms())) }
        for _ in 0..<2 {
            try await ports.write(try await ports.lease(connection, terms()), try await ports.next(connection))
        }
        try await ports.write(try await ports.lease(connection, terms()), .failed(.rateLimited, retryAfter: .zero))
        for ignoringBackoff in [false, true] {
            let answer = try await ports.answer(connection, terms(), ignoringBackoff: ignoringBackoff)
            guard case .exhausted(let remaining) = answer else {
                throw ConformanceFailure("an hour has so many attempts, asked for by name or not: \(answer)")
            }
            try require(remaining > .seconds(3_000) && remaining <= .seconds(3_600), "it says how long")
        }
        try await ports.elapse(.seconds(3_601))
        for _ in 0..<3 {
            try await ports.write(try await ports.lease(connection, terms()), try await ports.next(connection))
        }
        guard case .exhausted = try await ports.answer(connection, terms()) else {
            throw ConformanceFailure("the next hour has as many")
        }
        _ = try await ports.relink(connection, entered: 2)
        _ = try await ports.lease(connection, terms())
    }

    private static func due(_ ports: StorePorts) async throws {
        let connection = try await make(ports)
        func request(_ dueAt: Timestamp?) -> LeaseRequest {
            LeaseRequest(connectionID: connection.id, scope: connection.scope, dueAt: dueAt)
        }
        func answer(_ dueAt: Timestamp?) async throws -> LeaseAnswer? {
            try await ports.refreshes.acquireLeases([request(dueAt)], on: ports.terms()).first
        }
        let dueAt = try await ports.state(connection).nextRefreshAt
        guard let dueAt else { throw ConformanceFailure("it is due at some time") }
        for other in [dueAt + .microseconds(1), dueAt - .seconds(60)] {
            guard case .notDue = try await answer(other) else {
                throw ConformanceFailure("nothing is taken of a row that is due at another time")
            }
        }
        guard case .granted(let lease, _) = try await answer(dueAt) else {
            throw ConformanceFailure("one that is due as it was read is granted")
        }
        guard case .held = try await answer(dueAt) else { throw ConformanceFailure("then it is held") }
        try await ports.write(lease, try await ports.next(connection, validFor: nil))
        guard case .notDue = try await answer(dueAt) else {
            throw ConformanceFailure("one that is no more due by itself is due at another time")
        }
        guard case .granted(let last, _) = try await answer(nil) else {
            throw ConformanceFailure("without a time it is granted")
        }
        try require(last.attempt == 1, "no refused attempt counts")
    }

    private static func releasing(_ ports: StorePorts) async throws {
        let connection = try await make(ports, spending: true)
        let before = try await ports.state(connection)
        let lease = try await ports.lease(connection)
        try await ports.refreshes.release(lease)
        try await ports.refreshes.release(lease)
        try require(try await ports.state(connection) == before, "giving a lease back changes nothing else")
        try await requireLate(lease, connection, ports)
        let next = try await ports.lease(connection)
        try require(next.attempt == 1 && next.fence > lease.fence, "nor does it count")
        try require(!next.followsUnresolved, "nothing was sent")
    }

    private static func batch(_ ports: StorePorts) async throws {
        var connections: [Connection] = []
        for _ in 0..<3 {
            let rows = try await ConnectionConformance.rows(ports)
            connections.append(rows.connection)
            connections.append(try await ports.makeConnection(rows.scope, rows.integration.id))
            let neighbour = rows.foreignTenants[0]
            connections.append(try await ports.makeConnection(neighbour, rows.integration.id))
        }
        connections.sort { $0.id.low < $1.id.low }
        let held = try await ports.lease(connections[4])
        let backingOff = try await ports.lease(connections[7])
        try await ports.write(backingOff, .failed(.rateLimited, retryAfter: .seconds(60)))
        var requests = connections.map { LeaseRequest(connectionID: $0.id, scope: $0.scope) }
        requests.insert(LeaseRequest(connectionID: ports.identifiers.next(), scope: connections[0].scope), at: 2)
        requests.append(LeaseRequest(connectionID: connections[0].id, scope: connections[0].scope.elsewhere(ports)))
        let answers = try await ports.refreshes.acquireLeases(requests, on: ports.terms())
        try require(answers.count == requests.count, "one answer for each request")
        for (request, answer) in zip(requests, answers) {
            switch answer {
            case .granted(let lease, let stored):
                try require(lease.connectionID == request.connectionID, "answers are in the order of the requests")
                try require(stored.connection.id == request.connectionID, "each with its connection")
                try require(lease.scope == request.scope && lease.scope == stored.connection.scope, "in its scope")
            case .held: try require(request.connectionID == held.connectionID, "the held one alone is held")
            case .backingOff: try require(request.connectionID == backingOff.connectionID, "one backs off")
            case .notFound:
                try require(
                    !connections.contains { $0.id == request.connectionID && $0.scope == request.scope },
                    "what is there is found")
            case .unresolved, .exhausted, .notDue: throw ConformanceFailure("nothing of that kind: \(answer)")
            }
        }
        let granted = answers.count { if case .granted = $0 { true } else { false } }
        try require(granted == connections.count - 2, "all others are granted: \(granted)")
        try require(try await ports.refreshes.acquireLeases([], on: ports.terms()).isEmpty, "none for none")
    }
}

extension TenantScope {
    /// A tenant that isn't there.
    fileprivate func elsewhere(_ ports: StorePorts) -> TenantScope {
        TenantScope(environmentID: environmentID, tenantID: ports.identifiers.next())
    }
}
