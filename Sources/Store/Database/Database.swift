import Connections
import Domain
import Logging
import Observability
import Postgres

/// The client as the stores use it: every statement runs in a scope, every error becomes a ``StoreError``.
struct Database: Sendable {
    let client: PostgresClient
    private let logger: Logger

    init(client: PostgresClient, logger: Logger) {
        self.client = client
        self.logger = logger
    }

    /// One read that may share a pipeline with others.
    func read(_ statement: Statement, in scope: RowScope) async throws(StoreError) -> [Row] {
        do {
            return try await client.read(statement, context: scope.context)
        } catch {
            throw failure(error, effect: .read)
        }
    }

    /// One read of what no scope guards.
    func readUnguarded(_ statement: Statement) async throws(StoreError) -> [Row] {
        do {
            return try await client.read(statement)
        } catch {
            throw failure(error, effect: .read)
        }
    }

    /// Several reads in one transaction, of which one may set the scope of the next.
    func readTogether(_ statements: [Statement], in scope: RowScope) async throws(StoreError) -> [[Row]] {
        do {
            return try await client.transaction(statements, context: scope.context)
        } catch {
            throw failure(error, effect: .read)
        }
    }

    /// Statements that take effect together or not at all.
    @discardableResult
    func write(_ statements: [Statement], in scope: RowScope) async throws(StoreError) -> [[Row]] {
        do {
            return try await client.transaction(statements, context: scope.context)
        } catch {
            throw failure(error, effect: .write)
        }
    }

    /// One write of what no scope guards.
    ///
    /// - Returns: the rows of `RETURNING`.
    @discardableResult
    func writeUnguarded(_ statement: Statement) async throws(StoreError) -> [Row] {
        do {
            return try await client.write(statement)
        } catch {
            throw failure(error, effect: .write)
        }
    }

    /// A change with its audit event and its announcement, all in one transaction.
    ///
    /// - Parameters:
    ///   - statements: each ends the transaction itself where it met nothing to change (`sallyport.require_change`).
    ///   - brokenReference: what a violated foreign key means here.
    func change(
        _ statements: [Statement], in scope: RowScope, audit: AuditEvent, announcing announcement: Announcement?,
        brokenReference: StoreError = .notFound
    ) async throws(StoreError) {
        var all = statements
        // The statements before may have moved to another scope (`AuditStatements.enter`), so it is always set anew.
        all.append(AuditStatements.enter(RowScope(of: audit)))
        all.append(AuditStatements.insert(audit))
        if let notify = announcement.flatMap(AnnouncementPayload.notify) { all.append(notify) }
        do {
            try await client.transaction(all, context: scope.context)
        } catch {
            throw failure(error, effect: .write, brokenReference: brokenReference)
        }
    }

    /// The store's answer to a client's error. Logs codes alone, and only what an operator must look at.
    func failure(
        _ error: PostgresError, effect: PostgresEffect, brokenReference: StoreError = .notFound
    ) -> StoreError {
        let answer = StoreError(error, effect: effect, brokenReference: brokenReference)
        switch answer {
        case .failed, .corrupt:
            logger.error("database refused a statement", metadata: .facts([.code: error.description]))
        case .unavailable, .outcomeUnknown, .conflict, .stale, .notFound:
            logger.debug("statement failed", metadata: .facts([.code: error.description]))
        }
        return answer
    }
}
