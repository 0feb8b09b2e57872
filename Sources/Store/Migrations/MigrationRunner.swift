package import EmbeddedFiles
package import Logging
import Observability
package import Postgres

/// Brings the schema `sallyport` up to date, as the role that shall own it.
///
/// Each file runs in a transaction of its own together with the row that remembers it, under an advisory lock that this
/// transaction holds: runners that start together take turns, and each finds what the others have done. Nothing is kept
/// on the session, so a pooler in transaction mode may stand between.
package struct MigrationRunner: Sendable {
    private let client: PostgresClient
    private let serviceRole: String
    private let files: [EmbeddedFile]
    private let lockTimeout: Duration
    private let logger: Logger

    /// - Parameters:
    ///   - client: logged in with the role that owns the schema or may create it; never the service's role.
    ///   - serviceRole: gets the rights that the service needs, and nothing else. It is created, with `LOGIN` and no
    ///     password, where it is missing and this role may do so.
    ///   - files: another list in tests.
    ///   - lockTimeout: how long to wait for another runner, or for a table in use.
    package init(
        client: PostgresClient, serviceRole: String = "sallyport_service",
        files: [EmbeddedFile] = EmbeddedFiles.migrations, lockTimeout: Duration = .seconds(30), logger: Logger
    ) {
        self.client = client
        self.serviceRole = serviceRole
        self.files = files
        self.lockTimeout = lockTimeout
        self.logger = logger
    }

    /// Applies what is pending and grants the service's role its rights anew.
    ///
    /// - Returns: the names of the files that this call applied.
    @discardableResult
    package func migrate() async throws(MigrationError) -> [String] {
        let role = try ServiceRole(name: serviceRole)
        var applied: [String] = []
        while let name = try await applyNext() {
            logger.info("migration applied", metadata: .facts([.version: name]))
            applied.append(name)
        }
        try await locked { transaction in try await role.prepare(in: transaction) }
        return applied
    }

    /// What is applied and what is pending; changes nothing, and runs with the service's role too.
    package func status() async throws(MigrationError) -> MigrationStatus {
        let applied: [AppliedMigration]
        do {
            let exists = try await client.read(MigrationStatements.historyExists).exactlyOne().bool(0)
            applied = exists ? try MigrationStatements.history(await client.read(MigrationStatements.readHistory)) : []
        } catch {
            throw .database(PostgresFailure(error))
        }
        let names = applied.map(\.name)
        do {
            let pending = try MigrationPlan.pending(files: files, applied: applied)
            return MigrationStatus(applied: names, pending: pending.map(\.name), problem: nil)
        } catch {
            return MigrationStatus(applied: names, pending: [], problem: error)
        }
    }

    /// Applies the first pending file; nil if there is none.
    private func applyNext() async throws(MigrationError) -> String? {
        try await locked { transaction -> String? in
            try await MigrationStatements.createHistory(in: transaction)
            let rows = try await transaction.query(MigrationStatements.readHistory)
            let applied = try MigrationStatements.history(rows)
            guard let next = try MigrationPlan.pending(files: files, applied: applied).first else { return nil }
            do throws(PostgresError) {
                try await transaction.script(next.text)
            } catch {
                throw Self.failure(error, of: next.name)
            }
            try await transaction.query(MigrationStatements.remember(next))
            return next.name
        }
    }

    /// Runs `body` in a transaction that holds the lock.
    private func locked<Value>(
        _ body: (PostgresTransaction) async throws -> Value
    ) async throws(MigrationError) -> Value {
        let (seconds, attoseconds) = lockTimeout.components
        let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
        let context: SessionContext = ["lock_timeout": String(max(1, milliseconds)), "statement_timeout": "0"]
        do {
            return try await client.withTransaction(context: context, deadline: Self.deadline) { transaction in
                try await transaction.query(MigrationStatements.lock)
                return try await body(transaction)
            }
        } catch let error as MigrationError {
            throw error
        } catch let error as PostgresError {
            throw Self.failure(error)
        } catch {
            throw .database(PostgresFailure(.server(.internalError, constraint: nil)))
        }
    }

    /// For one file; a backfill of a large table belongs into batches outside of a migration.
    private static let deadline = Duration.seconds(3_600)

    private static func failure(_ error: PostgresError, of file: String? = nil) -> MigrationError {
        if case .server(.lockNotAvailable, _) = error { return .locked }
        return file.map { .failed($0, PostgresFailure(error)) } ?? .database(PostgresFailure(error))
    }
}
