/// Why a statement gave no rows. Holds codes and names of the schema only: no SQL, no value, no host, no server text.
package enum PostgresError: Error, Sendable, Equatable {
    /// No connection was to be had, or it was lost before the statement could take effect. Nothing happened: repeat
    /// freely, after a pause.
    case unavailable
    /// The deadline passed. `sent: false`: it still waited in the queue, nothing happened. `sent: true`: it may have
    /// taken effect; its connection was given up.
    case deadlineExceeded(sent: Bool)
    /// The connection was lost after a write was sent and before its outcome arrived: look before you repeat.
    case outcomeUnknown
    /// The server refused; the transaction is rolled back. `constraint` is the violated constraint's name, if any.
    case server(SQLState, constraint: String?)
    /// More work waits than ``PostgresConfiguration/maxQueued``. Nothing was sent.
    case queueFull
    /// A column, counted from 0, holds `NULL` or another type than was asked for, or the row has no such column.
    case decoding(column: Int)
    /// One row was asked for and `count` arrived.
    case rowCount(Int)
    /// The calling task was cancelled before the statement was sent, or while a read was in flight.
    case cancelled
    /// The client is shut down, or shutting down. Nothing was sent.
    case shutdown

    /// Whether repeating the same call cannot do its work twice and may succeed. Nothing needs to be inferred beside it.
    package var isSafeToRetry: Bool {
        switch self {
        case .unavailable, .queueFull: true
        case .deadlineExceeded(let sent): !sent
        case .server(let state, _): state.isTransient
        case .outcomeUnknown, .decoding, .rowCount, .cancelled, .shutdown: false
        }
    }
}

extension PostgresError: CustomStringConvertible {
    /// A stable code for logs and metrics.
    package var description: String {
        switch self {
        case .unavailable: "postgres.unavailable"
        case .deadlineExceeded(let sent): sent ? "postgres.deadline_exceeded.sent" : "postgres.deadline_exceeded.queued"
        case .outcomeUnknown: "postgres.outcome_unknown"
        case .server(let state, let constraint):
            constraint.map { "postgres.server.\(state.code).\($0)" } ?? "postgres.server.\(state.code)"
        case .queueFull: "postgres.queue_full"
        case .decoding(let column): "postgres.decoding.column_\(column)"
        case .rowCount(let count): "postgres.row_count.\(count)"
        case .cancelled: "postgres.cancelled"
        case .shutdown: "postgres.shutdown"
        }
    }
}
