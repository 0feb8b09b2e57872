internal import Domain
package import HTTPTypes
internal import StrictJSON

/// What a handler answers, before the edge adds what every answer carries.
package struct Answer: Sendable {
    package enum ContentType: String, Sendable {
        case json = "application/json"
        case problem = "application/problem+json"
        case jwks = "application/jwk-set+json"
        case metrics = "text/plain; version=0.0.4; charset=utf-8"
        case yaml = "application/yaml"
    }

    package var status: HTTPResponse.Status
    package var headers = HTTPFields()
    package var contentType: ContentType?
    package var body: [UInt8]
    /// For the log, where the answer is an error.
    package var problemCode: String?
    /// The rest of the request isn't read: the connection ends after the answer.
    package var closesConnection = false

    package init(_ status: HTTPResponse.Status, contentType: ContentType? = nil, body: [UInt8] = []) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok) -> Answer {
        Answer(status, contentType: .json, body: value.encoded)
    }

    static let noContent = Answer(.noContent)

    /// 201 with the place of the new object.
    static func created(_ value: JSONValue, at path: String) -> Answer {
        var answer = json(value, status: .created)
        answer.headers[.location] = path
        return answer
    }

    func tagged(version: Int64) -> Answer {
        var copy = self
        copy.headers[.eTag] = EntityTag.text(version)
        return copy
    }
}

extension JSONValue {
    static func strings(_ values: [String]) -> JSONValue { .array(values.map { .string($0) }) }

    /// Null where there is none.
    static func optional(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
}

extension JSONValue {
    static func instant(_ value: Timestamp?) -> JSONValue { .optional(value?.rfc3339) }
}
