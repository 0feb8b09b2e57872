package import Connections
package import Domain
package import Logging
package import Postgres

/// What `sallyport doctor` asks the database, with the service's role.
package struct DoctorQueries: Sendable {
    private let database: Database

    package init(client: PostgresClient, logger: Logger) {
        database = Database(client: client, logger: logger)
    }

    package func report(clock: some WallClock) async throws(StoreError) -> DatabaseReport {
        let sent = clock.now()
        let answer = try await database.readUnguarded(Statement(Self.server)).atMostOne {
            (row) throws(StoreError) -> (version: Int64, isReadOnly: Bool, now: Timestamp) in
            (try row.int(), try row.bool(), try row.timestamp())
        }
        let received = clock.now()
        guard let answer else { throw .corrupt }
        let middle = sent + (received - sent) / 2
        return DatabaseReport(
            serverVersion: Int(answer.version), isReadOnly: answer.isReadOnly, role: try await role(),
            tables: try await tables(), clockDifference: answer.now - middle)
    }

    /// The role that this client is logged in with.
    package func role() async throws(StoreError) -> RoleReport {
        let role = try await database.readUnguarded(Statement(Self.role)).atMostOne {
            (row) throws(StoreError) in
            RoleReport(
                name: try row.text(), isSuperuser: try row.bool(), bypassesRowSecurity: try row.bool(),
                mayCreateRoles: try row.bool(), mayCreateDatabases: try row.bool(), ownedObjects: Int(try row.int()),
                mayCreateInSchema: try row.bool())
        }
        guard let role else { throw .corrupt }
        return role
    }

    /// Every table that must be guarded, by name.
    package func tables() async throws(StoreError) -> [GuardedTable] {
        try await database.readUnguarded(Statement(Self.tables)).decoded { (row) throws(StoreError) in
            GuardedTable(
                name: try row.text(), isEnabled: try row.bool(), isForced: try row.bool(), policies: Int(try row.int()))
        }
    }

    private static let server: StaticString = """
        SELECT current_setting('server_version_num')::bigint,
            pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean,
            clock_timestamp()
        """

    private static let role: StaticString = """
        SELECT role.rolname::text, role.rolsuper, role.rolbypassrls, role.rolcreaterole, role.rolcreatedb,
            (
                SELECT count(*) FROM pg_catalog.pg_shdepend
                WHERE refclassid = 'pg_catalog.pg_authid'::regclass AND refobjid = role.oid AND deptype = 'o'
            ),
            coalesce(has_schema_privilege(role.oid, to_regnamespace('sallyport'), 'CREATE'), false)
        FROM pg_catalog.pg_roles AS role
        WHERE role.rolname = current_user
        """

    /// Whatever is not known to hold nothing of an environment must be guarded, so that a new table is not forgotten.
    private static let tables: StaticString = """
        SELECT relation.relname::text, relation.relrowsecurity, relation.relforcerowsecurity,
            (SELECT count(*) FROM pg_catalog.pg_policy WHERE polrelid = relation.oid)
        FROM pg_catalog.pg_class AS relation
        WHERE relation.relnamespace = to_regnamespace('sallyport') AND relation.relkind IN ('r', 'p')
            AND relation.relname NOT IN ('environments', 'instances', 'schema_migrations')
        ORDER BY relation.relname
        """
}
