package import Domain
internal import HTTPTypes
internal import StrictJSON

/// An error as the control plane answers it (RFC 9457). Holds codes and our own words only: nothing of what was sent, but
/// the names of members that look like ours.
package struct Problem: Error, Hashable, Sendable {
    package var code: ProblemCode
    /// Which members or parameters are wrong, for `invalid_request`.
    package var errors: [InvalidMember] = []
    /// What the caller lacks, for `permission_denied`.
    package var missingPermissions: PermissionSet = []
    /// Why, for `verification_failed`.
    package var verification: VerificationProblem?
    /// The connection that stays `pending`, for `verification_failed`.
    package var connectionID: ConnectionID?
    /// Why, for `reauth_required` and `backing_off`.
    package var reason: StatusReason?
    /// Methods of the path, for `method_not_allowed`.
    package var allow: [String] = []
    /// Seconds to wait, for what is over soon.
    package var retryAfter: Int?
    /// Whether the connection ends with the answer, because the rest of the request is not read.
    package var closesConnection = false

    package init(code: ProblemCode) {
        self.code = code
        switch code {
        case .unavailable, .outcomeUnknown, .backingOff, .overloaded: retryAfter = 1
        case .malformedRequest, .requestTimeout, .bodyTooLarge, .headersTooLarge: closesConnection = true
        case .invalidRequest, .invalidCursor, .unauthenticated, .permissionDenied, .notFound, .routeNotFound,
            .otherListener, .methodNotAllowed, .nameTaken, .externalIDTaken, .stillReferenced,
            .notRefreshable, .reauthRequired, .connectionSuspended, .stale, .unsupportedMediaType, .verificationFailed,
            .internalError, .envelopeRefused, .timedOut:
            break
        }
    }

    static func invalid(_ errors: [InvalidMember]) -> Problem {
        var problem = Problem(code: .invalidRequest)
        problem.errors = errors
        return problem
    }

    static func invalid(_ pointer: String, _ code: InvalidMember.Code) -> Problem {
        .invalid([InvalidMember(.pointer(pointer), code)])
    }
}

/// One wrong member of a body, or one wrong query parameter.
package struct InvalidMember: Hashable, Sendable {
    package enum Place: Hashable, Sendable {
        /// JSON pointer into the body (RFC 6901).
        case pointer(String)
        case parameter(String)
    }

    package let place: Place
    package let code: String

    init(_ place: Place, code: String) {
        self.place = place
        self.code = code
    }

    init(_ place: Place, _ code: Code) { self.init(place, code: code.rawValue) }

    /// What the edge itself finds wrong; use cases have their own list (`InputProblemCode`).
    package enum Code: String, Sendable, CaseIterable {
        case missing
        case wrongType = "wrong_type"
        /// No such member or parameter.
        case unknownField = "unknown_field"
        /// A value that is none of the known ones.
        case unknownValue = "unknown_value"
        /// Text outside the form of its type (identifier, name, instant, network).
        case malformed
        case tooLong = "too_long"
        case tooMany = "too_many"
        case outOfRange = "out_of_range"
        case duplicate
        /// The body is not JSON (RFC 8259).
        case malformedJSON = "malformed_json"
        case duplicateMember = "duplicate_member"
        case invalidUTF8 = "invalid_utf8"
        case nulCharacter = "nul_character"
        case tooDeep = "too_deep"
        case tooManyValues = "too_many_values"
    }
}

extension Problem {
    /// The answer for a request; every occurrence has the request's id as `instance`.
    func answer(requestID: String) -> Answer {
        var writer = JSONWriter(reservingCapacity: 512)
        writer.beginObject()
        writer.member("type", "urn:sallyport:problem:\(code.rawValue)")
        writer.member("title", code.title)
        writer.key("status")
        writer.int(code.status.code)
        writer.member("code", code.rawValue)
        if let detail = verification?.detail ?? code.detail { writer.member("detail", detail) }
        writer.member("instance", "urn:sallyport:request:\(requestID)")
        if !errors.isEmpty { write(errors, to: &writer) }
        if !missingPermissions.isEmpty { writer.member("missing_permissions", .strings(missingPermissions.names)) }
        if let reason { writer.member("reason", reason.rawValue) }
        if let verification {
            writer.member("failure", verification.failure)
            if let status = verification.upstreamStatus { writer.member("upstream_status", .int(Int64(status))) }
        }
        if let connectionID { writer.member("connection_id", connectionID.description) }
        writer.endObject()
        var answer = Answer(code.status, contentType: .problem, body: writer.bytes)
        answer.problemCode = code.rawValue
        answer.closesConnection = closesConnection
        addHeaders(to: &answer)
        return answer
    }

    private func write(_ errors: [InvalidMember], to writer: inout JSONWriter) {
        writer.key("errors")
        writer.beginArray()
        for error in errors.prefix(100) {
            writer.beginObject()
            switch error.place {
            case .pointer(let pointer): writer.member("pointer", Self.withoutForeignNames(pointer))
            case .parameter(let name): writer.member("parameter", Self.isOurs(name) ? name : "")
            }
            writer.member("code", error.code)
            writer.endObject()
        }
        writer.endArray()
    }

    /// The pointer up to the first name that doesn't look like a member of ours: what a caller sends as a name may be
    /// anything, a secret in the wrong place included.
    private static func withoutForeignNames(_ pointer: String) -> String {
        let names = pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        return names.prefix { isOurs($0) }.map { "/" + $0 }.joined()
    }

    private static func isOurs(_ name: some StringProtocol) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z"))
                    || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")) || byte == UInt8(ascii: "_")
            }
    }

    private func addHeaders(to answer: inout Answer) {
        if code == .unauthenticated { answer.headers[.wwwAuthenticate] = "Bearer realm=\"sallyport\"" }
        if let retryAfter { answer.headers[.retryAfter] = String(retryAfter) }
        if !allow.isEmpty { answer.headers[.allow] = allow.joined(separator: ", ") }
    }
}
