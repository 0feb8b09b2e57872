/// Why a token endpoint's answer holds no token set. Decided by the status first and the body second, because servers
/// refuse with empty bodies and report outages as JSON errors.
package enum TokenEndpointError: Error, Hashable, Sendable {
    /// A 4xx other than 401, 408, 425 and 429, a 401 that names `invalid_grant`, or a 200 with an `error` member: the same
    /// request fails again.
    case refused(OAuthErrorCode)
    /// 401, or `invalid_client` with another 4xx: id, secret or client authentication method are not accepted.
    case invalidClient
    /// 429: wait for `retryAfter`, if the server named it.
    case rateLimited(retryAfter: Duration?)
    /// 5xx, 408 or 425: transient.
    case serverError(retryAfter: Duration?)
    /// 3xx: never followed, because the credential must not go elsewhere.
    case redirected
    /// Not JSON, no usable `access_token`, an `expires_in` that is no number (without a refresh token beside it), or a status
    /// that makes no sense here.
    case malformed
}

/// The `error` member of RFC 6749 §5.2 and its extensions, reduced to a closed list.
package enum OAuthErrorCode: String, Hashable, Sendable, CaseIterable {
    case invalidRequest = "invalid_request"
    case invalidClient = "invalid_client"
    case invalidGrant = "invalid_grant"
    case unauthorizedClient = "unauthorized_client"
    case unsupportedGrantType = "unsupported_grant_type"
    case invalidScope = "invalid_scope"
    /// RFC 8707 §2.
    case invalidTarget = "invalid_target"
    case accessDenied = "access_denied"
    case serverError = "server_error"
    case temporarilyUnavailable = "temporarily_unavailable"
    /// RFC 9449 §8.
    case useDPoPNonce = "use_dpop_nonce"
    /// The server named a code that is not in this list.
    case other
    /// The server named none: an empty body, HTML, or JSON without `error`.
    case unspecified
}
