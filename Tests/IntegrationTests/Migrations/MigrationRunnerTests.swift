import EmbeddedFiles
import Postgres
import Store
import TestSupport
import Testing

@Suite("Bringing the schema up to date")
struct MigrationRunnerTests {
    @Test func `applies every file to an empty database, and nothing the second time`() async throws {
        try await withEmptyDatabase { (client, _) async throws in
            let runner = MigrationRunner(client: client, logger: .quiet)
            #expect(try await runner.status().pending == EmbeddedFiles.migrations.map(\.name))
            #expect(try await runner.migrate() == EmbeddedFiles.migrations.map(\.name))
            #expect(try await runner.migrate() == [])
            #expect(try await runner.status().isCurrent)
            #expect(try await runner.status().applied == EmbeddedFiles.migrations.map(\.name))
        }
    }

    @Test func `goes on from every earlier version`() async throws {
        for count in 1..<EmbeddedFiles.migrations.count {
            try await withEmptyDatabase { client, _ in
                let earlier = Array(EmbeddedFiles.migrations.prefix(count))
                try await MigrationRunner(client: client, files: earlier, logger: .quiet).migrate()
                let runner = MigrationRunner(client: client, logger: .quiet)
                #expect(try await runner.status().applied == earlier.map(\.name))
                #expect(try await runner.migrate() == EmbeddedFiles.migrations.dropFirst(count).map(\.name))
            }
        }
    }

    @Test func `the numbers of token sets are counted on from those that are stored`() async throws {
        try await withEmptyDatabase { client, database in
            let earlier = Array(EmbeddedFiles.migrations.prefix { $0.name < "0006" })
            try await MigrationRunner(client: client, files: earlier, logger: .quiet).migrate()
            try await database.withClient { try await $0.script(Self.storedBefore) }
            try await MigrationRunner(client: client, logger: .quiet).migrate()
            try await database.withClient { (superuser) async throws in
                let rows = try await superuser.read(
                    Statement(
                        """
                        SELECT token_set_version, failures, is_sending, endpoint, last_success_at
                        FROM sallyport.refresh_states ORDER BY connection_id
                        """))
                #expect(try rows.map { try $0.int(0) } == [7, 0])
                for row in rows {
                    #expect(try row.int(1) == 0 && !row.bool(2) && row.optionalText(3) == nil)
                    #expect(try row.optionalTimestampMicros(4) == nil)
                }
            }
            // The migrating role is bound by row-level security again.
            for sql: StaticString in [
                "SELECT count(*) FROM sallyport.refresh_states", "SELECT count(*) FROM sallyport.credentials",
            ] {
                #expect(try await client.read(Statement(sql)).exactlyOne().int(0) == 0, "\(sql)")
            }
        }
    }

    /// Two connections as an earlier version stored them: one with a token set that was refreshed six times.
    private static let storedBefore = """
        INSERT INTO sallyport.environments VALUES (gen_random_uuid(), 'production', now());
        INSERT INTO sallyport.tenants (environment_id, id, name, created_at)
        SELECT id, gen_random_uuid(), 'Tenant', now() FROM sallyport.environments;
        INSERT INTO sallyport.tenant_keys (environment_id, tenant_id, version, root_id, wrapped, state)
        SELECT environment_id, id, 1, 'root', decode(repeat('00', 113), 'hex'), 'active' FROM sallyport.tenants;
        INSERT INTO sallyport.integrations
            (environment_id, id, name, provider, settings, version, created_at, updated_at)
        SELECT id, gen_random_uuid(), 'main', 'generic-basic', '{}', 1, now(), now() FROM sallyport.environments;
        INSERT INTO sallyport.connections
            (environment_id, tenant_id, id, integration_id, status, origin, fields, version, created_at, updated_at)
        SELECT t.environment_id, t.id, ('00000000-0000-7000-8000-00000000000' || n)::uuid, i.id, 'active',
            'https://api.example', '{}', 1, now(), now()
        FROM sallyport.tenants AS t, sallyport.integrations AS i, generate_series(1, 2) AS n;
        INSERT INTO sallyport.refresh_states (environment_id, tenant_id, connection_id, refresh_due_at)
        SELECT environment_id, tenant_id, id, now() FROM sallyport.connections;
        INSERT INTO sallyport.credentials
            (environment_id, tenant_id, connection_id, kind, envelope, key_version, record_version)
        SELECT environment_id, tenant_id, id, kind, decode(repeat('00', 120), 'hex'), 1, record
        FROM sallyport.connections, (VALUES ('entered', 3), ('token_set', 7)) AS c (kind, record)
        WHERE kind = 'entered' OR id = '00000000-0000-7000-8000-000000000001';
        """

    @Test func `runners that start together apply each file once`() async throws {
        try await withEmptyDatabase { client, database in
            let applied = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        try await database.withClient(user: MigratedDatabase.migratorRole) { client in
                            try await MigrationRunner(client: client, logger: .quiet).migrate()
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied.sorted() == EmbeddedFiles.migrations.map(\.name))
            let rows = try await client.read(Statement("SELECT count(*) FROM sallyport.schema_migrations"))
            #expect(try rows.exactlyOne().int(0) == Int64(EmbeddedFiles.migrations.count))
        }
    }

    @Test func `refuses a file that changed after it was applied`() async throws {
        try await withEmptyDatabase { client, _ in
            try await MigrationRunner(client: client, logger: .quiet).migrate()
            var files = EmbeddedFiles.migrations
            files[1] = EmbeddedFile(name: files[1].name, text: files[1].text + "\n")
            let runner = MigrationRunner(client: client, files: files, logger: .quiet)
            await #expect(throws: MigrationError.changed(files[1].name)) { try await runner.migrate() }
            #expect(try await runner.status().problem == .changed(files[1].name))
        }
    }

    @Test func `refuses a database that a newer program migrated`() async throws {
        try await withEmptyDatabase { client, _ in
            let newer = EmbeddedFile(name: "9999_create_future.sql", text: "CREATE TABLE sallyport.future (id int)")
            try await MigrationRunner(client: client, files: EmbeddedFiles.migrations + [newer], logger: .quiet)
                .migrate()
            let runner = MigrationRunner(client: client, logger: .quiet)
            await #expect(throws: MigrationError.databaseNewer(newer.name)) { try await runner.migrate() }
        }
    }

    @Test func `refuses to run a file before one that was applied, and to miss one`() async throws {
        try await withEmptyDatabase { client, _ in
            try await MigrationRunner(client: client, logger: .quiet).migrate()
            let earlier = EmbeddedFile(name: "0002_a_latecomer.sql", text: "SELECT 1")
            let late = MigrationRunner(client: client, files: EmbeddedFiles.migrations + [earlier], logger: .quiet)
            await #expect(throws: MigrationError.missing(earlier.name)) { try await late.migrate() }
            var fewer = EmbeddedFiles.migrations
            let removed = fewer.remove(at: 1)
            let runner = MigrationRunner(client: client, files: fewer, logger: .quiet)
            await #expect(throws: MigrationError.missing(removed.name)) { try await runner.migrate() }
        }
    }

    @Test func `a file that fails leaves nothing of itself and all of those before it`() async throws {
        try await withEmptyDatabase { client, _ in
            let files =
                EmbeddedFiles.migrations + [
                    EmbeddedFile(
                        name: "9998_create_half.sql", text: "CREATE TABLE sallyport.half (id int); SELECT 1 / 0;")
                ]
            let runner = MigrationRunner(client: client, files: files, logger: .quiet)
            await #expect {
                try await runner.migrate()
            } throws: { error in
                guard case .failed("9998_create_half.sql", let failure) = error as? MigrationError else { return false }
                return failure.description == "postgres.server.22012"
            }
            #expect(try await runner.status().applied == EmbeddedFiles.migrations.map(\.name))
            let row = try await client.read(Statement("SELECT to_regclass('sallyport.half') IS NULL")).exactlyOne()
            #expect(try row.bool(0))
        }
    }

    @Test func `waits for another runner no longer than its bound`() async throws {
        try await withEmptyDatabase { client, database in
            try await database.withClient { other in
                try await other.withTransaction { transaction in
                    try await transaction.query(Statement("SELECT pg_advisory_xact_lock(5999160069433872210)"))
                    let runner = MigrationRunner(client: client, lockTimeout: .milliseconds(50), logger: .quiet)
                    await #expect(throws: MigrationError.locked) { try await runner.migrate() }
                }
            }
            #expect(try await MigrationRunner(client: client, logger: .quiet).status().applied == [])
        }
    }

    @Test func `the service's role can read the status and change nothing of it`() async throws {
        try await MigratedDatabase.with { (migrated) async throws in
            let runner = MigrationRunner(client: migrated.service, logger: .quiet)
            #expect(try await runner.status().isCurrent)
            await #expect(throws: MigrationError.self) { try await runner.migrate() }
            await #expect(throws: PostgresError.server(.insufficientPrivilege, constraint: nil)) {
                try await migrated.service.write(Statement("DELETE FROM sallyport.schema_migrations"))
            }
        }
    }

    @Test func `refuses a malformed name of the service's role`() async throws {
        try await withEmptyDatabase { client, _ in
            for name in ["", "1service", "Service", "service-role", "a; DROP", String(repeating: "a", count: 64)] {
                let runner = MigrationRunner(client: client, serviceRole: name, logger: .quiet)
                await #expect(throws: MigrationError.malformedServiceRole) { try await runner.migrate() }
            }
        }
    }

    @Test func `refuses a service's role that could get past row-level security`() async throws {
        try await withEmptyDatabase { client, database in
            let suffix = String(UInt32.random(in: 0 ... .max), radix: 36)
            let (bypassing, member) = ("bypassing_\(suffix)", "member_\(suffix)")
            try await database.cluster.administrator.script(
                """
                CREATE ROLE \(bypassing) LOGIN BYPASSRLS;
                CREATE ROLE \(member) LOGIN;
                GRANT \(MigratedDatabase.migratorRole) TO \(member);
                """)
            for role in [bypassing, member, "postgres"] {
                let runner = MigrationRunner(client: client, serviceRole: role, logger: .quiet)
                await #expect(throws: MigrationError.serviceRoleTooPowerful) { try await runner.migrate() }
            }
            let own = MigrationRunner(client: client, serviceRole: MigratedDatabase.migratorRole, logger: .quiet)
            await #expect(throws: MigrationError.serviceRoleIsMigrator) { try await own.migrate() }
            try await database.cluster.administrator.script("DROP ROLE \(bypassing); DROP ROLE \(member);")
        }
    }

    @Test func `a migrating role that may not create roles says that one is missing`() async throws {
        try await withEmptyDatabase { _, database in
            let suffix = String(UInt32.random(in: 0 ... .max), radix: 36)
            let plain = "plain_\(suffix)"
            try await database.cluster.administrator.script(
                "CREATE ROLE \(plain) LOGIN; GRANT CREATE ON DATABASE \"\(database.name)\" TO \(plain);")
            try await database.withClient(user: plain) { client in
                let runner = MigrationRunner(client: client, serviceRole: "absent_\(suffix)", logger: .quiet)
                await #expect(throws: MigrationError.serviceRoleMissing) { try await runner.migrate() }
            }
        }
    }

    private func withEmptyDatabase(_ body: (PostgresClient, TestDatabase) async throws -> Void) async throws {
        try await DatabaseSlots.shared.withSlot {
            try await TestDatabase.with { database in
                try await MigratedDatabase.admitMigrator(to: database)
                try await database.withClient(user: MigratedDatabase.migratorRole) { client in
                    try await body(client, database)
                }
            }
        }
    }
}
