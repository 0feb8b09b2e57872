/// Why an API key isn't accepted.
package enum AuthenticationError: Error, Hashable, Sendable {
    /// Not well-formed, unknown, wrong, expired or revoked: one answer for all, 401.
    case refused
    /// The database is away: 503. Nothing is known about the key.
    case storeUnavailable
}
