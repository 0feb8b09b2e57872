package import Connections
package import Domain
package import Logging
package import Postgres

/// An instance as it last reported itself; all times by the database's clock.
package struct InstanceReport: Hashable, Sendable {
    package let id: InstanceID
    package let startedAt: Timestamp
    /// Of its last sign of life. One that was killed leaves its row behind.
    package let seenAt: Timestamp
    /// How long ago that was when it was asked for.
    package let silentFor: Duration
    /// The JSON text that it wrote of itself; nil for an instance that writes none.
    package let report: String?
}

/// What operators ask about the instances of an installation.
package struct InstanceQueries: Sendable {
    /// Rows in one answer.
    package static let maxCount = 1_000

    private let database: Database

    package init(client: PostgresClient, logger: Logger) {
        database = Database(client: client, logger: logger)
    }

    /// Every instance that has a row, the last one seen first; at most ``maxCount``.
    package func all() async throws(StoreError) -> [InstanceReport] {
        try await database.readUnguarded(
            Statement(
                """
                SELECT id, started_at, seen_at,
                    (extract(epoch FROM statement_timestamp() - seen_at) * 1000000)::bigint, report::text
                FROM sallyport.instances
                ORDER BY seen_at DESC, id LIMIT $1
                """,
                [.int(Int64(Self.maxCount))])
        ).decoded { (row) throws(StoreError) in
            InstanceReport(
                id: try row.id(), startedAt: try row.timestamp(), seenAt: try row.timestamp(),
                silentFor: .microseconds(try row.int()), report: try row.optionalText())
        }
    }
}
