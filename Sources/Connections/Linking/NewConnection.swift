package import Domain
package import Sodium

/// Which integration a request means.
package enum IntegrationReference: Hashable, Sendable {
    case id(IntegrationID)
    case name(Slug)
}

/// An account to link.
package struct NewConnection: Sendable {
    package var tenantID: TenantID
    package var integration: IntegrationReference
    /// At most 200 characters.
    package var displayName: String?
    /// The provider's plain fields by name.
    package var fields: [String: String]
    /// The provider's secret fields by name.
    package var secrets: [String: SecretBytes]
    /// False stores it as `pending`, unusable until a verification succeeds.
    package var verify: Bool

    package init(
        tenantID: TenantID, integration: IntegrationReference, displayName: String? = nil,
        fields: [String: String] = [:], secrets: [String: SecretBytes] = [:], verify: Bool = true
    ) {
        self.tenantID = tenantID
        self.integration = integration
        self.displayName = displayName
        self.fields = fields
        self.secrets = secrets
        self.verify = verify
    }
}

/// A change of one member: left as it is, or set (to nil, where it may be absent).
package enum Change<Value: Sendable>: Sendable {
    case keep
    case set(Value)
}

/// What changes on a connection; what is not named stays.
package struct ConnectionChange: Sendable {
    package var displayName: Change<String?>
    /// Plain fields to set (or, with nil, to remove), by name; others stay.
    package var fields: [String: String?]
    /// Secret fields to replace, by name; others stay, unless the destination changes: then all must be given.
    package var secrets: [String: SecretBytes]
    /// True suspends, false resumes, nil leaves.
    package var suspended: Bool?
    /// Whether new fields or secrets are verified before they are stored; false leaves the connection `pending`.
    package var verify: Bool
    /// `If-Match`: the version that the caller read; nil takes whatever is stored.
    package var expectedVersion: Int64?

    package init(
        displayName: Change<String?> = .keep, fields: [String: String?] = [:], secrets: [String: SecretBytes] = [:],
        suspended: Bool? = nil, verify: Bool = true, expectedVersion: Int64? = nil
    ) {
        self.displayName = displayName
        self.fields = fields
        self.secrets = secrets
        self.suspended = suspended
        self.verify = verify
        self.expectedVersion = expectedVersion
    }
}

/// Which connections a list shows, within what the caller may see.
package struct ConnectionFilter: Hashable, Sendable {
    package var tenantID: TenantID?
    package var integrationID: IntegrationID?
    package var status: ConnectionStatus?

    package init(tenantID: TenantID? = nil, integrationID: IntegrationID? = nil, status: ConnectionStatus? = nil) {
        self.tenantID = tenantID
        self.integrationID = integrationID
        self.status = status
    }
}

extension ConnectionFilter {
    /// Whether a connection within the scope passes integration and status.
    func admits(_ connection: Connection) -> Bool {
        (integrationID == nil || integrationID == connection.integrationID)
            && (status == nil || status == connection.status)
    }
}
