package import Connections
package import Domain
package import Logging
package import Postgres

/// The sign of life of an instance: that it runs, which root keys it has loaded, and how its refreshes stand. Who rotates a
/// root key waits until every live instance reports the new one.
package struct Heartbeat: Sendable {
    private let database: Database
    private let instance: InstanceID

    package init(client: PostgresClient, instance: InstanceID, logger: Logger) {
        database = Database(client: client, logger: logger)
        self.instance = instance
    }

    /// Reports by the database's clock; call it every few seconds. The first one sets `started_at`.
    ///
    /// - Parameters:
    ///   - rootIDs: at most 16.
    ///   - report: a JSON text for operators, at most 64 KiB; nil leaves none.
    /// - Returns: the database's clock, read between the call and its return.
    @discardableResult
    package func beat(rootIDs: [String], report: String? = nil) async throws(StoreError) -> Timestamp {
        let now = try await database.writeUnguarded(
            Statement(
                """
                INSERT INTO sallyport.instances AS stored (id, root_ids, report) VALUES ($1, $2, $3::jsonb)
                ON CONFLICT (id) DO UPDATE
                SET seen_at = clock_timestamp(), root_ids = excluded.root_ids, report = excluded.report
                RETURNING clock_timestamp()
                """,
                [instance.value, .textArray(rootIDs), report.map { .json($0) } ?? .null])
        ).atMostOne { (row) throws(StoreError) in try row.timestamp() }
        guard let now else { throw .corrupt }
        return now
    }

    /// Removes the row: the last act of an orderly shutdown.
    package func leave() async throws(StoreError) {
        try await database.writeUnguarded(
            Statement("DELETE FROM sallyport.instances WHERE id = $1", [instance.value]))
    }
}
