/// Free text in `$search` (OData 4.01 part 2 §5.1.7): words, phrases, and how they are combined.
public indirect enum SearchExpression: Sendable, Hashable {
    /// One word without white space, quotes, parentheses or semicolons, and none of `AND`, `OR`, `NOT`.
    case word(String)
    /// Any text that isn't empty. Version 4.0 has no way to write a quotation mark in it.
    case phrase(String)
    case not(SearchExpression)
    /// All of them; at least one.
    case and([SearchExpression])
    case or([SearchExpression])

    /// What a person typed, as one term: a word if it can be one, else a phrase.
    public static func term(_ text: String) -> SearchExpression {
        isWord(Array(text.utf8)) ? .word(text) : .phrase(text)
    }

    /// What a person typed, as a word each, all of which must match. Text between quotation marks is a phrase.
    ///
    /// - Returns: nil if there is nothing but white space.
    public static func terms(_ text: String) -> SearchExpression? {
        var found: [SearchExpression] = []
        for (place, part) in text.split(separator: "\"", omittingEmptySubsequences: false).enumerated() {
            if place % 2 == 1 {
                if part.contains(where: { !$0.isWhitespace }) { found.append(.phrase(String(part))) }
            } else {
                found += part.split(whereSeparator: \.isWhitespace).map { .term(String($0)) }
            }
        }
        return found.count > 1 ? .and(found) : found.first
    }

    /// - Throws: `.syntax` with the offset in bytes, `.tooDeep`.
    public init(parsing text: some StringProtocol, version: ODataVersion) throws(QueryError) {
        var parser = ExpressionParser(Array(text.utf8), version)
        self = try parser.whole { (parser: inout ExpressionParser) throws(QueryError) in try parser.search() }
    }

    /// The text, not percent-encoded.
    ///
    /// - Throws: `.notInVersion` in version 2 and for quotation marks in 4.0, `.tooDeep`, `.value` for what is empty.
    public func text(_ version: ODataVersion) throws(QueryError) -> String {
        var writer = ExpressionWriter(version)
        try writer.search(self)
        return writer.text
    }

    /// White space of any kind, control characters and what has a meaning can't stand in a word.
    static func isWord(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first, first != UInt8(ascii: "'") else { return false }
        let text = String(decoding: bytes, as: UTF8.self)
        if ["AND", "OR", "NOT"].contains(text) { return false }
        return text.unicodeScalars.allSatisfy { scalar in
            !scalar.properties.isWhitespace && scalar.value > 0x20 && scalar.value != 0x7F
                && !"\"();\\&#".unicodeScalars.contains(scalar)
        }
    }
}
