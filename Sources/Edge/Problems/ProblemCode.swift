package import HTTPTypes

/// Every error of the control plane, by its stable code; listed with what to do about each in `docs/errors.md`.
package enum ProblemCode: String, Sendable, CaseIterable {
    /// The HTTP message itself is broken.
    case malformedRequest = "malformed_request"
    /// The body can't be read, or members or parameters of the request are wrong.
    case invalidRequest = "invalid_request"
    case invalidCursor = "invalid_cursor"
    case unauthenticated
    case permissionDenied = "permission_denied"
    case notFound = "not_found"
    case routeNotFound = "route_not_found"
    /// The path is the data plane's.
    case otherListener = "other_listener"
    case methodNotAllowed = "method_not_allowed"
    case requestTimeout = "request_timeout"
    case nameTaken = "name_taken"
    case externalIDTaken = "external_id_taken"
    case stillReferenced = "still_referenced"
    /// The connection's provider has no token endpoint.
    case notRefreshable = "not_refreshable"
    /// The grant or the credential has ended.
    case reauthRequired = "reauth_required"
    case connectionSuspended = "connection_suspended"
    case stale
    case bodyTooLarge = "body_too_large"
    case unsupportedMediaType = "unsupported_media_type"
    case verificationFailed = "verification_failed"
    case headersTooLarge = "headers_too_large"
    case internalError = "internal_error"
    /// A stored secret doesn't open.
    case envelopeRefused = "envelope_refused"
    case unavailable
    case outcomeUnknown = "outcome_unknown"
    /// A refresh failed, and nobody tries before `Retry-After`.
    case backingOff = "backing_off"
    case overloaded
    case timedOut = "timed_out"
}

extension ProblemCode {
    package var status: HTTPResponse.Status {
        switch self {
        case .malformedRequest, .invalidRequest, .invalidCursor: .badRequest
        case .unauthenticated: .unauthorized
        case .permissionDenied: .forbidden
        case .notFound, .routeNotFound, .otherListener: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .requestTimeout: .requestTimeout
        case .nameTaken, .externalIDTaken, .stillReferenced, .notRefreshable, .reauthRequired, .connectionSuspended:
            .conflict
        case .stale: .preconditionFailed
        case .bodyTooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .verificationFailed: .unprocessableContent
        case .headersTooLarge: .requestHeaderFieldsTooLarge
        case .internalError, .envelopeRefused: .internalServerError
        case .unavailable, .outcomeUnknown, .backingOff, .overloaded: .serviceUnavailable
        case .timedOut: .gatewayTimeout
        }
    }

    /// The same for every occurrence (RFC 9457 §3.1.3).
    package var title: String {
        switch self {
        case .malformedRequest: "The request is not valid HTTP"
        case .invalidRequest: "The request is not valid"
        case .invalidCursor: "The cursor is not valid"
        case .unauthenticated: "The caller is not authenticated"
        case .permissionDenied: "The caller lacks a permission"
        case .notFound: "There is no such object"
        case .routeNotFound: "There is no such path"
        case .otherListener: "The path is on the other listener"
        case .methodNotAllowed: "The path has no such method"
        case .requestTimeout: "The request did not arrive in time"
        case .nameTaken: "The name is taken"
        case .externalIDTaken: "The external id is taken"
        case .stillReferenced: "The object is in use"
        case .notRefreshable: "The connection has nothing to refresh"
        case .reauthRequired: "The account must be linked again"
        case .connectionSuspended: "The connection is suspended"
        case .stale: "The object has changed"
        case .bodyTooLarge: "The body is too large"
        case .unsupportedMediaType: "The body has another type"
        case .verificationFailed: "The account could not be verified"
        case .headersTooLarge: "The headers are too large"
        case .internalError: "Something went wrong here"
        case .envelopeRefused: "A stored secret does not open"
        case .unavailable: "The service is not available now"
        case .outcomeUnknown: "The outcome is not known"
        case .backingOff: "The token could not be refreshed"
        case .overloaded: "Too much is under way"
        case .timedOut: "The request took too long"
        }
    }

    /// What holds of every occurrence and helps; none where the title says it all.
    var detail: String? {
        switch self {
        case .malformedRequest: "The message broke off or is not well-formed."
        case .invalidRequest: "One or more members of the request are wrong; see \"errors\"."
        case .invalidCursor:
            "Take \"next_cursor\" or \"prev_cursor\" of this same list as it is, or start without a cursor."
        case .unauthenticated: "Send a valid API key: \"Authorization: Bearer sp_…\"."
        case .permissionDenied: "Ask for a key with \"missing_permissions\", or one that is not bound to a tenant."
        case .notFound: "It does not exist, or it is not visible to this caller."
        case .routeNotFound: "See /openapi.yaml for what there is."
        case .otherListener:
            "The proxy and the token fetch are served by the data plane, on another port, with a caller token."
        case .methodNotAllowed: "See \"Allow\"."
        case .requestTimeout: "Send the whole request at once."
        case .nameTaken: "Another object of this kind has this name."
        case .externalIDTaken: "Another tenant has this external id."
        case .stillReferenced: "Delete the connections that use it first."
        case .notRefreshable: "Its provider has no token endpoint: the credential is used as it was entered."
        case .reauthRequired: "Its grant or credential was refused for good; \"reason\" says why."
        case .connectionSuspended: "An operator switched it off. Resume it first."
        case .stale: "Read it again, and repeat with the new \"ETag\"."
        case .bodyTooLarge: "The limit is configured on the server."
        case .unsupportedMediaType: "Set \"Content-Type\" to what the operation takes."
        case .verificationFailed: nil
        case .headersTooLarge: "At most 100 fields and 32 KiB together."
        case .internalError: "The log has the details under this request's id."
        case .envelopeRefused:
            "It was changed or moved outside the service. Link the account again; the audit log has an event."
        case .unavailable: "Nothing was stored. Repeat after \"Retry-After\"."
        case .outcomeUnknown: "A write was sent and its answer lost. Read before you repeat it."
        case .backingOff:
            "The token endpoint did not give one, or is not asked now; \"reason\" says why. A stored token that is still valid is served."
        case .overloaded: "Repeat after \"Retry-After\"."
        case .timedOut: "The deadline passed. Read before you repeat a write."
        }
    }
}
