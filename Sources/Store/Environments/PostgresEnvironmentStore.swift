package import Connections
package import Domain
package import Logging
package import Postgres

/// Environments. Their rows belong to the installation, not to a tenant, and no policy guards them.
package struct PostgresEnvironmentStore: EnvironmentStore {
    private let database: Database

    package init(client: PostgresClient, logger: Logger) {
        database = Database(client: client, logger: logger)
    }

    package func create(_ environment: Environment, audit: AuditEvent) async throws(StoreError) {
        let insert = Statement(
            "INSERT INTO sallyport.environments (id, name, created_at) VALUES ($1, $2, $3)",
            [environment.id.value, .text(environment.name.description), .timestamp(environment.createdAt)])
        try await database.change([insert], in: .environment(environment.id), audit: audit, announcing: nil)
    }

    package func find(name: Slug) async throws(StoreError) -> Environment? {
        try await database.readUnguarded(
            Statement(
                "SELECT id, name, created_at FROM sallyport.environments WHERE name = $1", [.text(name.description)])
        ).atMostOne(Self.environment)
    }

    package func find(_ id: EnvironmentID) async throws(StoreError) -> Environment? {
        try await database.readUnguarded(
            Statement("SELECT id, name, created_at FROM sallyport.environments WHERE id = $1", [id.value])
        ).atMostOne(Self.environment)
    }

    package func list() async throws(StoreError) -> [Environment] {
        try await database.readUnguarded(
            Statement("SELECT id, name, created_at FROM sallyport.environments ORDER BY id")
        ).decoded(Self.environment)
    }

    private static func environment(_ row: inout RowReader) throws(StoreError) -> Environment {
        Environment(id: try row.id(), name: try row.slug(), createdAt: try row.timestamp())
    }
}
