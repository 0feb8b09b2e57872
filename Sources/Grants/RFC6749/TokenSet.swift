package import Domain
package import Sodium

/// What a token endpoint granted (RFC 6749 §5.1).
package struct TokenSet: Sendable {
    /// At most 64 KiB, visible ASCII only: fit for an `Authorization` header.
    package let accessToken: SecretBytes
    /// As the server wrote it, at most 64 of `[A-Za-z0-9_.-]`; compare without case. `Bearer` where it named none.
    package let tokenType: String
    /// Nil where the server named no lifetime, or one of zero or less: the token is then used until it is refused.
    package let expiresIn: Duration?
    /// ``expiresIn`` counted from the moment the request was sent.
    package let expiresAt: Timestamp?
    /// Nil where the server sent none: in a refresh that means to keep the old one.
    package let refreshToken: SecretBytes?
    /// Nil where the server named none: as asked for.
    package let scope: [String]?

    package init(
        accessToken: SecretBytes, tokenType: String, expiresIn: Duration?, expiresAt: Timestamp?,
        refreshToken: SecretBytes?, scope: [String]?
    ) {
        self.accessToken = accessToken
        self.tokenType = tokenType
        self.expiresIn = expiresIn
        self.expiresAt = expiresAt
        self.refreshToken = refreshToken
        self.scope = scope
    }
}
