package import Domain
package import Sodium

/// A connection opened for use: where it may go and what to add on the way. Immutable; shared by whoever caches it.
package final class UsableConnection: Sendable {
    package let id: ConnectionID
    package let scope: TenantScope
    package let integrationID: IntegrationID
    package let origin: Origin
    package let destination: DestinationPolicy
    /// PEM certificates to trust besides the system's.
    package let trustedCertificates: String?
    package let injection: PreparedInjection
    /// The upstream's access token where the credential is a token set and the integration allows fetching it.
    package let fetchableToken: FetchableToken?
    /// Whether a 401 of the upstream can be answered by obtaining another token.
    package let isRefreshable: Bool
    /// SAP's anti-forgery handshake before modifying requests, where the provider asks for it.
    package let csrf: CSRFHandshake?
    /// After this instant the holder asks for the connection again. Nil: until an announcement says so.
    package let usableUntil: Timestamp?
    /// Versions of connection and token set, by which a holder tells an older one from a newer one.
    package let generation: Generation

    package struct Generation: Hashable, Sendable {
        package let connectionVersion: Int64
        package let tokenSetVersion: Int64

        package init(connectionVersion: Int64, tokenSetVersion: Int64) {
            self.connectionVersion = connectionVersion
            self.tokenSetVersion = tokenSetVersion
        }
    }

    package init(
        id: ConnectionID, scope: TenantScope, integrationID: IntegrationID, origin: Origin,
        destination: DestinationPolicy, trustedCertificates: String?, injection: PreparedInjection,
        fetchableToken: FetchableToken?, isRefreshable: Bool, csrf: CSRFHandshake?, usableUntil: Timestamp?,
        generation: Generation
    ) {
        self.id = id
        self.scope = scope
        self.integrationID = integrationID
        self.origin = origin
        self.destination = destination
        self.trustedCertificates = trustedCertificates
        self.injection = injection
        self.fetchableToken = fetchableToken
        self.isRefreshable = isRefreshable
        self.csrf = csrf
        self.usableUntil = usableUntil
        self.generation = generation
    }
}

package struct FetchableToken: Sendable {
    package let accessToken: SecretBytes
    /// As the server named it, `Bearer` where it named none.
    package let tokenType: String
    package let expiresAt: Timestamp?

    package init(accessToken: SecretBytes, tokenType: String, expiresAt: Timestamp?) {
        self.accessToken = accessToken
        self.tokenType = tokenType
        self.expiresAt = expiresAt
    }
}

/// Why a connection can't be used now.
package enum UseError: Error, Hashable, Sendable {
    /// Not there, or not this caller's: 404.
    case notFound
    /// The caller's permissions or restrictions don't cover it: 403.
    case denied
    /// The account must be linked again: 409.
    case reauthRequired(StatusReason?)
    /// Switched off by an operator: 409.
    case suspended
    /// Stored without a verification, and none has succeeded since: 409.
    case notVerified
    /// No token now, and none before this time: 503 with `Retry-After`.
    case backingOff(remaining: Duration)
    /// The integration doesn't allow fetching tokens, or the credential has none: 403 / 409.
    case notFetchable
    /// The database is away: 503.
    case storeUnavailable
    /// The stored credential doesn't open: 500, with an audit event.
    case envelopeRefused
    /// The deadline passed while somebody else obtained the token: 504.
    case timedOut
    /// The stored connection no longer fits the catalogue, or a fault of ours: 500; the log has the details.
    case internalFailure
}

/// Opens connections for use. Each call reads and decrypts; callers keep the answer and drop it when an announcement or
/// ``UsableConnection/usableUntil`` says so.
package protocol ConnectionOpening: Sendable {
    /// Checks that the principal may use it, opens the credential, obtains an access token if one is missing or about to
    /// expire, and writes the audit event of the opening before it answers.
    func open(
        _ id: ConnectionID, for principal: Principal, deadline: ContinuousClock.Instant
    ) async throws(UseError) -> UsableConnection
    /// After a 401: another token unless somebody obtained a newer one than `stale` already.
    func reopen(
        _ stale: UsableConnection, for principal: Principal, deadline: ContinuousClock.Instant
    ) async throws(UseError) -> UsableConnection
}
