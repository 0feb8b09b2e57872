public import HTTPTypes

/// What an operation brought, with all that the service said about it.
public struct Answer<Value: Sendable>: Sendable {
    public var value: Value
    /// Below 400: 200, 201 for what was created, 204 where nothing was sent.
    public var status: Int
    /// As they came; cookies and tokens are the session's matter.
    public var headers: HTTPFields
    /// From the headers (`sap-message`, `sap-messages`) and the entity's message property, in this order.
    public var messages: [ServiceMessage]

    init(_ value: Value, status: Int, headers: HTTPFields, messages: [ServiceMessage]) {
        (self.value, self.status, self.headers, self.messages) = (value, status, headers, messages)
    }

    init(_ value: Value, _ reply: Reply, messages: [ServiceMessage] = []) {
        self.init(value, status: reply.status, headers: reply.headers, messages: reply.messages + messages)
    }

    /// The tag of what was read or written, byte for byte.
    public var etag: ETag? { headers[.eTag].map { ETag($0) } }

    /// Where a created entity is (`Location`), as the service spells it.
    public var location: String? { headers[.location] }

    /// The preferences that the service followed (`Preference-Applied`).
    public var appliedPreferences: String? { headers[.preferenceApplied] }

    func map<Other: Sendable>(_ change: (Value) -> Other) -> Answer<Other> {
        Answer<Other>(change(value), status: status, headers: headers, messages: messages)
    }
}

extension Answer: Equatable where Value: Equatable {}
