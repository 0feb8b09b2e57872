/// Why an account did not pass the real call that proves it; each has a sentence for a person at the edge.
package enum VerificationFailure: Error, Hashable, Sendable {
    /// The system answered that the credential is wrong (401 or 403, or what the provider's entry says).
    case credentialRefused(status: Int)
    /// The host resolves to an address that the integration doesn't allow.
    case destinationRefused
    /// The host's name doesn't resolve.
    case unresolvable
    /// Refused, reset or unreachable.
    case unreachable
    /// Certificate, name or protocol version of the system not acceptable.
    case tlsFailed
    /// No whole answer in time, or the connection was lost before there was one.
    case timedOut
    /// An answer that the provider's entry doesn't expect.
    case unexpectedStatus(Int)
    /// No readable HTTP answer, or one that is too large.
    case unreadableAnswer
    /// The outbound client is at its bound: repeat later.
    case overloaded
    /// The fields make no request (a value that can't stand in a header, a template without its field).
    case unusableFields
    /// The token endpoint gave no token.
    case tokenEndpoint(TokenEndpointFailure)
}

/// Why a token endpoint gave no token, without what the peer said.
package enum TokenEndpointFailure: Error, Hashable, Sendable {
    /// Client id or secret is wrong (RFC 6749 §5.2 `invalid_client`, or a bare 401 or 403).
    case invalidClient
    /// The refresh token is spent, revoked or expired (RFC 6749 §5.2 `invalid_grant`).
    case invalidGrant
    /// Another refusal with a code of RFC 6749 §5.2.
    case refused
    /// A 4xx that names no code: an empty body, HTML, other JSON.
    case refusedWithoutReason
    case rateLimited(retryAfter: Duration?)
    case serverError(retryAfter: Duration?)
    /// A redirect: never followed.
    case redirected
    case malformed
    case destinationRefused
    case unresolvable
    case unreachable
    case tlsFailed
    case timedOut
    /// The request was sent and no usable answer came.
    case outcomeUnknown
    /// The outbound client is at its bound.
    case overloaded
    /// The stored settings no longer make a request (a template without its fields).
    case misconfigured
}
