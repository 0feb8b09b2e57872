/// One tenant's linked account on one integration: what a token or proxy call addresses.
package struct Connection: Hashable, Sendable {
    package let id: ConnectionID
    package let scope: TenantScope
    package let integrationID: IntegrationID
    /// For people; at most 200 characters, or none.
    package var displayName: String?
    package var status: ConnectionStatus
    /// Why the status is what it is; a closed code, none while all is well. A suspended connection that must be linked again
    /// keeps the reason for that, so that resuming it doesn't hide it.
    package var statusReason: StatusReason?
    /// Fixed when the account is linked; the proxy sends nowhere else.
    package var origin: Origin
    /// The provider's non-secret fields as they were given, by field name.
    package var fields: [String: String]
    /// Grows with each change; what compare-and-set writes and `If-Match` refer to.
    package var version: Int64
    package let createdAt: Timestamp
    package var updatedAt: Timestamp
    /// When a real call last succeeded with the credential.
    package var verifiedAt: Timestamp?

    package init(
        id: ConnectionID, scope: TenantScope, integrationID: IntegrationID, displayName: String?,
        status: ConnectionStatus, statusReason: StatusReason?, origin: Origin, fields: [String: String],
        version: Int64, createdAt: Timestamp, updatedAt: Timestamp, verifiedAt: Timestamp?
    ) {
        self.id = id
        self.scope = scope
        self.integrationID = integrationID
        self.displayName = displayName
        self.status = status
        self.statusReason = statusReason
        self.origin = origin
        self.fields = fields
        self.version = version
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.verifiedAt = verifiedAt
    }

    /// Where it stands in its life.
    package var standing: ConnectionLifecycle.Standing { .init(status, statusReason) }

    /// Moves as ``ConnectionLifecycle`` says.
    package mutating func apply(_ event: ConnectionLifecycle.Event) {
        let now = ConnectionLifecycle.after(event, standing)
        status = now.status
        statusReason = now.reason
    }
}

/// Where a connection is in its life. Deleted rows are gone; there is no state for them.
package enum ConnectionStatus: String, Sendable, CaseIterable {
    /// Stored but not verified yet; becomes `active` by a verification that succeeds.
    case pending
    /// Usable; becomes `backing_off` when a refresh fails for a while, `reauth_required` when its grant has ended.
    case active
    /// The last refresh failed and is repeated; a current token is still served while it is valid.
    case backingOff = "backing_off"
    /// The credential was refused for good; only linking again helps.
    case reauthRequired = "reauth_required"
    /// Switched off by an operator; refuses every use.
    case suspended
}

/// Why a connection's status is what it is.
package enum StatusReason: String, Sendable, CaseIterable {
    case credentialRefused = "credential_refused"
    case invalidGrant = "invalid_grant"
    case invalidClient = "invalid_client"
    case tokenEndpointUnreachable = "token_endpoint_unreachable"
    case tokenEndpointRefused = "token_endpoint_refused"
    case tokenEndpointMalformed = "token_endpoint_malformed"
    case rateLimited = "rate_limited"
    case outcomeUnknown = "outcome_unknown"
    /// A refresh token was spent and its answer never arrived; the server no longer takes the old one.
    case answerLost = "answer_lost"
    /// TLS to the token endpoint can't be made, its host has no address, or the integration doesn't allow it.
    case tokenEndpointMisconfigured = "token_endpoint_misconfigured"
    /// The connection has had all attempts of its hour.
    case attemptsExhausted = "attempts_exhausted"
    case byOperator = "by_operator"
}
