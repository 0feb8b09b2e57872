internal import Connections

/// Everything that the data plane answers with an error of its own: `application/problem+json` (RFC 9457) with a stable
/// code. An upstream's errors pass through and are none of these.
package enum DataPlaneProblem: String, Error, Hashable, Sendable, CaseIterable {
    /// Not HTTP/1.1 as RFC 9112 has it; the connection ends.
    case malformedRequest = "malformed_request"
    case unsupportedHTTPVersion = "unsupported_http_version"
    case unsupportedExpectation = "unsupported_expectation"
    case requestLineTooLong = "request_line_too_long"
    case headersTooLarge = "headers_too_large"
    case bodyTooLarge = "body_too_large"
    case requestTimeout = "request_timeout"
    /// A token request that is no form.
    case unsupportedMediaType = "unsupported_media_type"
    /// Dot segments in any encoding, `//`, `\`, `%2f`, `%5c`, `%00` or control characters.
    case badPath = "bad_path"
    case upgradeRefused = "upgrade_refused"
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case missingToken = "missing_token"
    case invalidToken = "invalid_token"
    case permissionDenied = "permission_denied"
    /// The caller token's restriction doesn't cover method or path.
    case outsideRestriction = "outside_restriction"
    case connectionNotFound = "connection_not_found"
    case reauthRequired = "reauth_required"
    case connectionSuspended = "connection_suspended"
    case connectionNotVerified = "connection_not_verified"
    case tokenNotFetchable = "token_not_fetchable"
    case tokenUnavailable = "token_unavailable"
    case storeUnavailable = "store_unavailable"
    case credentialUnreadable = "credential_unreadable"
    case internalFailure = "internal_failure"
    case timedOut = "timed_out"
    case overloaded
    case upstreamBusy = "upstream_busy"
    case destinationRefused = "destination_refused"
    case upstreamUnresolvable = "upstream_unresolvable"
    case upstreamUnreachable = "upstream_unreachable"
    case upstreamTLSFailed = "upstream_tls_failed"
    case upstreamClosed = "upstream_closed"
    case upstreamMalformed = "upstream_malformed"
    case upstreamTimedOut = "upstream_timed_out"
    case upstreamRedirectRefused = "upstream_redirect_refused"
    case upstreamUpgradeRefused = "upstream_upgrade_refused"

    package var code: String { rawValue }

    package var status: Int {
        switch self {
        case .malformedRequest, .badPath, .upgradeRefused: 400
        case .missingToken, .invalidToken: 401
        case .permissionDenied, .outsideRestriction, .tokenNotFetchable: 403
        case .notFound, .connectionNotFound: 404
        case .methodNotAllowed: 405
        case .requestTimeout: 408
        case .reauthRequired, .connectionSuspended, .connectionNotVerified: 409
        case .bodyTooLarge: 413
        case .requestLineTooLong: 414
        case .unsupportedMediaType: 415
        case .unsupportedExpectation: 417
        case .headersTooLarge: 431
        case .credentialUnreadable, .internalFailure: 500
        case .destinationRefused, .upstreamUnresolvable, .upstreamUnreachable, .upstreamTLSFailed: 502
        case .upstreamClosed, .upstreamMalformed, .upstreamRedirectRefused, .upstreamUpgradeRefused: 502
        case .tokenUnavailable, .storeUnavailable, .overloaded, .upstreamBusy: 503
        case .timedOut, .upstreamTimedOut: 504
        case .unsupportedHTTPVersion: 505
        }
    }

    package var title: String {
        switch self {
        case .malformedRequest: "The request is not well-formed HTTP/1.1"
        case .unsupportedHTTPVersion: "Only HTTP/1.1 and HTTP/1.0 are spoken here"
        case .unsupportedExpectation: "Only the expectation 100-continue is known"
        case .requestLineTooLong: "The request line is too long"
        case .headersTooLarge: "The request has too many or too large headers"
        case .bodyTooLarge: "The request body is too large"
        case .requestTimeout: "The request did not arrive in time"
        case .unsupportedMediaType: "The request body is of another type than this path takes"
        case .badPath: "The path holds a segment or an escape that is refused"
        case .upgradeRefused: "The connection can't change its protocol"
        case .notFound: "There is nothing here"
        case .methodNotAllowed: "The method is not allowed here"
        case .missingToken: "A caller token is required"
        case .invalidToken: "The caller token is not valid"
        case .permissionDenied: "The caller lacks the permission"
        case .outsideRestriction: "The caller token does not cover this method or path"
        case .connectionNotFound: "There is no such connection"
        case .reauthRequired: "The account must be linked again"
        case .connectionSuspended: "The connection is switched off"
        case .connectionNotVerified: "The account was never verified"
        case .tokenNotFetchable: "This token can't be fetched"
        case .tokenUnavailable: "No access token can be obtained now"
        case .storeUnavailable: "The database is away"
        case .credentialUnreadable: "The stored credential does not open"
        case .internalFailure: "Something failed here"
        case .timedOut: "What the request needs did not come in time"
        case .overloaded: "Too many requests are waiting"
        case .upstreamBusy: "Too many requests wait for this upstream"
        case .destinationRefused: "The upstream's address is not allowed"
        case .upstreamUnresolvable: "The upstream's name does not resolve"
        case .upstreamUnreachable: "The upstream can't be reached"
        case .upstreamTLSFailed: "No trusted TLS connection to the upstream"
        case .upstreamClosed: "The upstream closed the connection without an answer"
        case .upstreamMalformed: "The upstream's answer is not well-formed HTTP"
        case .upstreamTimedOut: "The upstream did not answer in time"
        case .upstreamRedirectRefused: "The upstream redirects to another origin"
        case .upstreamUpgradeRefused: "The upstream wants to change the protocol"
        }
    }

    /// Whole seconds for `Retry-After`, for those that pass by themselves.
    var retryAfterSeconds: Int? {
        switch self {
        case .storeUnavailable, .overloaded, .upstreamBusy, .tokenUnavailable: 1
        case _: nil
        }
    }

    /// RFC 6750 §3: the challenge of a 401 or of a token without the scope.
    var challenge: StaticString? {
        switch self {
        case .missingToken: "Bearer"
        case .invalidToken: "Bearer error=\"invalid_token\""
        case .permissionDenied: "Bearer error=\"insufficient_scope\""
        case _: nil
        }
    }

    /// Whether the refusal is a decision about a known caller, which the audit keeps.
    var isDenial: Bool { self == .permissionDenied || self == .outsideRestriction }

    init(_ refusal: HTTPRefusal) {
        switch refusal {
        case .unsupportedVersion: self = .unsupportedHTTPVersion
        case .requestLineTooLong: self = .requestLineTooLong
        case .headersTooLarge: self = .headersTooLarge
        case .badExpectation: self = .unsupportedExpectation
        case .badRequestLine, .badMethod, .badTarget, .badHeaderName, .badHeaderValue, .foldedHeader:
            self = .malformedRequest
        case .bareLineFeed, .badLength, .conflictingLength, .badTransferEncoding: self = .malformedRequest
        case .missingHost, .duplicateHost, .badHost, .badChunk, .badStatusLine: self = .malformedRequest
        }
    }

    init(_ error: UseError) {
        switch error {
        case .notFound: self = .connectionNotFound
        case .denied: self = .permissionDenied
        case .reauthRequired: self = .reauthRequired
        case .suspended: self = .connectionSuspended
        case .notVerified: self = .connectionNotVerified
        case .internalFailure: self = .internalFailure
        case .backingOff: self = .tokenUnavailable
        case .notFetchable: self = .tokenNotFetchable
        case .storeUnavailable: self = .storeUnavailable
        case .envelopeRefused: self = .credentialUnreadable
        case .timedOut: self = .timedOut
        }
    }
}
