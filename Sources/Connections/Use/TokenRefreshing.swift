package import Domain
package import Sodium

/// The port through which every token is obtained: one flight for each connection, whoever and however many ask.
package protocol TokenRefreshing: Sendable {
    /// A token set newer than `stored.tokenSet` (or than none). Joins a flight that is under way.
    ///
    /// - Parameters:
    ///   - stored: the connection as it was read; the flight reads it again under its lease.
    ///   - deadline: how long this caller waits; the flight goes on without it.
    ///   - isForced: somebody asked for this refresh by name: the connection's own back-off doesn't hold it. The cap on
    ///     attempts, the endpoint's limits and an attempt whose outcome nobody knows yet still do.
    func refreshedTokenSet(
        of stored: StoredConnection, isForced: Bool, deadline: ContinuousClock.Instant
    ) async throws(RefreshError) -> OpenedTokenSet
    /// Sees to it that a connection whose token is past its renewal gets another, and returns at once: starts a flight, joins
    /// one, or does nothing where the connection backs off, the flights are at their bound or the engine drains. Called for
    /// each opening of such a connection, so it must cost next to nothing where there is nothing to do.
    func nudge(of stored: StoredConnection)
}

extension TokenRefreshing {
    package func refreshedTokenSet(
        of stored: StoredConnection, deadline: ContinuousClock.Instant
    ) async throws(RefreshError) -> OpenedTokenSet {
        try await refreshedTokenSet(of: stored, isForced: false, deadline: deadline)
    }
}

/// An opened token set.
package struct OpenedTokenSet: Sendable {
    package let accessToken: SecretBytes
    package let tokenType: String
    package let refreshToken: SecretBytes?
    /// When the request for it was sent, on our clock: its lifetime counts from there.
    package let obtainedAt: Timestamp
    package let times: TokenTimes
    /// Of its record; grows with each refresh.
    package let recordVersion: Int64
    /// Record version of the entered credential that it was obtained with. A token goes only where that credential belongs:
    /// whoever read another one reads again.
    package let credentialVersion: Int64

    package init(
        accessToken: SecretBytes, tokenType: String, refreshToken: SecretBytes?, obtainedAt: Timestamp,
        times: TokenTimes, recordVersion: Int64, credentialVersion: Int64
    ) {
        self.accessToken = accessToken
        self.tokenType = tokenType
        self.refreshToken = refreshToken
        self.obtainedAt = obtainedAt
        self.times = times
        self.recordVersion = recordVersion
        self.credentialVersion = credentialVersion
    }
}

package enum RefreshError: Error, Hashable, Sendable {
    /// The grant ended or the credential was refused: link again.
    case ended(StatusReason)
    /// It failed for now, and nobody tries before this time has passed.
    case backingOff(StatusReason, remaining: Duration)
    /// This caller's deadline passed; the flight goes on.
    case timedOut
    case storeUnavailable
    case envelopeRefused
    case notFound
    /// As many flights as allowed are under way already: repeat after a moment.
    case overloaded
    /// The connection no longer fits the catalogue, or a fault of ours; the log has the details.
    case internalFailure
}
