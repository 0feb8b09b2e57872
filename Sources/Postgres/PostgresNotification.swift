/// What a listener on a channel hears.
package enum PostgresNotification: Sendable, Equatable {
    /// A `NOTIFY` with its payload (empty if it had none, at most 8,000 bytes).
    case notified(payload: String)
    /// Listening has begun, or begun again after a lost connection or a full buffer: notifications in between are
    /// gone, so read anew whatever they announce. It comes first on every stream, once the server listens.
    case reconnected
}
