import Connections
import Domain
import Postgres
import Store
import TestSupport
import Testing

@Suite("Finding due work among many rows", .timeLimit(.minutes(3)))
struct DueScanTests {
    /// So many of ``manyRows`` are due.
    private let due: Int64 = 1_000

    private struct Reads {
        /// Rows that were read without an index.
        let others: Int64
        /// Entries of the index of due times.
        let entries: Int64
    }

    @Test func `reads of the index as much as is due, and never the whole table`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            try await migrated.superuser.write(
                Statement(Self.manyRows, [world.connection.id.value]), deadline: .seconds(100))
            // As it is found: no statistics yet, and as it is a while later.
            for statistics in ["", "ANALYZE sallyport.refresh_states"] {
                if !statistics.isEmpty { try await migrated.superuser.script(statistics, deadline: .seconds(100)) }
                let before = try await reads(migrated)
                try await migrated.database.withClient(user: MigratedDatabase.serviceRole) { (client) async throws in
                    let refreshes = PostgresStores(client: client, logger: .quiet).refreshes
                    #expect(try await walk(refreshes) == due)
                    #expect(try await refreshes.backlog().due == Int(due))
                }
                // What a session read is counted at the latest when it ends.
                try await eventually { try await reads(migrated).entries >= before.entries + 2 * due }
                let after = try await reads(migrated)
                // Other sessions read the table while it was empty, and are counted when they like.
                #expect(after.others < before.others + 1_000)
                #expect(after.entries - before.entries < 2 * due + 100)
            }
        }
    }

    @Test func `taking leases and writing results goes by keys alone`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            try await migrated.superuser.write(
                Statement(Self.manyRows, [world.connection.id.value]), deadline: .seconds(100))
            try await migrated.superuser.script(
                "ANALYZE sallyport.refresh_states, sallyport.connections", deadline: .seconds(100))
            let before = try await keyReads(migrated)
            try await migrated.database.withClient(user: MigratedDatabase.serviceRole) { (client) async throws in
                let refreshes = PostgresStores(client: client, logger: .quiet).refreshes
                let due = try await refreshes.due(after: nil, limit: 60).rows
                // Often enough that the server settles on plans for any parameters.
                for (index, row) in due.enumerated() {
                    let request = LeaseRequest(connectionID: row.connectionID, scope: row.scope, dueAt: row.dueAt)
                    let answers = try await refreshes.acquireLeases([request], on: World.terms())
                    guard case .granted(let lease, _) = answers.first else { throw PostgresStores.NoLease() }
                    let results: [RefreshResult] = [
                        World.obtained(1), .ended(.invalidGrant), .failed(.rateLimited, retryAfter: .seconds(60)),
                    ]
                    let completion = RefreshCompletion(
                        lease: lease, result: results[index % 3], audit: world.event(.credentialRefreshed))
                    #expect(try await refreshes.complete([completion]) == [.written])
                }
            }
            try await eventually { try await keyReads(migrated).lookups >= before.lookups + 4 * 60 }
            // Whoever read a table as a whole once would have read a hundred thousand.
            #expect(try await keyReads(migrated).others < before.others + 10_000)
        }
    }

    /// Look-ups by the key of refresh states, and rows of both tables that were read without an index.
    private func keyReads(_ migrated: MigratedDatabase) async throws -> (lookups: Int64, others: Int64) {
        let row = try await migrated.superuser.read(
            Statement(
                """
                SELECT (SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'refresh_states_pkey'),
                    sum(seq_tup_read)::bigint
                FROM pg_stat_user_tables
                WHERE schemaname = 'sallyport' AND relname IN ('refresh_states', 'connections')
                """)
        ).exactlyOne()
        return (try row.int(0), try row.int(1))
    }

    /// Walks all that is due in pages; how many rows there are.
    private func walk(_ refreshes: PostgresRefreshStore) async throws -> Int64 {
        var count: Int64 = 0
        var position: DuePosition?
        repeat {
            let page = try await refreshes.due(after: position, limit: 100)
            count += Int64(page.rows.count)
            position = page.next
        } while position != nil
        return count
    }

    private func reads(_ migrated: MigratedDatabase) async throws -> Reads {
        let row = try await migrated.superuser.read(
            Statement(
                """
                SELECT t.seq_tup_read, i.idx_tup_read
                FROM pg_stat_user_tables AS t
                JOIN pg_stat_user_indexes AS i ON i.relid = t.relid AND i.indexrelname = 'refresh_states_in_due_order'
                WHERE t.schemaname = 'sallyport' AND t.relname = 'refresh_states'
                """)
        ).exactlyOne()
        return Reads(others: try row.int(0), entries: try row.int(1))
    }

    /// A hundred thousand copies of one connection's rows, of which a thousand are due.
    private static let manyRows: StaticString = """
        WITH copies AS (
            INSERT INTO sallyport.connections
                (environment_id, tenant_id, id, integration_id, status, origin, fields, version, created_at, updated_at)
            SELECT environment_id, tenant_id, gen_random_uuid(), integration_id, status, origin, '{}', 1, now(), now()
            FROM sallyport.connections, generate_series(1, 100000)
            WHERE id = $1
            RETURNING environment_id, tenant_id, id
        )
        INSERT INTO sallyport.refresh_states (environment_id, tenant_id, connection_id, refresh_due_at)
        SELECT environment_id, tenant_id, id,
            now() + (row_number() OVER () * 97 % 100000 - 999.5) * interval '1 minute'
        FROM copies
        """
}
