/// A JSON tree in ordinary memory, for settings and answers that hold no secret. Members keep their order.
package indirect enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object([JSONMember])
}

/// A named value of an object.
package struct JSONMember: Sendable, Equatable {
    package let key: String
    package let value: JSONValue

    package init(_ key: String, _ value: JSONValue) {
        self.key = key
        self.value = value
    }
}

extension JSONValue {
    /// The tree of a node; nil if a number in it is neither an `Int64` nor a finite double.
    package init?(_ node: JSONNode) {
        switch node.kind {
        case .null:
            self = .null
        case .bool:
            self = .bool(node.bool ?? false)
        case .string:
            self = .string(node.string ?? "")
        case .number:
            if let int = node.int {
                self = .int(int)
            } else {
                guard let double = node.double else { return nil }
                self = .double(double)
            }
        case .array:
            var elements: [JSONValue] = []
            for element in node.elements ?? [] {
                guard let value = JSONValue(element) else { return nil }
                elements.append(value)
            }
            self = .array(elements)
        case .object:
            var members: [JSONMember] = []
            for member in node.members ?? [] {
                guard let value = JSONValue(member.value) else { return nil }
                members.append(JSONMember(member.key, value))
            }
            self = .object(members)
        }
    }

    /// Parses a text that holds no secret; nil as `init(_: JSONNode)`.
    package static func parse(
        _ bytes: [UInt8], limits: JSONLimits = .default
    ) throws(JSONParseError) -> JSONValue? {
        JSONValue(try JSONDocument(parsing: bytes, limits: limits, secret: false).root)
    }

    /// Compact JSON.
    package var encoded: [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }

    /// The member of that name, if this is an object that has it.
    package subscript(_ key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var int: Int64? {
        if case .int(let value) = self { value } else { nil }
    }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    package var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    package var members: [JSONMember]? {
        if case .object(let members) = self { members } else { nil }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }

    package init(integerLiteral value: Int64) { self = .int(value) }

    package init(booleanLiteral value: Bool) { self = .bool(value) }

    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { JSONMember($0.0, $0.1) })
    }
}
