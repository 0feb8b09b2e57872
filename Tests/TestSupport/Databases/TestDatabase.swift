package import Postgres

/// A database of its own for one test.
package struct TestDatabase: Sendable {
    package let name: String
    package let cluster: TestCluster

    init(name: String, cluster: TestCluster) {
        self.name = name
        self.cluster = cluster
    }

    /// Clones a database of the shared cluster.
    ///
    /// - Parameter template: what ``TestCluster/template(_:prepare:)`` returned; without it the database is empty.
    package static func create(fromTemplate template: String = "template0") async throws -> TestDatabase {
        let cluster = try await TestCluster.shared
        let name = "test_\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        try await cluster.administrator.script(
            "CREATE DATABASE \"\(name)\" TEMPLATE \"\(template)\"", deadline: .seconds(300))
        return TestDatabase(name: name, cluster: cluster)
    }

    /// Runs `body` with a fresh database, and drops it afterwards.
    package static func with<Result>(
        template: String = "template0", _ body: (TestDatabase) async throws -> Result
    ) async throws -> Result {
        let database = try await create(fromTemplate: template)
        let result: Result
        do {
            result = try await body(database)
        } catch {
            try await database.drop()
            throw error
        }
        try await database.drop()
        return result
    }

    /// For any role of the cluster.
    package func connectionString(user: String = "postgres") -> String {
        cluster.connectionString(database: name, user: user)
    }

    /// A client for it; the caller shuts it down. Its times are long, so that a busy machine fails no test; a test
    /// that is about time sets its own.
    package func makeClient(
        user: String = "postgres", _ configure: (inout PostgresConfiguration) -> Void = { _ in }
    ) -> PostgresClient {
        var configuration = PostgresConfiguration(connectionString: connectionString(user: user))
        configuration.statementTimeout = .seconds(30)
        configuration.connectTimeout = .seconds(30)
        configuration.unavailableGrace = .seconds(30)
        configure(&configuration)
        return PostgresClient(configuration: configuration, logger: .quiet)
    }

    /// Runs `body` with a client for it, and shuts that down afterwards.
    package func withClient<Result>(
        user: String = "postgres", _ configure: (inout PostgresConfiguration) -> Void = { _ in },
        _ body: (PostgresClient) async throws -> Result
    ) async throws -> Result {
        let client = makeClient(user: user, configure)
        do {
            let result = try await body(client)
            await client.shutdown()
            return result
        } catch {
            await client.shutdown()
            throw error
        }
    }

    /// Removes it, ending whatever sessions it still has.
    package func drop() async throws {
        try await cluster.administrator.script("DROP DATABASE \"\(name)\" WITH (FORCE)", deadline: .seconds(300))
    }
}
