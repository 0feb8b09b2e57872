/// Reads JSON (RFC 8259) by pulling one piece after the other out of contiguous bytes.
///
/// It holds a position only; the text is given to each call, always the same. Whoever asks for a piece that isn't there gets
/// an error with the offset. Depth is bounded by `open` and by `node`.
struct JSONReader: Sendable {
    /// The next byte to look at.
    var position = 0
    /// Arrays and objects that are open.
    private(set) var depth = 0
    let maxDepth: Int

    /// What a value begins with.
    enum Kind {
        case null
        case boolean
        case number
        case string
        case array
        case object
    }

    /// Where a string's content stands: without its quotes, escapes as they are.
    struct StringRange {
        var start: Int
        var end: Int
        var hasEscapes: Bool

        var range: Range<Int> { start..<end }
    }

    /// Reading recurs, so that the bound must fit a small stack.
    static let depthCap = 512

    init(maxDepth: Int, position: Int = 0, depth: Int = 0) {
        self.maxDepth = min(maxDepth, Self.depthCap)
        (self.position, self.depth) = (position, depth)
    }

    func failure(_ reason: PayloadError.Reason) -> PayloadError { PayloadError(reason, offset: position) }

    /// What is wrong with a byte that can't be what was expected: it, or its absence.
    func unexpected(_ text: Span<UInt8>) -> PayloadError {
        failure(position < text.count ? .syntax : .truncated)
    }

    @inline(__always)
    mutating func skipSpace(_ text: Span<UInt8>) {
        if position < text.count, text[position] > 0x20 { return }
        skipLongSpace(text)
    }

    private mutating func skipLongSpace(_ text: Span<UInt8>) {
        while position < text.count {
            switch text[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    /// Space and the end of the text.
    mutating func end(_ text: Span<UInt8>) throws(PayloadError) {
        skipSpace(text)
        guard position == text.count else { throw failure(.syntax) }
    }

    @inline(__always)
    mutating func expect(_ byte: UInt8, _ text: Span<UInt8>) throws(PayloadError) {
        skipSpace(text)
        guard position < text.count, text[position] == byte else { throw unexpected(text) }
        position += 1
    }

    /// What the next value is, without moving past its first byte.
    @inline(__always)
    mutating func kind(_ text: Span<UInt8>) throws(PayloadError) -> Kind {
        skipSpace(text)
        guard position < text.count else { throw failure(.truncated) }
        switch text[position] {
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        default: throw failure(.syntax)
        }
    }
}

// MARK: Arrays and objects

extension JSONReader {
    /// Past the bracket of an array or object.
    ///
    /// - Returns: whether something is in it; if not, it is closed already.
    mutating func open(_ bracket: UInt8, _ text: Span<UInt8>) throws(PayloadError) -> Bool {
        guard depth < maxDepth else { throw failure(.tooDeep) }
        try expect(bracket, text)
        depth += 1
        skipSpace(text)
        // A closing bracket stands two places behind its opening one in ASCII.
        guard position < text.count, text[position] == bracket &+ 2 else { return true }
        position += 1
        depth -= 1
        return false
    }

    /// Past the comma, or past the closing bracket.
    ///
    /// - Returns: whether another member or element follows.
    @inline(__always)
    mutating func next(in bracket: UInt8, _ text: Span<UInt8>) throws(PayloadError) -> Bool {
        skipSpace(text)
        guard position < text.count else { throw failure(.truncated) }
        let byte = text[position]
        if byte == UInt8(ascii: ",") {
            position += 1
            return true
        }
        guard byte == bracket &+ 2 else { throw failure(.syntax) }
        position += 1
        depth -= 1
        return false
    }

    /// A member's name and the colon.
    mutating func name(_ text: Span<UInt8>) throws(PayloadError) -> StringRange {
        skipSpace(text)
        guard position < text.count, text[position] == UInt8(ascii: "\"") else { throw unexpected(text) }
        let range = try string(text)
        try expect(UInt8(ascii: ":"), text)
        return range
    }

    /// Past one value of whatever kind, of which all is checked but double names.
    mutating func skip(_ text: Span<UInt8>) throws(PayloadError) {
        switch try kind(text) {
        case .null: try literal("null", text)
        case .boolean: _ = try boolean(text)
        case .number: _ = try number(text)
        case .string: _ = try string(text)
        case .array:
            guard try open(UInt8(ascii: "["), text) else { return }
            repeat { try skip(text) } while try next(in: UInt8(ascii: "["), text)
        case .object:
            guard try open(UInt8(ascii: "{"), text) else { return }
            repeat {
                _ = try name(text)
                try skip(text)
            } while try next(in: UInt8(ascii: "{"), text)
        }
    }
}

// MARK: Words and numbers

extension JSONReader {
    mutating func literal(_ word: StaticString, _ text: Span<UInt8>) throws(PayloadError) {
        skipSpace(text)
        for expected in word.description.utf8 {
            guard position < text.count, text[position] == expected else { throw unexpected(text) }
            position += 1
        }
    }

    mutating func boolean(_ text: Span<UInt8>) throws(PayloadError) -> Bool {
        skipSpace(text)
        guard position < text.count else { throw failure(.truncated) }
        let isTrue = text[position] == UInt8(ascii: "t")
        try literal(isTrue ? "true" : "false", text)
        return isTrue
    }

    /// - Returns: where it stands.
    @inline(__always)
    mutating func number(_ text: Span<UInt8>) throws(PayloadError) -> Range<Int> {
        skipSpace(text)
        let start = position
        if position < text.count, text[position] == UInt8(ascii: "-") { position += 1 }
        guard position < text.count else { throw failure(.truncated) }
        if text[position] == UInt8(ascii: "0") { position += 1 } else { try digits(text) }
        guard position < text.count else { return start..<position }
        switch text[position] {
        case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): try fractionAndExponent(text)
        // A digit behind a leading zero; everything else is for the caller to refuse.
        case UInt8(ascii: "0")...UInt8(ascii: "9"): throw failure(.syntax)
        default: break
        }
        return start..<position
    }

    private mutating func fractionAndExponent(_ text: Span<UInt8>) throws(PayloadError) {
        if text[position] == UInt8(ascii: ".") {
            position += 1
            try digits(text)
        }
        guard position < text.count, text[position] | 0x20 == UInt8(ascii: "e") else { return }
        position += 1
        if position < text.count, text[position] == UInt8(ascii: "+") || text[position] == UInt8(ascii: "-") {
            position += 1
        }
        try digits(text)
    }

    /// One digit or more.
    @inline(__always)
    private mutating func digits(_ text: Span<UInt8>) throws(PayloadError) {
        let start = position
        while position < text.count, text[position] &- UInt8(ascii: "0") < 10 { position += 1 }
        guard position > start else { throw unexpected(text) }
    }
}
