internal import Connections
internal import Domain

/// What ``RefreshStore/due(after:limit:)`` and ``RefreshStore/backlog()`` find.
enum DueConformance {
    static let all: [(name: String, check: @Sendable (StorePorts) async throws -> Void)] = [
        ("due rows in order", order), ("what is due and what isn't", membership), ("counting what is due", backlog),
    ]

    /// A connection whose next refresh is due in so many seconds.
    private static func make(
        _ ports: StorePorts, _ rows: ConnectionConformance.Rows, dueIn seconds: Int64, at instant: Timestamp,
        scope: TenantScope? = nil
    ) async throws -> Connection {
        let connection = try ports.draftConnection(scope ?? rows.scope, rows.integration.id)
        let dueAt = instant + .seconds(seconds)
        try await ports.create(
            connection, times: TokenTimes(expiresAt: dueAt + .seconds(7_200), refreshDueAt: dueAt),
            facts: try ports.facts())
        return connection
    }

    private static func all(_ ports: StorePorts, limit: Int) async throws -> [DueRefresh] {
        var rows: [DueRefresh] = []
        var position: DuePosition?
        repeat {
            let page = try await ports.refreshes.due(after: position, limit: limit)
            try require(page.rows.count <= limit, "a page holds no more than was asked for")
            if let last = page.rows.last, let next = page.next {
                try require(
                    next == DuePosition(dueAt: last.dueAt, connectionID: last.connectionID),
                    "the next one goes on there")
            }
            rows += page.rows
            position = page.next
        } while position != nil
        return rows
    }

    private static func order(_ ports: StorePorts) async throws {
        let now = ports.wallClock.now()
        var connections: [(Connection, Int64)] = []
        for round: Int64 in 0..<3 {
            let rows = try await ConnectionConformance.rows(ports)
            for (index, seconds) in [-50, -10, -30, -30 as Int64].enumerated() {
                let scope = index == 1 ? rows.foreignTenants[0] : rows.scope
                connections.append(
                    (try await make(ports, rows, dueIn: seconds - round, at: now, scope: scope), seconds - round))
            }
            // Due at the same moment as one of another tenant.
            connections.append((try await make(ports, rows, dueIn: -20, at: now), -20))
        }
        connections.sort { $0.1 == $1.1 ? $0.0.id < $1.0.id : $0.1 < $1.1 }
        for limit in [1, 2, 5, 15, 100] {
            let due = try await all(ports, limit: limit)
            try require(
                due.map(\.connectionID) == connections.map(\.0.id), "by time, then by connection: pages of \(limit)")
        }
        for (row, entry) in zip(try await all(ports, limit: 4), connections) {
            try require(row.scope == entry.0.scope && row.dueAt == now + .seconds(entry.1), "each with scope and time")
            try require(row.endpoint == (try ports.facts()).endpoint, "and endpoint")
        }
        let page = try await ports.refreshes.due(after: nil, limit: connections.count)
        try require(page.next == nil, "nothing lies beyond a page that holds all")
        let (middle, seconds) = (connections[6].0, connections[6].1)
        let rest = try await ports.refreshes.due(
            after: DuePosition(dueAt: now + .seconds(seconds), connectionID: middle.id), limit: 100)
        try require(rest.rows.map(\.connectionID) == connections.dropFirst(7).map(\.0.id), "a position is exclusive")
    }

    private static func membership(_ ports: StorePorts) async throws {
        let rows = try await ConnectionConformance.rows(ports)
        let now = ports.wallClock.now()
        let idle = try await ports.refreshes.due(after: nil, limit: 10)
        try require(
            idle.rows.isEmpty && idle.next == nil && idle.untilNextDue == nil, "nothing is due where nothing is")
        let connection = try await make(ports, rows, dueIn: -5, at: now)
        let coming = try await make(ports, rows, dueIn: 3_000, at: now)
        let page = try await ports.refreshes.due(after: nil, limit: 10)
        try require(page.rows.map(\.connectionID) == [connection.id], "one is due")
        let until = page.untilNextDue ?? .zero
        try require(until > .seconds(2_900) && until <= .seconds(3_000), "another will be: \(until)")
        try require(page.now >= now && page.now < now + .seconds(100), "by the database's clock")
        let lease = try await ports.lease(connection)
        try require(try await all(ports, limit: 10).isEmpty, "one whose lease is held is left out")
        try await ports.elapse(.seconds(41))
        try require(try await all(ports, limit: 10).count == 1, "one whose lease ran out is due again")
        try await ports.write(lease, .failed(.rateLimited, retryAfter: .seconds(60)))
        try require(try await all(ports, limit: 10).isEmpty, "after a failure nothing is due before the back-off ends")
        try await ports.elapse(.seconds(61))
        try require(try await all(ports, limit: 10).map(\.connectionID) == [connection.id], "then it is")
        try await ports.write(try await ports.lease(connection), try await ports.next(connection, validFor: nil))
        try require(try await all(ports, limit: 10).isEmpty, "with a token for ever nothing is due")
        try await ports.elapse(.seconds(3_000))
        try require(try await all(ports, limit: 10).map(\.connectionID) == [coming.id], "the other one's time has come")
        try await ports.write(try await ports.lease(coming), .ended(.invalidGrant))
        let ended = try await ports.refreshes.due(after: nil, limit: 10)
        try require(ended.rows.isEmpty && ended.untilNextDue == nil, "after an end nothing is due by itself")
        let again = try await make(ports, rows, dueIn: -5_000, at: now)
        _ = try await ports.relink(again, entered: 2)
        try require(try await all(ports, limit: 10).isEmpty, "nor with a new credential that has no token yet")
        let last = try await make(ports, rows, dueIn: -5_000, at: now)
        try await ports.connections.delete(
            last.id, in: last.scope,
            audit: ports.event(.connectionDeleted, last.scope.environmentID, tenant: last.scope.tenantID))
        try require(try await all(ports, limit: 10).isEmpty, "nor what is gone")
    }

    private static func backlog(_ ports: StorePorts) async throws {
        let none = try await ports.refreshes.backlog()
        try require(none == RefreshBacklog(due: 0, lag: .zero, untilNextDue: nil), "nothing yet")
        let rows = try await ConnectionConformance.rows(ports)
        let now = ports.wallClock.now()
        for seconds: Int64 in [-500, -3, -40, 900, 2_000] {
            _ = try await make(ports, rows, dueIn: seconds, at: now)
        }
        let backlog = try await ports.refreshes.backlog()
        try require(backlog.due == 3, "so many are due: \(backlog.due)")
        try require(backlog.lag >= .seconds(500) && backlog.lag < .seconds(600), "the most overdue one: \(backlog.lag)")
        let until = backlog.untilNextDue ?? .zero
        try require(until > .seconds(800) && until <= .seconds(900), "the next one: \(until)")
    }
}
