extension QueryExpression {
    /// Reads an expression, as it stands in `$filter` and not percent-encoded.
    ///
    /// - Throws: `.syntax` with the offset in bytes where the text stops making sense, `.notInVersion`, `.tooDeep`.
    public init(parsing text: some StringProtocol, version: ODataVersion) throws(QueryError) {
        var parser = ExpressionParser(Array(text.utf8), version)
        self = try parser.whole { (parser: inout ExpressionParser) throws(QueryError) in try parser.expression() }
    }
}
