import Domain
import Postgres

/// The statements that tell of a connection's life, where the change itself can't be the one that tells.
enum LifecycleStatements {
    /// - Parameter key: environment, tenant and connection.
    static func tell(_ event: LifecycleEvent, key: [PostgresValue]) -> Statement {
        Statement(
            """
            INSERT INTO sallyport.lifecycle_events (environment_id, tenant_id, connection_id, type)
            VALUES ($1, $2, $3, $4)
            """,
            key + [.text(event.rawValue)])
    }
}
