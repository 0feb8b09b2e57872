extension EntityKey {
    /// All key properties by name.
    public init(_ parts: KeyValuePairs<String, ODataValue>) { self.init(parts.map { Part($0.key, $0.value) }) }

    /// The value of a key property; of a single key without a name, whatever the name.
    public subscript(_ name: String) -> ODataValue? {
        if parts.count == 1, parts[0].name == nil { return parts[0].value }
        return parts.first { $0.name == name }?.value
    }

    /// The key predicate with its parentheses, not percent-encoded: `('O''Neil')`, `(A='1',B=2)`.
    ///
    /// - Throws: `.keyMismatch` for no parts or unnamed ones among several, `.invalidName`, `.value`.
    public func text(_ version: ODataVersion) throws(QueryError) -> String {
        var writer = ExpressionWriter(version)
        try writer.key(self)
        return writer.text
    }

    /// Reads a key predicate, with or without its parentheses.
    ///
    /// - Throws: `.syntax`.
    public init(parsing text: some StringProtocol, version: ODataVersion) throws(QueryError) {
        let bytes = Array(text.utf8)
        let isBare = bytes.first != UInt8(ascii: "(")
        var parser = ExpressionParser(isBare ? [UInt8(ascii: "(")] + bytes + [UInt8(ascii: ")")] : bytes, version)
        self = try parser.wholeKey()
    }
}
