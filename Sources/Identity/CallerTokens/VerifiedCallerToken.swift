package import Domain

/// A caller token whose signature and claims hold. A shared reference, so that a cache hit copies one pointer.
package final class VerifiedCallerToken: Sendable {
    /// Environment, tenant, permissions and restriction; its identity is `.callerToken(jti, apiKeyID)`.
    package let principal: Principal
    /// The instant of `exp`: from then on the token is refused.
    package let expiresAt: Timestamp
    package let jti: String
    /// The key that it was issued to; its revocation ends the token.
    package let apiKeyID: APIKeyID
    /// The key that signed it; its withdrawal ends the token.
    package let kid: String

    package init(principal: Principal, expiresAt: Timestamp, jti: String, apiKeyID: APIKeyID, kid: String) {
        self.principal = principal
        self.expiresAt = expiresAt
        self.jti = jti
        self.apiKeyID = apiKeyID
        self.kid = kid
    }
}
