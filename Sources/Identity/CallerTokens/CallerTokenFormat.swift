package import Domain

/// The fixed points of a caller token that issuer and verifier share (RFC 9068, JWS compact form).
package enum CallerTokenFormat {
    /// Longest token that is issued or looked at.
    package static let maxBytes = 4_096
    /// Exact and only `aud`.
    package static let audience = "sallyport"
    package static let algorithm = "EdDSA"
    /// RFC 9068 §2.1.
    package static let type = "at+jwt"
    package static let defaultLifetime = Duration.seconds(300)
    package static let shortestLifetime = Duration.seconds(30)
    package static let longestLifetime = Duration.seconds(900)
    /// How far the clocks of issuer and verifier may differ.
    package static let clockSkew = Duration.seconds(30)
    /// The one type of `authorization_details` (RFC 9396 §2).
    package static let authorizationDetailsType = "sallyport_connection"
    /// What a caller token may carry; administration asks for the API key itself.
    package static let grantable: PermissionSet = [.proxy, .fetchTokens]
    /// Bounds of a restriction, so that a token stays below ``maxBytes``.
    package static let maxConnections = 32
    package static let maxMethods = 16
    package static let maxPathPrefixes = 16
    package static let maxPathPrefixBytes = 256
}
