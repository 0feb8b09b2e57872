import Sodium
import Logging
import Postgres

/// A client that lives as long as one piece of work.
enum PostgresSession {
    static func run<Result: Sendable>(
        _ connectionString: String, passwordFile: String? = nil, logger: Logger,
        _ body: @Sendable (PostgresClient) async throws -> Result
    ) async throws -> Result {
        var configuration = PostgresConfiguration(connectionString: connectionString)
        configuration.poolSize = 1
        configuration.statementTimeout = .seconds(60)
        if let passwordFile { configuration.password = try PostgresPassword(file: passwordFile) }
        let client = PostgresClient(configuration: configuration, logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await client.run() }
            let result = try await body(client)
            await client.shutdown()
            group.cancelAll()
            return result
        }
    }
}

extension PostgresPassword {
    /// The file's content without its line break.
    init(file: String) throws(CommandFailure) {
        let secret = try SecretInput.read(from: file)
        guard let text = secret.revealUTF8(for: .databaseWrite) else {
            throw CommandFailure(.badData, "the password file \(file) is not text")
        }
        self.init(text)
    }
}
