package import Logging

/// A handful of connections to one database, driven by one thread.
///
/// Statements may come from any task. What waits when the thread comes round goes out together: reads share a pipeline
/// and one synchronisation point, a write and a transaction have their own. The thread starts with the first use, so
/// a client works without ``run()``; whoever doesn't run it calls ``shutdown()``.
///
/// Every call ends by its deadline (default: the statement timeout plus one second), whatever the server does.
package final class PostgresClient: Sendable {
    private let reactor: ReactorHandle

    package init(configuration: PostgresConfiguration, logger: Logger) {
        reactor = ReactorHandle(configuration: configuration, logger: logger)
    }

    deinit {
        reactor.beginShutdown()
    }

    /// Keeps the connections up until the calling task is cancelled; then serves what was accepted (for at most
    /// ``PostgresConfiguration/drainTimeout``), closes every connection and returns.
    package func run() async {
        reactor.start()
        await withTaskCancellationHandler {
            await reactor.waitUntilStopped()
        } onCancel: {
            reactor.beginShutdown()
        }
    }

    /// Ends the client as a cancelled ``run()`` does, and returns when the thread has ended.
    package func shutdown() async {
        reactor.beginShutdown()
        await reactor.waitUntilStopped()
    }

    /// Runs a statement that changes nothing and may run twice: it shares a pipeline and a transaction with other
    /// reads, and is repeated alone if one of those fails or the connection is lost.
    ///
    /// - Returns: its rows, in the server's order.
    /// - Throws: ``PostgresError/unavailable``, ``PostgresError/deadlineExceeded(sent:)``,
    ///   ``PostgresError/server(_:constraint:)``, ``PostgresError/queueFull``, ``PostgresError/cancelled``,
    ///   ``PostgresError/shutdown``; never ``PostgresError/outcomeUnknown``.
    package func read(
        _ statement: Statement, context: SessionContext = .none, deadline: Duration? = nil
    ) async throws(PostgresError) -> [Row] {
        try await reactor.perform(.read, [statement], context: context, deadline: deadline).firstRows
    }

    /// Runs one statement in a transaction of its own. It is sent at most once, except when the server has said that
    /// nothing happened.
    ///
    /// Once sent, cancelling the caller doesn't end the wait: the outcome is returned, at the latest at the deadline.
    ///
    /// - Returns: the rows of `RETURNING`; without it none.
    /// - Throws: as ``read(_:context:deadline:)``, and ``PostgresError/outcomeUnknown``.
    @discardableResult
    package func write(
        _ statement: Statement, context: SessionContext = .none, deadline: Duration? = nil
    ) async throws(PostgresError) -> [Row] {
        try await reactor.perform(.write, [statement], context: context, deadline: deadline).firstRows
    }

    /// Runs the statements in one transaction and one round trip: all take effect or none. A statement cannot use
    /// what an earlier one returned; see ``withTransaction(context:deadline:_:)`` for that.
    ///
    /// - Returns: the rows of each statement, in order.
    /// - Throws: as ``write(_:context:deadline:)``; the server's error is that of the first statement that failed.
    @discardableResult
    package func transaction(
        _ statements: [Statement], context: SessionContext = .none, deadline: Duration? = nil
    ) async throws(PostgresError) -> [[Row]] {
        guard !statements.isEmpty else { return [] }
        return try await reactor.perform(.write, statements, context: context, deadline: deadline).allRows
    }

    /// Runs `body` in a transaction on a connection of its own: commits if it returns, rolls back if it throws.
    ///
    /// Holding a connection costs the others one; never wait for anything but the database inside. While all but one
    /// connection are held so, the next call waits.
    ///
    /// - Parameter deadline: for the whole transaction; default six times the statement timeout. When it passes, the
    ///   connection is given up and the server rolls back.
    /// - Throws: what `body` throws, else a ``PostgresError``; ``PostgresError/outcomeUnknown`` only if the connection
    ///   was lost while it committed.
    package func withTransaction<Result>(
        context: SessionContext = .none, deadline: Duration? = nil,
        _ body: (PostgresTransaction) async throws -> Result
    ) async throws -> Result {
        let lease = try await reactor.lease(context: context, deadline: deadline)
        let transaction = PostgresTransaction(lease: lease, reactor: reactor)
        let result: Result
        do {
            result = try await body(transaction)
        } catch {
            await reactor.rollBack(lease)
            throw error
        }
        try await reactor.commit(lease)
        return result
    }

    /// Runs the SQL text of a migration or of administration: several statements are allowed and make one
    /// transaction unless they say otherwise. No parameters, no rows.
    ///
    /// - Parameter sql: text that ships with the program, never put together from input.
    /// - Throws: as ``write(_:context:deadline:)``.
    package func script(_ sql: String, deadline: Duration? = nil) async throws(PostgresError) {
        _ = try await reactor.script(sql, lease: nil, deadline: deadline)
    }

    /// Listens on a channel with a connection that serves nothing else. The first element is
    /// ``PostgresNotification/reconnected``; the stream ends with the client, or at once for a malformed name.
    ///
    /// Up to 1,024 elements wait for a slow reader; then the oldest go and ``PostgresNotification/reconnected``
    /// stands for them. Dropping the stream ends the listening.
    ///
    /// - Parameter channel: 1…63 lower-case letters, digits and underscores, the first no digit.
    package func notifications(channel: String) -> AsyncStream<PostgresNotification> {
        reactor.notifications(channel: channel)
    }

    /// The state at the end of the thread's last turn.
    package var health: PostgresHealth { reactor.health }

    /// A task executor that runs tasks on the client's own thread, which saves two thread switches a statement. For
    /// tasks that do little beside their statements: whatever runs there holds up every other statement.
    package var executor: any TaskExecutor { reactor }
}
