import HTTPTypes

/// A request in the form of its version, before the session adds what is the session's.
struct PreparedRequest: Sendable {
    enum Form: Sendable {
        /// Entities, collections, values.
        case json
        /// `$count`.
        case text
        /// A media resource: whatever there is.
        case any
        /// A `$metadata` document.
        case xml
    }

    var method: HTTPRequest.Method
    /// Relative to the root without its slash, percent-encoded; or absolute, as `ServiceRoot.resolve` makes it.
    var target: String
    var accept: Form = .json
    var headers = HTTPFields()
    var body: [UInt8]?
    /// Values of `Prefer`, in order.
    var preferences: [String] = []
    /// Whether it reads and nothing more, whatever its method is.
    var isRead: Bool

    init(_ method: HTTPRequest.Method, _ target: String, body: [UInt8]? = nil) {
        (self.method, self.target, self.body) = (method, target, body)
        isRead = method == .get || method == .head
    }

    /// A body that is JSON of the protocol's own.
    static func json(
        _ method: HTTPRequest.Method, _ target: String, _ body: [UInt8], _ context: ServiceContext
    ) -> PreparedRequest {
        var request = PreparedRequest(method, target, body: body)
        request.headers[.contentType] = context.jsonContentType
        return request
    }

    /// - Parameter etag: the tag of the entity that the request is about.
    mutating func require(_ precondition: Precondition, etag: ETag?) {
        switch precondition {
        case .entityTag: if let etag { headers[.ifMatch] = etag.text }
        case .matches(let tag): headers[.ifMatch] = tag.text
        case .exists: headers[.ifMatch] = "*"
        case .isAbsent: headers[.ifNoneMatch] = "*"
        case .none: break
        }
    }

    /// The whole head: version, accepted form, preferences, and what the caller wants besides.
    func fields(_ context: ServiceContext, _ options: RequestOptions) -> HTTPFields {
        var fields = context.versionFields(withBody: body != nil)
        fields[.accept] = context.accept(accept)
        for field in headers { fields[field.name] = field.value }
        let wanted = preferences + context.preferences(options, isRead: isRead)
        if context.version.isV4, !wanted.isEmpty { fields[.prefer] = wanted.joined(separator: ", ") }
        for field in options.headers { fields[field.name] = field.value }
        return fields
    }
}
