package import Connections
package import Identity
package import Observability

/// What the control plane's handlers use, wired by the executable.
package struct ControlPlaneServices: Sendable {
    let tenants: TenantAdministration
    let integrations: IntegrationAdministration
    let connections: ConnectionLinking
    let apiKeys: APIKeyAdministration
    let audit: AuditReading
    let providers: ProviderListing
    let authenticator: APIKeyAuthenticator
    let tokenEndpoint: TokenEndpoint
    let issuer: String
    let signingKeys: SigningKeys
    let cursors: CursorCodec
    let metrics: MetricRegistry
    let readiness: @Sendable () async -> Readiness

    /// - Parameters:
    ///   - issuer: of caller tokens: an https URL without a trailing slash, as callers reach this listener.
    ///   - readiness: asks database and root key, within a second or two; called for `/health/ready`.
    package init(
        tenants: TenantAdministration, integrations: IntegrationAdministration, connections: ConnectionLinking,
        apiKeys: APIKeyAdministration, audit: AuditReading, providers: ProviderListing,
        authenticator: APIKeyAuthenticator, tokens: CallerTokenGranting, issuer: String, signingKeys: SigningKeys,
        cursors: CursorCodec, metrics: MetricRegistry, readiness: @escaping @Sendable () async -> Readiness
    ) {
        self.tenants = tenants
        self.integrations = integrations
        self.connections = connections
        self.apiKeys = apiKeys
        self.audit = audit
        self.providers = providers
        self.authenticator = authenticator
        tokenEndpoint = TokenEndpoint(authenticator: authenticator, tokens: tokens)
        self.issuer = issuer
        self.signingKeys = signingKeys
        self.cursors = cursors
        self.metrics = metrics
        self.readiness = readiness
    }
}

/// Whether what every request needs answers.
package struct Readiness: Hashable, Sendable {
    package let database: Bool
    package let rootKey: Bool

    package init(database: Bool, rootKey: Bool) {
        self.database = database
        self.rootKey = rootKey
    }

    var isReady: Bool { database && rootKey }
}
