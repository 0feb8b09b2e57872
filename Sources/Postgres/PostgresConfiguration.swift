/// How a ``PostgresClient`` reaches its database and how much it may hold.
package struct PostgresConfiguration: Sendable {
    /// A libpq connection string, as URI or as keywords. Several hosts and `target_session_attrs` pass through;
    /// with several hosts the client moves on to the next when one doesn't answer within ``connectTimeout``.
    /// It should hold no password: use ``password`` or libpq's `passfile`.
    package var connectionString: String
    /// Overrides a password of the connection string. Handed to libpq alone, which keeps its own copy.
    package var password: PostgresPassword?
    /// Connection string of the `LISTEN` connection; `nil` takes ``connectionString``. Behind a pooler in transaction
    /// mode it must name the server itself: notifications do not pass such a pooler.
    package var listenConnectionString: String?
    /// Connections kept open, 1…64. Few are fast: everything that waits in one turn shares a pipeline.
    package var poolSize: Int = 4
    /// Statements accepted and not yet sent; one more fails with ``PostgresError/queueFull``.
    package var maxQueued: Int = 10_000
    /// Longest time for one attempt to connect, the session's checks included.
    package var connectTimeout: Duration = .seconds(5)
    /// The server ends a statement after this time (`statement_timeout`). A request without a deadline of its own
    /// gets this plus one second.
    package var statementTimeout: Duration = .seconds(5)
    /// How long a request waits for a connection while none is up, before it fails with
    /// ``PostgresError/unavailable``; its own deadline still ends it earlier.
    package var unavailableGrace: Duration = .seconds(1)
    /// An idle connection that was silent for this long is asked for a sign of life.
    package var healthCheckInterval: Duration = .seconds(15)
    /// How long a shutdown lets accepted work finish.
    package var drainTimeout: Duration = .seconds(5)
    /// `false` behind a pooler in transaction mode that cannot follow prepared statements (PgBouncer before 1.21).
    /// Then nothing is set on the session either: the statement timeout travels inside every transaction.
    package var usePreparedStatements: Bool = true
    /// Shown in `pg_stat_activity`.
    package var applicationName: String = "sallyport"

    package init(connectionString: String) {
        self.connectionString = connectionString
    }
}

/// A database password: no description shows it. libpq wants it as a C string and keeps its own copy, so it is no
/// better protected than that copy; prefer a `passfile`, peer authentication or a client certificate.
package struct PostgresPassword: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The text itself, read by the connection attempt alone.
    let text: String

    package init(_ text: String) {
        self.text = text
    }

    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
