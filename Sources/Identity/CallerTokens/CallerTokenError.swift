/// Why a caller token is refused. To the caller all of them are `invalid_token` (RFC 6750 §3.1); the case is for audit
/// and metrics.
package enum CallerTokenError: String, Error, Hashable, Sendable, CaseIterable {
    /// More than ``CallerTokenFormat/maxBytes``.
    case tooLarge = "too_large"
    /// Not three parts of canonical base64url, not strict JSON, or a member of the wrong type.
    case malformed
    /// `alg` is not `EdDSA`, in exactly this spelling.
    case unsupportedAlgorithm = "unsupported_algorithm"
    /// `typ` is not `at+jwt`.
    case wrongType = "wrong_type"
    /// A header that would bring a key or change the rules: `jwk`, `jku`, `x5u`, `x5c`, `crit`, `b64`, …
    case forbiddenHeader = "forbidden_header"
    /// No key of this `kid` verifies now.
    case unknownKey = "unknown_key"
    case badSignature = "bad_signature"
    case wrongIssuer = "wrong_issuer"
    case wrongAudience = "wrong_audience"
    /// The `env` claim is not the environment whose key signed it.
    case wrongEnvironment = "wrong_environment"
    /// A claim is missing, or its value isn't one that we write.
    case badClaims = "bad_claims"
    case expired
    /// `nbf` or `iat` lies in the future, by more than the clocks may differ.
    case notYetValid = "not_yet_valid"
    /// The API key that it was issued to is revoked.
    case revoked
}
