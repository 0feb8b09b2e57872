/// A picture of a client at one moment, for readiness checks and metrics.
package struct PostgresHealth: Sendable, Equatable {
    /// Why the last connection ended or could not be made.
    package enum ConnectionFailure: Sendable, Equatable {
        /// No address answered, or the connection broke.
        case network
        /// Nothing was heard within the time allowed.
        case timeout
        /// The server refused the session or ended it.
        case server(SQLState)

        /// A stable code for logs and metrics.
        package var code: String {
            switch self {
            case .network: "network"
            case .timeout: "timeout"
            case .server(let state): state.code
            }
        }
    }

    /// Connections that are up, the `LISTEN` connection not counted.
    package var connected: Int = 0
    /// Whether the `LISTEN` connection is up; `false` too while nobody listens.
    package var isListening: Bool = false
    /// Requests that wait to be sent.
    package var queued: Int = 0
    /// Requests that were sent and not answered.
    package var inFlight: Int = 0
    /// Connections opened since the start.
    package var opened: Int = 0
    /// The latest failure of a connection; `nil` while every one holds since the start.
    package var lastFailure: ConnectionFailure?

    /// Whether a request can be served now.
    package var isAvailable: Bool { connected > 0 }
}
