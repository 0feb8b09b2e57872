package import Domain
package import Sodium

/// A caller token, fresh from the issuer.
package struct IssuedToken: Sendable {
    /// JWS compact form, ASCII.
    package let text: SecretBytes
    /// Whole seconds.
    package let expiresIn: Duration
    /// What it was granted, at most what was asked for.
    package let scope: PermissionSet
    package let jti: String
}

/// Why no caller token is issued.
package enum CallerTokenIssueError: Error, Hashable, Sendable {
    /// The principal isn't an API key: a caller token or the command line can't have another token issued.
    case notAnAPIKey
    /// The key is bound to another tenant: answer as for a tenant that doesn't exist.
    case tenantNotFound
    /// Asked for permissions that the key lacks, that a caller token may not carry, or for none at all
    /// (`invalid_scope`, RFC 6749 §5.2).
    case invalidScope
    /// A restriction out of its bounds, or a value in it that isn't well-formed (`invalid_authorization_details`,
    /// RFC 9396 §5).
    case invalidRestriction
    /// Out of ``CallerTokenFormat/shortestLifetime`` to ``CallerTokenFormat/longestLifetime``.
    case invalidLifetime
    /// The environment's signing key can't be read or opened now; repeat later.
    case signingKeyUnavailable
}
