internal import Glibc
package import Logging
package import Postgres
package import PostgresCluster

/// One PostgreSQL cluster for the whole test process: started with the first use, on a private socket below `/tmp`,
/// without durability. When the process ends, even by a `SIGKILL`, server and files go too.
package final class TestCluster: Sendable {
    package let cluster: PrivateCluster
    /// Connected to the database `postgres` as superuser.
    package let administrator: PostgresClient
    private let templates = Templates()

    /// Ends by itself; everyone who needs the cluster awaits it.
    private static let starting = Task { try await TestCluster() }

    /// The cluster, once it takes connections.
    package static var shared: TestCluster {
        get async throws { try await starting.value }
    }

    private init() async throws {
        cluster = try await TestCluster.startPrivateCluster()
        var configuration = PostgresConfiguration(
            connectionString: cluster.connectionString(database: "postgres", user: "postgres"))
        configuration.poolSize = 2
        configuration.statementTimeout = .seconds(300)
        configuration.applicationName = "sallyport-tests"
        administrator = PostgresClient(configuration: configuration, logger: .quiet)
    }

    /// A further cluster, for tests that stop or kill theirs.
    package static func startPrivateCluster(isDurable: Bool = false) async throws -> PrivateCluster {
        var options = PrivateCluster.Options()
        options.isDurable = isDurable
        options.removesDirectory = true
        options.settings = ["shared_buffers": "32MB", "max_connections": "500"]
        let cluster = try PrivateCluster(directory: TestDirectory.makePath(), options: options)
        try await cluster.initialize()
        try await cluster.start()
        return cluster
    }

    /// A connection string for one of its databases.
    package func connectionString(database: String, user: String = "postgres") -> String {
        cluster.connectionString(database: database, user: user)
    }

    /// Makes a template once per process, however many ask, and returns its name for ``TestDatabase/create(fromTemplate:)``.
    ///
    /// - Parameter prepare: fills the new database; it must leave no connection to it open.
    package func template(
        _ name: String, prepare: @escaping @Sendable (TestDatabase) async throws -> Void
    ) async throws -> String {
        try await templates.name(of: name, on: self, prepare: prepare)
        return name
    }

    private actor Templates {
        private var making: [String: Task<Void, any Error>] = [:]

        func name(
            of name: String, on cluster: TestCluster, prepare: @escaping @Sendable (TestDatabase) async throws -> Void
        ) async throws {
            if let task = making[name] { return try await task.value }
            // Ends by itself; all who ask for the template await it.
            let task = Task {
                try await cluster.administrator.script(
                    "CREATE DATABASE \"\(name)\" TEMPLATE template0", deadline: .seconds(300))
                try await prepare(TestDatabase(name: name, cluster: cluster))
            }
            making[name] = task
            try await task.value
        }
    }
}

/// Names of directories that no other test uses, short enough for a socket.
package enum TestDirectory {
    /// A path that doesn't exist yet.
    package static func makePath() -> String {
        "/tmp/sallyport-test-\(getpid())-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
    }
}

extension Logger {
    /// Says nothing.
    package static var quiet: Logger { Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }) }
}
