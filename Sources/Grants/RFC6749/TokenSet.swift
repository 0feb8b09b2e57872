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
    /// How long the refresh token holds if it isn't used, from the moment the request was sent; nil where the server named no
    /// lifetime, or one of zero or less, which means "until revoked" where it is sent. No standard names the member: servers
    /// write `refresh_expires_in`, `refresh_token_expires_in` or `x_refresh_token_expires_in`.
    package let refreshTokenExpiresIn: Duration?
    /// Nil where the server named none: as asked for.
    package let scope: [String]?

    package init(
        accessToken: SecretBytes, tokenType: String, expiresIn: Duration?, expiresAt: Timestamp?,
        refreshToken: SecretBytes?, refreshTokenExpiresIn: Duration? = nil, scope: [String]?
    ) {
        self.accessToken = accessToken
        self.tokenType = tokenType
        self.expiresIn = expiresIn
        self.expiresAt = expiresAt
        self.refreshToken = refreshToken
        self.refreshTokenExpiresIn = refreshTokenExpiresIn
        self.scope = scope
    }
}

extension TokenSet {
    /// The same with another refresh token, or none.
    package func keeping(refreshToken: SecretBytes?) -> TokenSet {
        TokenSet(
            accessToken: accessToken, tokenType: tokenType, expiresIn: expiresIn, expiresAt: expiresAt,
            refreshToken: refreshToken, refreshTokenExpiresIn: refreshTokenExpiresIn, scope: scope)
    }

    /// Whether the server says that it granted less than was asked for (RFC 6749 §3.3); scopes compare by case.
    ///
    /// Two kinds of scope are asked for and never named in an answer: `offline_access` (OpenID Connect Core §11), which a
    /// refresh token stands for, and names that end with `/.default`, which one large server replaces by what they mean.
    package func lacksScope(of asked: [String]) -> Bool {
        guard let scope else { return false }
        let granted = Set(scope)
        return asked.contains { name in
            let isNeverNamed = name == "offline_access" && refreshToken != nil || name.hasSuffix("/.default")
            return !isNeverNamed && !granted.contains(name)
        }
    }
}
