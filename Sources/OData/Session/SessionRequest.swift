public import HTTPTypes

/// One request of a session.
public struct SessionRequest: Sendable {
    public var method: HTTPRequest.Method
    /// Relative to the service's root, percent-encoded (`A_BusinessPartner('1')?$top=1`), or absolute and on the root's
    /// host, as ``ServiceRoot/resolve(link:from:)`` makes it.
    public var target: String
    public var headers: HTTPFields
    public var body: [UInt8]?
    /// Whether it may be sent twice; nil: GET, HEAD and OPTIONS may.
    public var isRepeatable: Bool?
    /// nil: the session's timeout from now.
    public var deadline: ContinuousClock.Instant?

    public init(
        _ method: HTTPRequest.Method = .get, _ target: String, headers: HTTPFields = HTTPFields(), body: [UInt8]? = nil,
        isRepeatable: Bool? = nil, deadline: ContinuousClock.Instant? = nil
    ) {
        (self.method, self.target, self.headers) = (method, target, headers)
        (self.body, self.isRepeatable, self.deadline) = (body, isRepeatable, deadline)
    }
}
