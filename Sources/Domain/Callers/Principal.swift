/// An authenticated caller and what it may do.
package struct Principal: Hashable, Sendable {
    package enum Identity: Hashable, Sendable {
        case apiKey(APIKeyID)
        /// A caller token, by its `jti`, and the API key that it was issued to.
        case callerToken(String, APIKeyID)
        /// The administrative command line on the machine itself.
        case commandLine
    }

    package let identity: Identity
    package let environmentID: EnvironmentID
    /// The one tenant that the caller may touch; nil for every tenant of the environment.
    package let tenantID: TenantID?
    package let permissions: PermissionSet
    /// Narrows a caller token further; nil for an API key.
    package let restriction: CallerRestriction?

    package init(
        identity: Identity, environmentID: EnvironmentID, tenantID: TenantID?, permissions: PermissionSet,
        restriction: CallerRestriction? = nil
    ) {
        self.identity = identity
        self.environmentID = environmentID
        self.tenantID = tenantID
        self.permissions = permissions
        self.restriction = restriction
    }

    package var readScope: ReadScope { ReadScope(environmentID: environmentID, tenantID: tenantID) }

    /// How the caller stands in audit events: never a secret.
    package var auditName: String {
        switch identity {
        case .apiKey(let key): key.description
        case .callerToken(_, let key): key.description
        case .commandLine: "cli"
        }
    }
}

/// The limits of a caller token (RFC 9396 `authorization_details`); an empty list means no limit of that kind.
package struct CallerRestriction: Hashable, Sendable {
    package let connections: [ConnectionID]
    /// Upper case.
    package let methods: [String]
    /// Decoded path prefixes below the connection, each beginning with `/`; they match whole segments.
    package let pathPrefixes: [String]

    package init(connections: [ConnectionID] = [], methods: [String] = [], pathPrefixes: [String] = []) {
        self.connections = connections
        self.methods = methods
        self.pathPrefixes = pathPrefixes
    }
}
