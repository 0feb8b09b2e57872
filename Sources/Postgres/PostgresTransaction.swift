/// A transaction that holds a connection of its own, within ``PostgresClient/withTransaction(context:deadline:_:)``.
/// Used after that has returned, it throws ``PostgresError/unavailable``.
///
/// After a statement has failed, the server refuses all others until the end (SQLSTATE 25P02); a body that returns
/// nevertheless makes the commit throw that state, because everything was rolled back.
package final class PostgresTransaction: Sendable {
    private let lease: Lease
    private let reactor: ReactorHandle

    init(lease: Lease, reactor: ReactorHandle) {
        self.lease = lease
        self.reactor = reactor
    }

    /// Runs one statement.
    ///
    /// - Returns: its rows.
    /// - Throws: ``PostgresError/server(_:constraint:)``; ``PostgresError/unavailable`` if the connection is lost (all
    ///   is rolled back); ``PostgresError/deadlineExceeded(sent:)`` at the transaction's deadline;
    ///   ``PostgresError/cancelled``.
    @discardableResult
    package func query(_ statement: Statement) async throws(PostgresError) -> [Row] {
        try await reactor.perform([statement], in: lease).firstRows
    }

    /// Runs statements in one round trip; those after one that fails don't run.
    ///
    /// - Returns: the rows of each.
    /// - Throws: as ``query(_:)``.
    @discardableResult
    package func query(_ statements: [Statement]) async throws(PostgresError) -> [[Row]] {
        guard !statements.isEmpty else { return [] }
        return try await reactor.perform(statements, in: lease).allRows
    }

    /// Runs the SQL text of a migration within this transaction; see ``PostgresClient/script(_:deadline:)``.
    package func script(_ sql: String) async throws(PostgresError) {
        _ = try await reactor.script(sql, lease: lease, deadline: nil)
    }
}
