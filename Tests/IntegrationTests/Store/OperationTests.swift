import Connections
import Domain
import Postgres
import Store
import TestSupport
import Testing

@Suite("Running the stores")
struct OperationTests {
    @Test func `they work behind a pooler in transaction mode, migrations included`() async throws {
        let cluster = try await TestCluster.shared
        let pooler = try await PgBouncer(before: cluster.cluster)
        try await TestDatabase.with { database in
            try await withPooledClient(pooler, database, user: "postgres") { client in
                try await MigrationRunner(client: client, serviceRole: "service", logger: .quiet).migrate()
            }
            try await withPooledClient(pooler, database, user: "service") { client in
                let stores = PostgresStores(client: client, logger: .quiet)
                let world = try await World.make(in: stores)
                let neighbour = try await World.make(in: stores, sharing: world.environment)
                // Many callers over few server connections: each sees its own tenant.
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    for index in 0..<40 {
                        let asker = index.isMultiple(of: 2) ? world : neighbour
                        group.addTask {
                            let page = try await stores.connections.list(
                                in: asker.readScope, integration: nil, status: nil, page: .page())
                            let loaded = try await stores.connections.load(
                                asker.connection.id, in: asker.environmentScope)
                            return page.elements.map(\.id) == [asker.connection.id] && loaded?.entered != nil
                        }
                    }
                    for try await isRight in group { #expect(isRight) }
                }
                let lease = try await stores.lease(world)
                try await stores.write(World.obtained(2), under: lease, of: world)
                try await stores.tenants.delete(world.scope, audit: world.event(.tenantDeleted))
                #expect(try await client.number(Statement("SELECT count(*) FROM sallyport.credentials")) == 0)
            }
        }
        await pooler.stop()
    }

    @Test func `a database that can't be reached is unavailable, not an outcome`() async throws {
        var configuration = PostgresConfiguration(
            connectionString: "host='\(TestDirectory.makePath())' dbname='none' user='none'")
        configuration.unavailableGrace = .milliseconds(50)
        let client = PostgresClient(configuration: configuration, logger: .quiet)
        let stores = PostgresStores(client: client, logger: .quiet)
        await #expect(throws: StoreError.unavailable) { _ = try await stores.environments.list() }
        await #expect(throws: StoreError.unavailable) {
            try await stores.tenants.delete(
                TenantScope(environmentID: World.ids.next(), tenantID: World.ids.next()),
                audit: World.event(.tenantDeleted, World.ids.next(), nil))
        }
        await client.shutdown()
    }

    @Test func `the doctor finds the service's role safe and every table guarded`() async throws {
        try await MigratedDatabase.with { migrated in
            let report = try await DoctorQueries(client: migrated.service, logger: .quiet)
                .report(clock: SystemWallClock())
            #expect(report.serverVersion >= DatabaseReport.minimumServerVersion)
            #expect(!report.isReadOnly)
            #expect(report.role.name == MigratedDatabase.serviceRole)
            #expect(report.role.isSafe)
            #expect(report.tables.count >= 11)
            #expect(report.tables.allSatisfy { $0.isGuarded })
            #expect(report.clockDifference.microseconds.magnitude < 5_000_000)
        }
    }

    @Test func `the doctor tells a role that is too powerful and a table that is not guarded`() async throws {
        try await MigratedDatabase.with { migrated in
            let asSuperuser = DoctorQueries(client: migrated.superuser, logger: .quiet)
            #expect(try await !asSuperuser.role().isSafe)
            try await migrated.database.withClient(user: MigratedDatabase.migratorRole) { client in
                let role = try await DoctorQueries(client: client, logger: .quiet).role()
                #expect(!role.isSafe)
                #expect(role.ownedObjects > 0)
            }
            try await migrated.superuser.script(
                """
                ALTER TABLE sallyport.credentials NO FORCE ROW LEVEL SECURITY;
                CREATE TABLE sallyport.forgotten (tenant_id uuid);
                """)
            let unguarded = try await asSuperuser.tables().filter { !$0.isGuarded }.map(\.name)
            #expect(unguarded == ["credentials", "forgotten"])
        }
    }

    private func withPooledClient(
        _ pooler: PgBouncer, _ database: TestDatabase, user: String, _ body: (PostgresClient) async throws -> Void
    ) async throws {
        var configuration = PostgresConfiguration(
            connectionString: pooler.connectionString(database: database.name, user: user))
        configuration.usePreparedStatements = false
        let client = PostgresClient(configuration: configuration, logger: .quiet)
        do {
            try await body(client)
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
    }
}
