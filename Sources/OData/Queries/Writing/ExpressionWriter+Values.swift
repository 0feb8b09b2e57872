extension ExpressionWriter {
    mutating func literal(_ value: ODataValue) throws(QueryError) {
        switch value {
        case .collection, .complex, .untyped:
            try needs(.v4, "JSON")
            try json(try Self.node(of: value, version))
        default: text += try Self.literalText(value, version)
        }
    }

    /// The literal, after a look whether it is one: whatever a value holds, its text ends where its literal does.
    static func literalText(_ value: ODataValue, _ version: ODataVersion) throws(QueryError) -> String {
        let literal: String
        do throws(ValueError) { literal = try value.literal(version) } catch { throw .value(error) }
        var parser = ExpressionParser(Array(literal.utf8), version)
        guard parser.isOneLiteral() else { throw .value(.malformed(nil)) }
        return literal
    }

    private static func node(of value: ODataValue, _ version: ODataVersion) throws(QueryError) -> JSONNode {
        if case .untyped(let node) = value { return node }
        do throws(ValueError) {
            return try value.jsonNode(version, ieee754Compatible: false)
        } catch {
            throw .value(error)
        }
    }

    /// Read again before it is taken: a number's text in the tree could be anything.
    mutating func json(_ node: JSONNode) throws(QueryError) {
        let bytes = node.serialized()
        guard let again = try? JSONNode(parsing: bytes, maxDepth: Self.maxJSONDepth), again == node else {
            throw .value(.malformed(nil))
        }
        // A scalar is no JSON of its own here: the same text is a path or a literal.
        guard bytes.first == UInt8(ascii: "[") || bytes.first == UInt8(ascii: "{") else { throw .misplaced("JSON") }
        text += String(decoding: bytes, as: UTF8.self)
    }

    static let maxJSONDepth = 64

    /// Arrays and objects of expressions, among which scalars of JSON may stand.
    mutating func structure(_ node: QueryExpression) throws(QueryError) {
        try needs(.v4, "JSON")
        switch node {
        case .array(let elements):
            text += "["
            for (place, element) in elements.enumerated() {
                if place > 0 { text += "," }
                try self.element(element)
            }
            text += "]"
        case .object(let members):
            text += "{"
            var names: Set<String> = []
            for (place, member) in members.enumerated() {
                guard names.insert(member.name).inserted else { throw .invalidName(member.name) }
                if place > 0 { text += "," }
                text += String(decoding: JSONNode.string(member.name).serialized(), as: UTF8.self) + ":"
                try element(member.value)
            }
            text += "}"
        default: throw .misplaced("JSON")
        }
    }

    private mutating func element(_ node: QueryExpression) throws(QueryError) {
        guard case .json(.string(let string)) = node else { return try expression(node) }
        try enter()
        defer { leave() }
        text += String(decoding: JSONNode.string(string).serialized(), as: UTF8.self)
    }

    mutating func key(_ key: EntityKey) throws(QueryError) {
        guard let first = key.parts.first else { throw .keyMismatch(expected: []) }
        text += "("
        if key.parts.count == 1, first.name == nil {
            try keyValue(first.value)
        } else {
            var names: Set<String> = []
            for (place, part) in key.parts.enumerated() {
                guard let name = part.name else { throw .keyMismatch(expected: key.parts.compactMap(\.name)) }
                guard Identifier.isValid(name) else { throw .invalidName(name) }
                guard names.insert(name).inserted else { throw .keyMismatch(expected: names.sorted()) }
                if place > 0 { text += "," }
                text += name + "="
                try keyValue(part.value)
            }
        }
        text += ")"
    }

    private mutating func keyValue(_ value: ODataValue) throws(QueryError) {
        switch value {
        case .null, .collection, .complex, .untyped: throw .value(.mismatch(expected: "key"))
        default: text += try Self.literalText(value, version)
        }
    }
}
