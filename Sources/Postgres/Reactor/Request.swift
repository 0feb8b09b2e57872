/// Work as a task hands it to the reactor: immutable, with the way back.
struct Request: Sendable {
    enum Kind: Sendable {
        /// May run twice; shares a synchronisation point.
        case read
        /// One transaction, sent once.
        case write
        /// Takes a connection and begins a transaction on it.
        case begin(Lease)
        /// Statements within a held transaction.
        case leased(Lease)
        case commit(Lease)
        case rollBack(Lease)
        /// SQL text of several statements, within a held transaction or on its own.
        case script(String, Lease?)
    }

    /// Unique within the client and growing: also the order of arrival.
    let id: UInt64
    let kind: Kind
    let statements: [Statement]
    let context: SessionContext
    /// When the caller stops to wait, on the monotonic clock.
    let deadlineAt: Instant
    /// Without a connection by then, the request fails as unavailable.
    let graceEndsAt: Instant
    let continuation: CheckedContinuation<Result<Answer, PostgresError>, Never>
}

/// A held connection: the number of the transaction on it, and when it is taken away.
struct Lease: Sendable {
    let id: UInt64
    let deadlineAt: Instant
}

/// What came back: the result of each statement, in order.
struct Answer: Sendable {
    var tables: [ResultTable] = []

    /// Rows of the only statement.
    var firstRows: [Row] { tables.first?.rows ?? [] }
    /// Rows of every statement.
    var allRows: [[Row]] { tables.map(\.rows) }
}
