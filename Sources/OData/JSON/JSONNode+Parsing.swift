extension JSONNode {
    /// Reads a text as RFC 8259 has it, and nothing beside: no byte order mark, no comments, no bytes after the value.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8.
    ///   - maxDepth: arrays and objects inside each other; 1 allows no nesting. Never above 512, whatever is given, because
    ///     reading recurs.
    /// - Throws: `.syntax`, `.truncated`, `.tooDeep`, `.invalidUTF8` (half of a surrogate pair too) and `.duplicateName`,
    ///   each with the offset where the text stops making sense. Names are equal if Swift's strings are, so that two
    ///   spellings of one accented letter are one name.
    public init(parsing bytes: [UInt8], maxDepth: Int = 64) throws(PayloadError) {
        var reader = JSONReader(maxDepth: maxDepth)
        let text = bytes.span
        self = try reader.node(text)
        try reader.end(text)
    }
}
