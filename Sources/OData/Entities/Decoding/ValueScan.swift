/// Finds where a JSON value ends, in pieces: it goes on where it stopped. It checks nothing that the reader of the value
/// will find.
struct ValueScan: Sendable {
    /// How many bytes of the value were looked at.
    private var length = 0
    private var depth = 0
    private var isInString = false
    private var isEscaped = false

    /// Whether nothing was looked at yet.
    var isIdle: Bool { length == 0 }

    /// - Parameter start: of the value, the same byte each time, wherever the text has moved it.
    /// - Returns: the offset behind the value; nil if it goes on.
    mutating func end(_ text: Span<UInt8>, from start: Int, _ limits: PayloadLimits) throws(PayloadError) -> Int? {
        var offset = start + length
        defer { length = offset - start }
        while offset < text.count {
            if isInString {
                guard let quote = closingQuote(text, from: &offset) else { break }
                offset = quote + 1
                isInString = false
                if depth == 0 { return offset }
                continue
            }
            switch text[offset] {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                guard depth <= limits.maxDepth else { throw PayloadError(.tooDeep, offset: offset) }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                // A number or word that the wrapper's bracket ends.
                if depth == 0 { return offset }
                depth -= 1
                if depth == 0 { return offset + 1 }
            case UInt8(ascii: ","), 0x20, 0x09, 0x0A, 0x0D:
                if depth == 0 { return offset }
            default: break
            }
            offset += 1
        }
        guard offset - start <= limits.maxEntityBytes else {
            throw PayloadError(.tooLarge(.entityBytes(limits.maxEntityBytes)), offset: start)
        }
        return nil
    }

    /// - Parameter offset: moved behind what was looked at.
    private mutating func closingQuote(_ text: Span<UInt8>, from offset: inout Int) -> Int? {
        if isEscaped {
            isEscaped = false
            offset += 1
        }
        while offset < text.count {
            if offset &+ 8 <= text.count {
                let plain = ByteWords.quotedPrefix(ByteWords.load(text, at: offset))
                offset &+= plain
                if plain == 8 { continue }
            }
            switch text[offset] {
            case UInt8(ascii: "\""): return offset
            case UInt8(ascii: "\\"):
                guard offset + 1 < text.count else {
                    isEscaped = true
                    offset += 1
                    return nil
                }
                offset += 2
            default: offset += 1
            }
        }
        return nil
    }
}
