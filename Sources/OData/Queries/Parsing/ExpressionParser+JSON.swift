extension ExpressionParser {
    /// An element of an array or object: an expression, JSON, or what may be either.
    private struct Element {
        /// nil for a number that is none of a literal's, and for strings in double quotes.
        var expression: QueryExpression?
        var node: JSONNode?
        var start: Int
    }

    /// An array or object: JSON if all in it is, else one of expressions.
    mutating func structure() throws(QueryError) -> QueryExpression {
        try enter()
        defer { leave() }
        structures += 1
        defer { structures -= 1 }
        guard structures <= ExpressionWriter.maxJSONDepth else { throw .tooDeep }
        let isArray = next == UInt8(ascii: "[")
        place += 1
        skipSpace()
        var (names, elements): ([String], [Element]) = ([], [])
        height = 0
        if next != UInt8(ascii: isArray ? "]" : "}") {
            if !isArray { names = try members(&elements) } else { try self.elements(&elements) }
        }
        skipSpace()
        try expect(isArray ? "]" : "}")
        let nodes = elements.compactMap(\.node)
        if nodes.count == elements.count {
            height = 1
            return .json(isArray ? .array(nodes) : .object(zip(names, nodes).map { JSONNode.Member($0, $1) }))
        }
        try grow(above: height)
        var expressions: [QueryExpression] = []
        for element in elements {
            if let expression = element.expression {
                expressions.append(expression)
            } else if case .string(let string)? = element.node {
                expressions.append(.json(.string(string)))
            } else {
                throw .syntax(offset: element.start)
            }
        }
        return isArray ? .array(expressions) : .object(zip(names, expressions).map { ExpressionMember($0, $1) })
    }

    private mutating func elements(_ elements: inout [Element]) throws(QueryError) {
        elements = try separated { (parser) throws(QueryError) in try parser.element() }
    }

    private mutating func members(_ elements: inout [Element]) throws(QueryError) -> [String] {
        var (names, known): ([String], Set<String>) = ([], [])
        elements = try separated { (parser) throws(QueryError) in
            let start = parser.place
            let name = try parser.jsonString()
            guard known.insert(name).inserted else { throw .syntax(offset: start) }
            names.append(name)
            parser.skipSpace()
            try parser.expect(":")
            parser.skipSpace()
            return try parser.element()
        }
        return names
    }

    private mutating func element() throws(QueryError) -> Element {
        let start = place
        height = 1
        if next == UInt8(ascii: "\"") { return Element(node: .string(try jsonString()), start: start) }
        if let number = jsonNumber() {
            let expression = (try? literal()).flatMap { $0.map { QueryExpression.literal($0) } }
            place = start + number.utf8.count
            return Element(expression: expression, node: .number(number), start: start)
        }
        let expression = try expression()
        var node: JSONNode?
        switch expression {
        case .json(let inner): node = inner
        case .literal(let value):
            // Whatever its spelling was (`007`, `TRUE`), what is written may be JSON.
            if let text = try? value.literal(version) { node = try? JSONNode(parsing: Array(text.utf8), maxDepth: 1) }
        default: break
        }
        return Element(expression: expression, node: node, start: start)
    }

    /// A number that is the whole of an element.
    private func jsonNumber() -> String? {
        var end = place
        while let byte = byte(at: end), Self.isDigit(byte) || "+-.eE".utf8.contains(byte) { end += 1 }
        var after = end
        while let byte = byte(at: after), byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { after += 1 }
        guard end > place, let byte = byte(at: after), ",]}".utf8.contains(byte),
            case .number(let number)? = try? JSONNode(parsing: Array(bytes[place..<end]), maxDepth: 1)
        else { return nil }
        return number
    }

    private mutating func jsonString() throws(QueryError) -> String {
        let start = place
        guard next == UInt8(ascii: "\""), let end = stringEnd(from: place),
            case .string(let string)? = try? JSONNode(parsing: Array(bytes[start..<end]), maxDepth: 1)
        else { throw syntax }
        place = end
        return string
    }

    /// Behind the quotation mark that closes.
    private func stringEnd(from start: Int) -> Int? {
        var offset = start + 1
        while let byte = byte(at: offset) {
            if byte == UInt8(ascii: "\"") { return offset + 1 }
            offset += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }
}
