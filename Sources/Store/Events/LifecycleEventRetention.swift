package import Connections
package import Logging
package import Postgres

/// Deletes lifecycle events of every environment that have been kept long enough.
package struct LifecycleEventRetention: Sendable {
    private let database: Database

    package init(client: PostgresClient, logger: Logger) {
        database = Database(client: client, logger: logger)
    }

    /// Deletes one batch of those that are older than `age` by the database's clock, the oldest first; repeat while the
    /// batch comes out full. Safe from several instances at once.
    ///
    /// - Parameter batch: at most so many rows, in one transaction.
    /// - Returns: how many were deleted.
    package func deleteExpired(olderThan age: Duration, batch: Int = 1_000) async throws(StoreError) -> Int {
        let rows = try await database.write(
            [Statement(Self.delete, [.duration(age), .int(Int64(batch))])], in: .inIndexOrder)
        let deleted = try rows.first?.atMostOne { (row) throws(StoreError) in try row.int() }
        return Int(deleted ?? 0)
    }

    /// By the place of the rows: they are never changed, so a place that was read is the same row's or nobody's.
    private static let delete: StaticString = """
        WITH deleted AS (
            DELETE FROM sallyport.lifecycle_events
            WHERE ctid = ANY (
                ARRAY (
                    SELECT ctid FROM sallyport.lifecycle_events
                    WHERE at < statement_timestamp() - $1::double precision * interval '1 microsecond'
                    ORDER BY at LIMIT $2
                )
            )
            RETURNING 1
        )
        SELECT count(*) FROM deleted
        """
}
