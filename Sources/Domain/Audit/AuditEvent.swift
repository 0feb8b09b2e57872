/// One append-only line of who did what to which object, and how it ended. Values never appear in it.
package struct AuditEvent: Hashable, Sendable {
    package enum Action: String, Sendable, CaseIterable {
        case environmentCreated = "environment.created"
        case tenantCreated = "tenant.created"
        case tenantUpdated = "tenant.updated"
        case tenantDeleted = "tenant.deleted"
        case integrationCreated = "integration.created"
        case integrationUpdated = "integration.updated"
        case integrationDeleted = "integration.deleted"
        case connectionCreated = "connection.created"
        case connectionUpdated = "connection.updated"
        case connectionVerified = "connection.verified"
        case connectionDeleted = "connection.deleted"
        case apiKeyCreated = "api_key.created"
        case apiKeyRevoked = "api_key.revoked"
        case callerTokenIssued = "caller_token.issued"
        case credentialOpened = "credential.opened"
        case credentialRefreshed = "credential.refreshed"
        case upstreamTokenFetched = "upstream_token.fetched"
        case proxyUsed = "proxy.used"
        case envelopeRefused = "envelope.refused"
        case accessDenied = "access.denied"
    }

    package enum Outcome: String, Sendable, CaseIterable { case success, denied, failure }

    package let id: AuditEventID
    package let environmentID: EnvironmentID
    package let tenantID: TenantID?
    package let at: Timestamp
    /// ``Principal/auditName``, or `system` for the service's own work.
    package let actor: String
    package let action: Action
    package let outcome: Outcome
    /// The object's identifier in text form, or none.
    package let object: String?
    /// A closed code that says why, for denied and failed events.
    package let reason: String?
    /// The request that it belongs to.
    package let requestID: String?
    /// How many like it this row stands for: more than 1 for counted uses (`proxy.used`, `upstream_token.fetched`).
    package let count: Int64

    package init(
        id: AuditEventID, environmentID: EnvironmentID, tenantID: TenantID?, at: Timestamp, actor: String,
        action: Action, outcome: Outcome, object: String?, reason: String? = nil, requestID: String? = nil,
        count: Int64 = 1
    ) {
        self.id = id
        self.environmentID = environmentID
        self.tenantID = tenantID
        self.at = at
        self.actor = actor
        self.action = action
        self.outcome = outcome
        self.object = object
        self.reason = reason
        self.requestID = requestID
        self.count = count
    }
}
