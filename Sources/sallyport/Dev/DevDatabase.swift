import Logging
import Postgres
import PostgresCluster

/// The private cluster of `dev`, with the two roles of a real installation and one database.
struct DevDatabase: Sendable {
    static let name = "sallyport"
    static let owner = "sallyport_owner"
    static let service = "sallyport_service"

    let cluster: PrivateCluster

    init(_ state: DevState) throws(CommandFailure) {
        do {
            cluster = try PrivateCluster(directory: state.directory)
        } catch {
            throw CommandFailure(.configuration, error.description)
        }
    }

    var serviceURL: String { cluster.connectionString(database: Self.name, user: Self.service) }
    var migratorURL: String { cluster.connectionString(database: Self.name, user: Self.owner) }

    /// Makes and starts the cluster, makes roles and database where they are missing, migrates.
    func start(logger: Logger) async throws {
        do {
            try await cluster.initialize()
            try await cluster.start()
        } catch {
            throw CommandFailure(.unavailable, error.description)
        }
        let superuser = cluster.connectionString(database: "postgres", user: "postgres")
        try await PostgresSession.run(superuser, logger: logger) { client in
            try await prepare(client)
        }
        _ = try await Migrate.apply(url: migratorURL, passwordFile: nil, serviceRole: Self.service, logger: logger)
    }

    private func prepare(_ client: PostgresClient) async throws {
        let existing = try await client.read(
            Statement(
                "select rolname::text from pg_roles where rolname = any(array['sallyport_owner','sallyport_service'])"))
        let roles = try existing.map { row in try row.text(0) }
        if !roles.contains(Self.owner) { try await client.script("create role sallyport_owner login") }
        if !roles.contains(Self.service) { try await client.script("create role sallyport_service login") }
        let databases = try await client.read(Statement("select 1 from pg_database where datname = 'sallyport'"))
        if databases.isEmpty { try await client.script("create database sallyport owner sallyport_owner") }
    }
}
