package import Domain

/// Why a use case did not do what it was asked. Closed; holds codes and permissions only.
package enum UseCaseError: Error, Hashable, Sendable {
    /// Not there, or not this caller's: the caller can't tell which.
    case notFound(ObjectKind)
    /// The permissions that the caller lacks; empty where no permission would help (a tenant's key asks for what only
    /// the environment's may do).
    case denied(PermissionSet)
    /// Every problem found, in the order of the fields.
    case invalid([InputProblem])
    /// A unique name is taken, or others still refer to the object.
    case conflict(StoreConflict)
    /// The object changed since the caller read it: read again.
    case stale
    /// The database or the root key is away; nothing was stored: repeat later.
    case unavailable
    /// A write was sent and its answer lost: read before repeating.
    case outcomeUnknown
    /// The account did not pass a real call; nothing was stored, or the connection that the caller named is as it was written.
    case verificationFailed(VerificationFailure)
    /// The account that was to be linked did not pass a real call, and stays as this connection, `pending`: its refresh token may
    /// be spent and the successor stored. Verify that one; linking the same token once more would spend it a second time.
    case unproved(ConnectionID, VerificationFailure)
    /// A refresh that was asked for brought no token.
    case refreshFailed(RefreshFailure)
    /// A stored secret doesn't open; an audit event says so.
    case envelopeRefused
    /// The caller's deadline passed first.
    case timedOut
    /// A fault of ours; the log has the details.
    case internalFailure
}

/// What was not found.
package enum ObjectKind: String, Hashable, Sendable, CaseIterable {
    case environment, tenant, integration, connection, provider
    case apiKey = "api_key"
}

/// One thing wrong with what a caller sent; never holds the value.
package struct InputProblem: Hashable, Sendable {
    /// Where, as a JSON pointer into the request's body (RFC 6901): `/fields/host`.
    package let pointer: String
    package let code: InputProblemCode

    package init(_ pointer: String, _ code: InputProblemCode) {
        self.pointer = pointer
        self.code = code
    }

    /// A pointer to a member of an object member; both names are escaped (RFC 6901 §3).
    package init(in object: String, member: String, _ code: InputProblemCode) {
        let escaped = member.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
            .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
        self.init("/\(object)/\(escaped)", code)
    }
}

/// What is wrong with a value; stable on the wire.
package enum InputProblemCode: String, Hashable, Sendable, CaseIterable {
    case missing
    /// No such field, or a reference to an object that isn't there.
    case unknown
    case empty
    case tooLong = "too_long"
    case tooMany = "too_many"
    /// Control characters, or text outside the allowed form.
    case malformed
    /// Doesn't fit the provider's pattern of the field.
    case patternMismatch = "pattern_mismatch"
    /// A secret field was given among the plain ones.
    case secretExpected = "secret_expected"
    /// A plain field was given among the secrets.
    case plainExpected = "plain_expected"
    /// Plain HTTP where the integration doesn't allow it.
    case plainHTTPRefused = "plain_http_refused"
    /// A URL or origin that isn't allowed in this place.
    case urlRefused = "url_refused"
    /// The destination changes, so every secret must be given again: a stored one is never sent to a new place.
    case secretRequiredForNewDestination = "secret_required_for_new_destination"
    /// More than the caller has itself.
    case exceedsCaller = "exceeds_caller"
    /// An instant that has passed already.
    case inThePast = "in_the_past"
    /// The provider has no use for it.
    case notApplicable = "not_applicable"
    /// Can't be combined with another field of the same request.
    case contradictory
}
