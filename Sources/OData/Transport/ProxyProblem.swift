/// Why a Sallyport proxy answered itself instead of the service (its `application/problem+json`).
public struct ProxyProblem: Sendable, Hashable {
    /// The proxy's stable codes; its documentation says what to do about each.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        case malformedRequest = "malformed_request"
        case badPath = "bad_path"
        case upgradeRefused = "upgrade_refused"
        case missingToken = "missing_token"
        case invalidToken = "invalid_token"
        case permissionDenied = "permission_denied"
        case outsideRestriction = "outside_restriction"
        case tokenNotFetchable = "token_not_fetchable"
        case notFound = "not_found"
        case connectionNotFound = "connection_not_found"
        case methodNotAllowed = "method_not_allowed"
        case requestTimeout = "request_timeout"
        case reauthRequired = "reauth_required"
        case connectionSuspended = "connection_suspended"
        case connectionNotVerified = "connection_not_verified"
        case bodyTooLarge = "body_too_large"
        case requestLineTooLong = "request_line_too_long"
        case unsupportedMediaType = "unsupported_media_type"
        case unsupportedExpectation = "unsupported_expectation"
        case headersTooLarge = "headers_too_large"
        case credentialUnreadable = "credential_unreadable"
        case internalFailure = "internal_failure"
        case destinationRefused = "destination_refused"
        case upstreamUnresolvable = "upstream_unresolvable"
        case upstreamUnreachable = "upstream_unreachable"
        case upstreamTLSFailed = "upstream_tls_failed"
        case upstreamClosed = "upstream_closed"
        case upstreamMalformed = "upstream_malformed"
        case upstreamRedirectRefused = "upstream_redirect_refused"
        case upstreamUpgradeRefused = "upstream_upgrade_refused"
        case tokenUnavailable = "token_unavailable"
        case storeUnavailable = "store_unavailable"
        case overloaded = "overloaded"
        case upstreamBusy = "upstream_busy"
        case timedOut = "timed_out"
        case upstreamTimedOut = "upstream_timed_out"
        case unsupportedHTTPVersion = "unsupported_http_version"
    }

    public var status: Int
    /// nil for a code of a newer proxy.
    public var code: Code?
    /// Names the request in the proxy's log and audit.
    public var requestID: String?
    public var retryAfter: Duration?

    public init(status: Int, code: Code?, requestID: String? = nil, retryAfter: Duration? = nil) {
        (self.status, self.code) = (status, code)
        (self.requestID, self.retryAfter) = (requestID, retryAfter)
    }

    /// Whether the service may have seen the request.
    public var isSent: Bool {
        switch code {
        case .upstreamClosed, .upstreamMalformed, .upstreamRedirectRefused, .upstreamUpgradeRefused: true
        case .upstreamTimedOut, .internalFailure, nil: true
        case _: false
        }
    }

    /// Whether it goes away by itself.
    var passes: Bool {
        switch code {
        case .tokenUnavailable, .storeUnavailable, .overloaded, .upstreamBusy, .timedOut: true
        case .upstreamUnreachable, .upstreamUnresolvable, .upstreamClosed, .upstreamTimedOut, .requestTimeout: true
        case _: false
        }
    }
}
