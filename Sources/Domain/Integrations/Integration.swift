/// A provider configured in an environment.
package struct Integration: Hashable, Sendable {
    package let id: IntegrationID
    package let environmentID: EnvironmentID
    /// Unique in the environment; what people call it by.
    package let name: Slug
    /// The catalogue entry's name.
    package let provider: Slug
    package var settings: IntegrationSettings
    /// Whether a client secret is stored; its value never leaves the vault.
    package var hasClientSecret: Bool
    /// Grows with each change; what compare-and-set writes and the secret's AAD refer to.
    package var version: Int64
    package let createdAt: Timestamp
    package var updatedAt: Timestamp

    package init(
        id: IntegrationID, environmentID: EnvironmentID, name: Slug, provider: Slug, settings: IntegrationSettings,
        hasClientSecret: Bool, version: Int64, createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.id = id
        self.environmentID = environmentID
        self.name = name
        self.provider = provider
        self.settings = settings
        self.hasClientSecret = hasClientSecret
        self.version = version
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// What an operator decides for an integration; nothing in it is secret.
package struct IntegrationSettings: Hashable, Sendable {
    /// OAuth client id that the whole environment uses, where the provider doesn't ask each tenant for one.
    package var clientID: String?
    /// Scopes to ask for; empty leaves the provider's own.
    package var scopes: [String]
    /// Replaces the provider's base URL template; the same placeholders and rules.
    package var baseURL: String?
    /// Replaces the provider's token URL template; the same placeholders and rules.
    package var tokenURL: String?
    /// Non-public ranges that requests of this integration may reach.
    package var allowedNetworks: [CIDR]
    /// Whether `http` is allowed to the upstream and the token endpoint.
    package var allowsPlainHTTP: Bool
    /// Whether backends may fetch the upstream's access token instead of using the proxy.
    package var allowsTokenFetch: Bool
    /// PEM certificates to trust besides the system's, for systems behind a private authority; at most 64 KiB.
    package var trustedCertificates: String?

    package init(
        clientID: String? = nil, scopes: [String] = [], baseURL: String? = nil, tokenURL: String? = nil,
        allowedNetworks: [CIDR] = [], allowsPlainHTTP: Bool = false, allowsTokenFetch: Bool = false,
        trustedCertificates: String? = nil
    ) {
        self.clientID = clientID
        self.scopes = scopes
        self.baseURL = baseURL
        self.tokenURL = tokenURL
        self.allowedNetworks = allowedNetworks
        self.allowsPlainHTTP = allowsPlainHTTP
        self.allowsTokenFetch = allowsTokenFetch
        self.trustedCertificates = trustedCertificates
    }

    package var destination: DestinationPolicy {
        DestinationPolicy(allowedNetworks: allowedNetworks, allowsPlainHTTP: allowsPlainHTTP)
    }
}
