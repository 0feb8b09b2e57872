package import Connections
import Domain
package import Logging
package import Postgres

/// Due work, leases on refreshing a credential and their outcomes, all by the database's clock.
package struct PostgresRefreshStore: RefreshStore {
    let database: Database

    package init(client: PostgresClient, logger: Logger) {
        database = Database(client: client, logger: logger)
    }

    package func due(after position: DuePosition?, limit: Int) async throws(StoreError) -> DuePage {
        let limit = min(max(limit, 1), Self.maxDuePage)
        let position = position ?? Self.beforeEverything
        let page = Statement(
            Self.duePage,
            [.timestamp(position.dueAt), position.connectionID.value, .int(Int64(limit) + 1)])
        // The clock first: a row that falls due between the two is on the page, and counted as coming too.
        let results = try await database.readTogether([Statement(Self.clock), page], in: .inIndexOrder)
        guard results.count == 2, let clock = try results[0].atMostOne(Self.readClock) else { throw .corrupt }
        let rows = try results[1].decoded(Self.readDue)
        let last = rows.count > limit ? rows[limit - 1] : nil
        return DuePage(
            rows: Array(rows.prefix(limit)),
            next: last.map { DuePosition(dueAt: $0.dueAt, connectionID: $0.connectionID) },
            untilNextDue: clock.untilNextDue, now: clock.now)
    }

    package func backlog() async throws(StoreError) -> RefreshBacklog {
        let results = try await database.readTogether(
            [Statement(Self.clock), Statement(Self.countDue)], in: .inIndexOrder)
        guard results.count == 2, let clock = try results[0].atMostOne(Self.readClock) else { throw .corrupt }
        let due = try results[1].atMostOne { (row) throws(StoreError) -> (count: Int64, lag: Int64?) in
            (try row.int(), try row.optionalInt())
        }
        guard let due else { throw .corrupt }
        return RefreshBacklog(
            due: Int(due.count), lag: .microseconds(max(0, due.lag ?? 0)), untilNextDue: clock.untilNextDue)
    }

    package func release(_ lease: Lease) async throws(StoreError) {
        guard let payload = AnnouncementPayload.text(of: .connectionChanged(lease.connectionID)) else { return }
        let key = CredentialStatements.key(of: lease.connectionID, in: lease.scope)
        try await database.write(
            [
                Statement(
                    Self.release,
                    key + [.int(lease.fence), lease.owner.value, .bool(lease.followsUnresolved), .text(payload)])
            ],
            in: .tenant(lease.scope))
    }

    private static func readClock(
        _ row: inout RowReader
    ) throws(StoreError) -> (now: Timestamp, untilNextDue: Duration?) {
        (try row.timestamp(), try row.optionalInt().map { .microseconds(max(0, $0)) })
    }

    private static func readDue(_ row: inout RowReader) throws(StoreError) -> DueRefresh {
        let scope = TenantScope(environmentID: try row.id(), tenantID: try row.id())
        let id = try row.id(ConnectionKind.self)
        // One that another version wrote and this one can't read counts as not known: it must not stop the scan for good.
        let endpoint = try row.optionalText().flatMap { TokenEndpointKey($0) }
        return DueRefresh(connectionID: id, scope: scope, endpoint: endpoint, dueAt: try row.timestamp())
    }
}

// `statement_timestamp()` and not `clock_timestamp()` where an index is walked: it stands still during the statement, which
// is what lets the index bound the walk.
extension PostgresRefreshStore {
    private static let maxDuePage = 10_000
    /// The first moment of the first year.
    private static let beforeEverything = DuePosition(
        dueAt: Timestamp(seconds: -62_135_596_800), connectionID: ConnectionID(high: 0, low: 0))

    private static let clock: StaticString = """
        SELECT statement_timestamp(), (
            SELECT (extract(epoch FROM refresh_due_at - statement_timestamp()) * 1000000)::bigint
            FROM sallyport.refresh_states
            WHERE refresh_due_at > statement_timestamp()
            ORDER BY refresh_due_at, connection_id LIMIT 1
        )
        """

    /// The place comes as two bare parameters: around an expression the planner takes the comparison for one that might tell
    /// of rows that row-level security hides, and filters by it what it has read from the beginning.
    private static let duePage: StaticString = """
        SELECT environment_id, tenant_id, connection_id, endpoint, refresh_due_at
        FROM sallyport.refresh_states
        WHERE refresh_due_at <= statement_timestamp()
            AND (refresh_due_at, connection_id) > ($1, $2)
            AND (lease_expires_at IS NULL OR lease_expires_at <= statement_timestamp())
        ORDER BY refresh_due_at, connection_id
        LIMIT $3
        """

    private static let countDue: StaticString = """
        SELECT count(*), (extract(epoch FROM statement_timestamp() - min(refresh_due_at)) * 1000000)::bigint
        FROM sallyport.refresh_states
        WHERE refresh_due_at <= statement_timestamp()
        """

    /// What an earlier attempt left unresolved is unresolved still: this one sent nothing.
    private static let release: StaticString = """
        WITH released AS (
            UPDATE sallyport.refresh_states
            SET lease_owner = NULL, lease_expires_at = NULL, is_sending = $6, attempts = greatest(attempts - 1, 0),
                hour_attempts = greatest(hour_attempts - 1, 0)
            WHERE environment_id = $1 AND tenant_id = $2 AND connection_id = $3 AND fence = $4 AND lease_owner = $5
            RETURNING 1
        )
        SELECT pg_notify('sallyport', $7) FROM released
        """
}
