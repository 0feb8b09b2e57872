package import Connections
package import Domain
package import Logging
package import Postgres

/// The sign of life of an instance: that it runs, and which root keys it has loaded. Who rotates a root key waits until
/// every live instance reports the new one.
package struct Heartbeat: Sendable {
    private let database: Database
    private let instance: InstanceID

    package init(client: PostgresClient, instance: InstanceID, logger: Logger) {
        database = Database(client: client, logger: logger)
        self.instance = instance
    }

    /// Reports by the database's clock; call it every few seconds. The first one sets `started_at`.
    ///
    /// - Parameter rootIDs: at most 16.
    package func beat(rootIDs: [String]) async throws(StoreError) {
        try await database.writeUnguarded(
            Statement(
                """
                INSERT INTO sallyport.instances AS stored (id, root_ids) VALUES ($1, $2)
                ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp(), root_ids = excluded.root_ids
                """,
                [instance.value, .textArray(rootIDs)]))
    }

    /// Removes the row: the last act of an orderly shutdown.
    package func leave() async throws(StoreError) {
        try await database.writeUnguarded(
            Statement("DELETE FROM sallyport.instances WHERE id = $1", [instance.value]))
    }
}
