package import Domain

/// A catalogue entry: how one kind of system authenticates, is called and is verified. Data only; what the catalogue
/// hands out has passed its lint.
package struct Provider: Sendable {
    package let name: Slug
    /// For people; at most 200 characters.
    package let title: String
    /// An https URL for people who link an account, or none.
    package let documentation: String?
    /// What the account's owner enters, in the order to ask for it; at most 32.
    package let fields: [ProviderField]
    package let baseURL: Template
    /// Only with OAuth.
    package let tokenURL: Template?
    package let authentication: Authentication
    /// Sent with every request of a connection, whatever the caller sends under these names. A header whose field was not
    /// given is left out.
    package let headers: [HeaderTemplate]
    /// Sent with verification requests, where the service itself is the caller; left out as above.
    package let defaultHeaders: [HeaderTemplate]
    package let csrf: CSRFHandshake?
    package let verification: Verification

    package func field(_ name: String) -> ProviderField? { fields.first { $0.name == name } }

    /// Whether a use needs an access token from a token endpoint first.
    package var needsAccessToken: Bool { authentication.oauth2Client != nil }

    /// What is traded for an access token.
    package var grantInput: ProviderGrant {
        switch authentication {
        case .basic, .header, .query: .none
        case .oauth2ClientCredentials: .clientCredentials
        case .oauth2RefreshToken(_, let field): .refreshToken(field: field)
        }
    }
}

/// What a provider's token endpoint takes.
package enum ProviderGrant: Hashable, Sendable {
    /// There is no token endpoint.
    case none
    case clientCredentials
    /// A refresh token. `field` is the secret field with the first one: it is good until a token set is stored, never after.
    case refreshToken(field: String)
}

/// A header with a constant name.
package struct HeaderTemplate: Hashable, Sendable {
    /// Lower case.
    package let name: String
    package let value: Template
}
