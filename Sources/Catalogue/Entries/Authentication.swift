package import Grants

/// What a provider's credential adds to a request. Templates may use secret fields here, and only here.
package enum Authentication: Hashable, Sendable {
    /// RFC 7617.
    case basic(username: Template, password: Template)
    /// A header; its name may come from a plain field.
    case header(name: Template, value: Template)
    /// A query parameter.
    case query(name: String, value: Template)
    /// RFC 6749 §4.4; the token goes into `Authorization: Bearer`.
    case oauth2ClientCredentials(OAuth2Client)
    /// RFC 6749 §6: an account's owner, or a link elsewhere, gives the first refresh token, in this secret field; each
    /// refresh gives the next. The access token goes into `Authorization: Bearer`.
    case oauth2RefreshToken(OAuth2Client, refreshTokenField: String)

    /// How a client shows itself to a token endpoint, and what it asks for.
    package struct OAuth2Client: Hashable, Sendable {
        package let clientID: Template
        package let clientSecret: Template
        package let clientAuthentication: ClientAuthentication
        /// Asked for where the integration names none.
        package let scopes: [String]
        /// Further form parameters, plain fields only, in order. One whose optional field was not given is left out.
        package let parameters: [Parameter]
    }

    package struct Parameter: Hashable, Sendable {
        package let name: String
        package let value: Template
    }

    /// Every template of it.
    var templates: [Template] {
        switch self {
        case .basic(let username, let password): [username, password]
        case .header(let name, let value): [name, value]
        case .query(_, let value): [value]
        case .oauth2ClientCredentials(let client), .oauth2RefreshToken(let client, _):
            [client.clientID, client.clientSecret] + client.parameters.map(\.value)
        }
    }

    /// The client of a token endpoint, whatever the grant; nil where there is no token endpoint.
    var oauth2Client: OAuth2Client? {
        switch self {
        case .basic, .header, .query: nil
        case .oauth2ClientCredentials(let client), .oauth2RefreshToken(let client, _): client
        }
    }

    /// The word in an entry's `type`.
    package var kind: Kind {
        switch self {
        case .basic: .basic
        case .header: .header
        case .query: .query
        case .oauth2ClientCredentials: .oauth2ClientCredentials
        case .oauth2RefreshToken: .oauth2RefreshToken
        }
    }

    package enum Kind: String, Sendable, CaseIterable {
        case basic, header, query
        case oauth2ClientCredentials = "oauth2_client_credentials"
        case oauth2RefreshToken = "oauth2_refresh_token"
    }
}
