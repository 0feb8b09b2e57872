/// What can go wrong with an operation, by what a caller does about it.
///
/// `description` holds codes and names alone; what the service said is in the values, to be shown to whom it may
/// concern.
public enum ODataError: Error, Sendable, Hashable {
    /// The service could not be asked, or its answer not be read: see `TransportError.isSent` before a write is
    /// repeated.
    case transport(TransportError)
    /// The service refused, and says why.
    case service(ServiceError)
    /// `If-Match` was wrong (412) or missing (428), or the entity is being changed (409): read again and decide.
    case conflict(ConflictReason, ServiceError)
    /// The credential was refused, or the answer is a logon page: nothing a repetition mends.
    case authentication(AuthenticationFailure, ServiceError?)
    /// The answer is not what the protocol says.
    case malformed(PayloadError)
    /// `$metadata` can't be read.
    case metadata(MetadataError)
    /// The query can't be written: nothing was sent.
    case query(QueryError)
    /// A value doesn't fit its type: nothing was sent.
    case value(ValueError)
    /// More than the caller allows: bytes, pages, depth, entities.
    case limit(ODataLimit)
    /// A link that leads where the client doesn't go: another host or scheme, or out of the service.
    case foreignLink
    /// The pages lead back to one that was read.
    case pageLoop
    /// A delta or skip token that the service no longer knows (410, and what SAP answers instead): begin anew.
    case expiredLink(ServiceError)
    /// The client's deadline passed before anything was sent again.
    case deadline
    case cancelled
    /// The version or the service can't do it: nothing was sent.
    case unsupported(UnsupportedFeature)
}

public enum ConflictReason: Sendable, Hashable {
    /// 412: the entity has changed since it was read.
    case stale
    /// 428: the service wants an `If-Match`.
    case tagRequired
    /// 409, or SAP's lock messages: somebody else is at it.
    case locked
}

public enum AuthenticationFailure: Sendable, Hashable {
    case refused
    /// An HTML page with 200 or a redirect to one: the session or the credential is gone.
    case logonPage
    /// 403 with `X-CSRF-Token: Required` after a fresh token.
    case csrfTokenRefused
}

public enum ODataLimit: Sendable, Hashable {
    case bodyBytes(Int)
    case entityBytes(Int)
    case depth(Int)
    case pages(Int)
    case urlLength(Int)
    case batchParts(Int)
}

public enum UnsupportedFeature: String, Sendable, Hashable {
    case needsVersion4, needsVersion401, notOfVersion2, notAMediaEntity, noDrafts, noDelta, noValueHelp
}

/// A payload that can't be understood.
public struct PayloadError: Error, Sendable, Hashable {
    public enum Reason: Sendable, Hashable {
        case syntax
        case tooDeep
        /// More bytes than the reader's limits allow.
        case tooLarge(ODataLimit)
        case duplicateName
        case invalidUTF8
        case unexpectedShape
        case value(ValueError)
        case contentType
        case truncated
        case batch
    }

    public var reason: Reason
    /// Bytes from the beginning of the payload, if known.
    public var offset: Int?
    /// The property or header that it is about; a name of the metadata, not of the payload's content.
    public var name: String?

    public init(_ reason: Reason, offset: Int? = nil, name: String? = nil) {
        (self.reason, self.offset, self.name) = (reason, offset, name)
    }
}

/// A text or number that is no value of its type.
public enum ValueError: Error, Sendable, Hashable {
    /// Not the form that the type has.
    case malformed(PrimitiveType?)
    /// The form is right and the type can't hold it: more than 38 digits, 9,999 years, 128 for a signed byte.
    case outOfRange(PrimitiveType?)
    /// Another type than the metadata wants.
    case mismatch(expected: String)
}

/// A `$metadata` document that can't be read, with where.
public struct MetadataError: Error, Sendable, Hashable {
    public enum Reason: Sendable, Hashable {
        case syntax
        /// Entities or a DTD, which no metadata needs.
        case forbiddenConstruct
        case tooLarge
        case tooDeep
        case unknownFormat
        /// A required attribute or member is missing, or has no value that it may have.
        case invalid(element: String, attribute: String?)
        case inheritanceCycle
        case duplicate
    }

    public var reason: Reason
    /// From 1; 0 where none is known.
    public var line: Int
    public var column: Int

    public init(_ reason: Reason, line: Int = 0, column: Int = 0) {
        (self.reason, self.line, self.column) = (reason, line, column)
    }
}

/// A query that can't be written or read.
public enum QueryError: Error, Sendable, Hashable {
    /// The metadata doesn't have it: type, and name.
    case unknownName(String, in: String)
    case unknownEntitySet(String)
    /// The version has no such option, operator or function.
    case notInVersion(String, ODataVersion)
    /// Not the number of key properties, or not their names.
    case keyMismatch(expected: [String])
    case value(ValueError)
    /// A name that is no OData identifier.
    case invalidName(String)
    /// An option that can't stand there, such as `$filter` on an entity.
    case misplaced(String)
    /// Text that can't be read: bytes from its beginning.
    case syntax(offset: Int)
    case tooDeep
}

/// The service's refusal.
public struct ServiceError: Error, Sendable, Hashable {
    public var status: Int
    /// `error.code`: `NAMESPACE/NNN` of SAP's services.
    public var code: String?
    public var message: ServiceMessage?
    /// Details in the order of the body, without the container's repetition of the message.
    public var details: [ServiceMessage] = []
    /// SAP's `innererror`: to be given to whom runs the system.
    public var transactionID: String?
    public var timestamp: String?
    public var resolution: [String: String] = [:]
    /// What of the body has no place above.
    public var innerError: JSONNode?
    /// From `Retry-After`, in either form, counted from the answer.
    public var retryAfter: Duration?
    /// What `WWW-Authenticate` named first (`Basic`, `Bearer`).
    public var authenticationScheme: String?

    public init(status: Int) { self.status = status }
}

/// A message of a service, from a header, a body or an error.
public struct ServiceMessage: Sendable, Hashable {
    public enum Severity: Int, Sendable, Hashable, Comparable {
        case success = 1
        case info = 2
        case warning = 3
        case error = 4

        public static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
    }

    public var code: String?
    public var text: String
    public var severity: Severity
    /// Relative to the request's resource: a property, a path, or `/#TRANSIENT#` cut off into `isTransition`.
    public var target: String?
    public var additionalTargets: [String] = []
    /// About the operation, not about the entity's state.
    public var isTransition = false
    public var longTextURL: String?
    /// Which request of a change set it is about.
    public var contentID: String?

    public init(code: String? = nil, text: String, severity: Severity) {
        (self.code, self.text, self.severity) = (code, text, severity)
    }
}
