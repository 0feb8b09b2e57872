import Connections
import Domain
import Postgres
import Store
import TestSupport
import Testing

@Suite("Row-level security, when a statement forgets its filter")
struct RowLevelSecurityTests {
    @Test func `every table with a tenant has it enabled, forced and with a policy`() async throws {
        try await MigratedDatabase.with { migrated in
            let rows = try await migrated.superuser.read(
                Statement(
                    """
                    SELECT c.relname::text, c.relrowsecurity, c.relforcerowsecurity,
                        (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid)
                    FROM pg_class AS c
                    JOIN pg_attribute AS a ON a.attrelid = c.oid
                    WHERE c.relnamespace = 'sallyport'::regnamespace AND c.relkind IN ('r', 'p')
                        AND (a.attname IN ('tenant_id', 'environment_id') OR c.relname = 'tenants')
                        AND a.attnum > 0 AND NOT a.attisdropped
                    """))
            #expect(Set(try rows.map { try $0.text(0) }).count >= 10)
            for row in rows {
                let name = try row.text(0)
                #expect(try row.bool(1), "\(name)")
                #expect(try row.bool(2), "\(name)")
                #expect(try row.int(3) > 0, "\(name)")
            }
        }
    }

    @Test func `a session without a context sees no row, and one with a context sees its own`() async throws {
        try await MigratedDatabase.with { migrated in
            let owner = try await World.make(in: migrated.stores)
            let neighbour = try await World.make(in: migrated.stores, sharing: owner.environment)
            _ = try await World.make(in: migrated.stores)
            try await migrated.superuser.script(Self.furtherRows)
            let names = try await DoctorQueries(client: migrated.service, logger: .quiet).tables().map(\.name)
            #expect(Self.guardedTables.map(\.name).sorted() == names)
            for table in Self.guardedTables {
                let all = Statement(table.countAll)
                #expect(try await migrated.superuser.number(all) > 0, "\(table.name): no row to hide")
                #expect(try await migrated.service.number(all) == 0, "\(table.name)")
                let foreign = try await migrated.service.read(
                    Statement(table.countForeign, [owner.environment.id.value, owner.tenant.id.value]),
                    context: context(owner))
                #expect(try foreign.exactlyOne().int(0) == 0, "\(table.name)")
                let wide = try await migrated.service.read(
                    Statement(table.countTenant, [neighbour.environment.id.value, neighbour.tenant.id.value]),
                    context: ["sallyport.environment": owner.environment.id.hexadecimal, "sallyport.tenant": "*"])
                #expect(try (wide.exactlyOne().int(0) > 0) == table.isReadableAcrossTenants, "\(table.name)")
            }
        }
    }

    @Test func `a context ends with its transaction`() async throws {
        try await MigratedDatabase.with { migrated in
            let owner = try await World.make(in: migrated.stores)
            try await migrated.database.withClient(user: MigratedDatabase.serviceRole) {
                $0.poolSize = 1
            } _: { (client) async throws in
                let count = Statement("SELECT count(*) FROM sallyport.connections")
                #expect(try await client.read(count, context: context(owner)).exactlyOne().int(0) == 1)
                #expect(try await client.number(count) == 0)
            }
        }
    }

    @Test func `another tenant's row can be neither written, nor moved to, nor referred to`() async throws {
        try await MigratedDatabase.with { migrated in
            let owner = try await World.make(in: migrated.stores)
            let neighbour = try await World.make(in: migrated.stores, sharing: owner.environment)
            let foreign = [neighbour.environment.id.value, neighbour.tenant.id.value, neighbour.connection.id.value]
            let before = try await migrated.superuser.contentDigest()
            for sql: StaticString in Self.trespasses {
                await #expect(throws: PostgresError.server(.insufficientPrivilege, constraint: nil), "\(sql)") {
                    try await migrated.service.write(
                        Statement(sql, foreign), context: context(owner))
                }
            }
            for sql: StaticString in Self.vainChanges {
                let rows = try await migrated.service.write(Statement(sql, foreign), context: context(owner))
                #expect(rows.isEmpty, "\(sql)")
            }
            // The key is whole: naming a neighbour's connection under one's own tenant refers to nothing.
            await #expect(
                throws: PostgresError.server(.foreignKeyViolation, constraint: "refresh_states_connection_fkey")
            ) {
                try await migrated.service.write(
                    Statement(
                        """
                        INSERT INTO sallyport.refresh_states (environment_id, tenant_id, connection_id)
                        VALUES ($1, $2, $3)
                        """, [owner.environment.id.value, owner.tenant.id.value, neighbour.connection.id.value]),
                    context: context(owner))
            }
            #expect(try await migrated.superuser.contentDigest() == before)
        }
    }

    @Test func `the owner of the tables is bound by it too`() async throws {
        try await MigratedDatabase.with { migrated in
            _ = try await World.make(in: migrated.stores)
            try await migrated.database.withClient(user: MigratedDatabase.migratorRole) { (client) async throws in
                #expect(try await client.number(Statement("SELECT count(*) FROM sallyport.credentials")) == 0)
            }
        }
    }

    @Test func `the service's role can't do what it needn't`() async throws {
        try await MigratedDatabase.with { migrated in
            let owner = try await World.make(in: migrated.stores)
            let before = try await migrated.superuser.contentDigest()
            for sql: StaticString in Self.forbidden {
                await #expect(throws: PostgresError.server(.insufficientPrivilege, constraint: nil), "\(sql)") {
                    try await migrated.service.write(Statement(sql), context: context(owner))
                }
            }
            #expect(try await migrated.superuser.contentDigest() == before)
        }
    }

    @Test func `the scan for due work sees due rows, no credential, and changes nothing`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            _ = try await World.make(in: migrated.stores)
            try await migrated.superuser.write(
                Statement(
                    "UPDATE sallyport.refresh_states SET refresh_due_at = NULL WHERE connection_id = $1",
                    [world.connection.id.value]))
            let scan: SessionContext = ["sallyport.environment": "*", "sallyport.tenant": "*"]
            for (sql, count) in Self.scanned {
                let row = try await migrated.service.read(Statement(sql), context: scan).exactlyOne()
                #expect(try row.int(0) == count, "\(sql)")
            }
            let before = try await migrated.superuser.contentDigest()
            for sql: StaticString in Self.scannersVainChanges {
                #expect(try await migrated.service.write(Statement(sql), context: scan).isEmpty, "\(sql)")
            }
            #expect(try await migrated.superuser.contentDigest() == before)
        }
    }

    /// What the setting for all environments opens, of two worlds of which one has a refresh that is due some time.
    private static let scanned: [(StaticString, Int64)] = [
        ("SELECT count(*) FROM sallyport.refresh_states", 1), ("SELECT count(*) FROM sallyport.credentials", 0),
        ("SELECT count(*) FROM sallyport.tenant_keys", 0), ("SELECT count(*) FROM sallyport.environment_keys", 0),
        ("SELECT count(*) FROM sallyport.connections", 0), ("SELECT count(*) FROM sallyport.integrations", 0),
        ("SELECT count(*) FROM sallyport.tenants", 0), ("SELECT count(*) FROM sallyport.audit_events", 0),
        ("SELECT count(*) FROM sallyport.lifecycle_events", 2),
    ]

    private static let scannersVainChanges: [StaticString] = [
        "UPDATE sallyport.refresh_states SET fence = fence + 1 RETURNING fence",
        "DELETE FROM sallyport.refresh_states RETURNING fence",
        "SELECT fence FROM sallyport.refresh_states FOR UPDATE",
        "UPDATE sallyport.credentials SET record_version = 9 RETURNING kind",
    ]

    @Test func `switching the filter off gives an error and no rows`() async throws {
        try await MigratedDatabase.with { migrated in
            _ = try await World.make(in: migrated.stores)
            await #expect(throws: PostgresError.server(.insufficientPrivilege, constraint: nil)) {
                try await migrated.service.read(
                    Statement("SELECT count(*) FROM sallyport.credentials"), context: ["row_security": "off"])
            }
        }
    }

    private func context(_ world: World) -> SessionContext {
        [
            "sallyport.environment": world.environment.id.hexadecimal,
            "sallyport.tenant": world.tenant.id.hexadecimal,
        ]
    }

    /// Writes into another tenant; `$1` to `$3` are its environment, tenant and connection.
    private static let trespasses: [StaticString] = [
        """
        INSERT INTO sallyport.tenant_keys (environment_id, tenant_id, version, root_id, wrapped, state)
        SELECT $1, $2, 2, 'root', decode(repeat('00', 113), 'hex'), 'decrypt' WHERE $3::uuid IS NOT NULL
        """,
        """
        INSERT INTO sallyport.credentials
            (environment_id, tenant_id, connection_id, kind, envelope, key_version, record_version)
        VALUES ($1, $2, $3, 'entered', decode(repeat('00', 113), 'hex'), 1, 9)
        ON CONFLICT (environment_id, tenant_id, connection_id, kind) DO UPDATE SET envelope = excluded.envelope
        """,
        """
        INSERT INTO sallyport.audit_events
            (environment_id, tenant_id, id, at, actor, action, outcome, count)
        VALUES ($1, $2, $3, now(), 'system', 'tenant.created', 'success', 1)
        """,
        """
        INSERT INTO sallyport.lifecycle_events (environment_id, tenant_id, connection_id, type)
        VALUES ($1, $2, $3, 'connection.deleted')
        """,
        """
        UPDATE sallyport.credentials SET tenant_id = $2 WHERE $1::uuid IS NOT NULL AND $3::uuid IS NOT NULL
        """,
        """
        UPDATE sallyport.refresh_states SET tenant_id = $2, connection_id = $3 WHERE environment_id = $1
        """,
    ]

    private static let vainChanges: [StaticString] = [
        """
        UPDATE sallyport.connections SET status = 'suspended'
        WHERE environment_id = $1 AND tenant_id = $2 AND id = $3 RETURNING id
        """,
        """
        DELETE FROM sallyport.credentials
        WHERE environment_id = $1 AND tenant_id = $2 AND connection_id = $3 RETURNING connection_id
        """,
        """
        DELETE FROM sallyport.lifecycle_events
        WHERE environment_id = $1 AND tenant_id = $2 AND connection_id = $3 RETURNING connection_id
        """,
        """
        DELETE FROM sallyport.tenant_keys
        WHERE environment_id = $1 AND tenant_id = $2 AND $3::uuid IS NOT NULL RETURNING version
        """,
    ]

    private static let forbidden: [StaticString] = [
        "UPDATE sallyport.audit_events SET actor = 'nobody'", "DELETE FROM sallyport.audit_events",
        "UPDATE sallyport.lifecycle_events SET type = 'connection.deleted'", "TRUNCATE sallyport.lifecycle_events",
        "TRUNCATE sallyport.audit_events", "TRUNCATE sallyport.credentials CASCADE",
        "UPDATE sallyport.tenant_keys SET state = 'decrypt'", "UPDATE sallyport.environments SET name = 'other'",
        "UPDATE sallyport.api_keys SET secret_hash = ''", "DELETE FROM sallyport.environment_keys",
        "UPDATE sallyport.schema_migrations SET checksum = ''", "CREATE TABLE sallyport.mine (id int)",
        "ALTER TABLE sallyport.credentials DISABLE ROW LEVEL SECURITY",
        "DROP POLICY own_tenant ON sallyport.credentials",
        "DROP TABLE sallyport.audit_events", "ALTER ROLE sallyport_service BYPASSRLS", "SET ROLE sallyport_migrator",
        "SET SESSION AUTHORIZATION postgres",
        "CREATE FUNCTION sallyport.mine() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    ]
}
