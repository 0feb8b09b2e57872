package import Postgres
package import Store

/// A database of its own for one test, with the schema in place and a client for each role.
package struct MigratedDatabase: Sendable {
    package static let serviceRole = "sallyport_service"
    /// Owns the schema; no superuser, so that the tests show that none is needed.
    package static let migratorRole = "sallyport_migrator"

    package let database: TestDatabase
    /// Logged in as superuser: sees and changes every row.
    package let superuser: PostgresClient
    /// Logged in with the service's role.
    package let service: PostgresClient
    /// Over ``service``.
    package let stores: PostgresStores

    /// Runs `body` with a fresh database, a clone of a template that is migrated once for each process.
    package static func with<Result>(
        _ body: (MigratedDatabase) async throws -> Result
    ) async throws -> Result {
        let template = try await TestCluster.shared.template("sallyport_migrated", prepare: prepare)
        return try await DatabaseSlots.shared.withSlot {
            try await TestDatabase.with(template: template) { database in
                try await database.withClient {
                    $0.poolSize = 1
                } _: { superuser in
                    try await database.withClient(user: serviceRole) { service in
                        try await body(
                            MigratedDatabase(
                                database: database, superuser: superuser, service: service,
                                stores: PostgresStores(client: service, logger: .quiet)))
                    }
                }
            }
        }
    }

    /// Lets the migrating role into a database that has no schema yet.
    package static func admitMigrator(to database: TestDatabase) async throws {
        try await database.cluster.administrator.script(
            """
            DO $$
            BEGIN
                CREATE ROLE \(migratorRole) LOGIN CREATEROLE;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END
            $$;
            GRANT CREATE ON DATABASE "\(database.name)" TO \(migratorRole);
            """)
    }

    private static func prepare(_ database: TestDatabase) async throws {
        try await admitMigrator(to: database)
        try await database.withClient(user: migratorRole) { client in
            _ = try await MigrationRunner(client: client, serviceRole: serviceRole, logger: .quiet).migrate()
        }
    }
}
