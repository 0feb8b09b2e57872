/// Reads expressions and what else stands in options, from text that is not percent-encoded any more.
///
/// One pass without backtracking over anything long: time is linear in the text. Recursion is bounded by `maxLevel`,
/// the tree by `QueryExpression.maxDepth`, so that whatever was read can be written.
struct ExpressionParser {
    let bytes: [UInt8]
    let version: ODataVersion
    var place = 0
    /// Nodes on the longest way down in what was read last.
    var height = 0
    private var level = 0
    /// Arrays and objects around this place.
    var structures = 0

    /// Two for each node: its own, and that of parentheses.
    private static let maxLevel = 2 * QueryExpression.maxDepth + 8

    init(_ bytes: [UInt8], _ version: ODataVersion) { (self.bytes, self.version) = (bytes, version) }

    mutating func enter() throws(QueryError) {
        level += 1
        guard level <= Self.maxLevel else { throw .tooDeep }
    }

    mutating func leave() { level -= 1 }

    /// The height of a node above others.
    mutating func grow(above below: Int) throws(QueryError) {
        height = below + 1
        guard height <= QueryExpression.maxDepth else { throw .tooDeep }
    }

    /// All of the text must be read.
    mutating func whole<Result>(
        _ read: (inout ExpressionParser) throws(QueryError) -> Result
    ) throws(QueryError) -> Result {
        skipSpace()
        let result = try read(&self)
        skipSpace()
        guard place == bytes.count else { throw syntax }
        return result
    }

    var syntax: QueryError { .syntax(offset: place) }

    func needs(_ since: ODataVersion, _ what: String) throws(QueryError) {
        guard version >= since else { throw .notInVersion(what, version) }
    }

    // MARK: Bytes

    var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    func byte(at offset: Int) -> UInt8? { offset < bytes.count ? bytes[offset] : nil }

    mutating func skipSpace() {
        while let byte = next, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { place += 1 }
    }

    /// - Returns: whether there was any.
    mutating func skipNeededSpace() -> Bool {
        let start = place
        skipSpace()
        return place > start
    }

    mutating func expect(_ text: String) throws(QueryError) {
        guard take(text) else { throw syntax }
    }

    /// A comma or nothing, with space around it.
    mutating func takeComma() -> Bool {
        let start = place
        skipSpace()
        guard take(",") else {
            place = start
            return false
        }
        skipSpace()
        return true
    }

    func starts(with text: String) -> Bool {
        var offset = place
        for byte in text.utf8 {
            guard self.byte(at: offset) == byte else { return false }
            offset += 1
        }
        return true
    }

    /// Short words of ASCII.
    mutating func take(_ text: String) -> Bool {
        guard starts(with: text) else { return false }
        place += text.utf8.count
        return true
    }

    func text(from start: Int) -> String { String(decoding: bytes[start..<place], as: UTF8.self) }

    // MARK: Names

    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }

    /// The end of a run of bytes that names may have.
    func nameEnd(from start: Int) -> Int {
        var offset = start
        while let byte = byte(at: offset), Self.isNameByte(byte) { offset += 1 }
        return offset
    }

    mutating func identifier() throws(QueryError) -> String {
        let start = place
        place = nameEnd(from: place)
        let name = text(from: start)
        guard Identifier.isValid(name) else {
            place = start
            throw syntax
        }
        return name
    }

    /// Identifiers with dots between them, or one alone.
    mutating func dottedName() throws(QueryError) -> String {
        let start = place
        repeat { _ = try identifier() } while take(".")
        return text(from: start)
    }

    mutating func qualifiedName() throws(QueryError) -> QualifiedName {
        let start = place
        guard let name = QualifiedName(try dottedName()) else {
            place = start
            throw syntax
        }
        return name
    }

    /// Names and type casts with slashes between them.
    mutating func names() throws(QueryError) -> String {
        let start = place
        repeat { _ = try dottedName() } while take("/")
        return text(from: start)
    }

    mutating func number() throws(QueryError) -> Int {
        let start = place
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { place += 1 }
        guard place - start <= 18, let number = Int(text(from: start)) else {
            place = start
            throw syntax
        }
        return number
    }
}
