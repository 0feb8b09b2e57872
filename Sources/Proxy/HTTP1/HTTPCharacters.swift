/// The character classes of HTTP (RFC 9110 §5.5 and §5.6.2) as bit sets, so that a check is a shift and a mask.
enum HTTPCharacters {
    /// `tchar` below 64: `!#$%&'*+-.` and digits.
    private static let tokenLow: UInt64 = 0x03FF_6CFA_0000_0000
    /// `tchar` from 64 on: letters, `^_` and the backtick, `|~`.
    private static let tokenHigh: UInt64 = 0x57FF_FFFF_C7FF_FFFE

    /// A character of a token: method or header name.
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        guard byte < 128 else { return false }
        let set = byte < 64 ? tokenLow : tokenHigh
        return (set &>> UInt64(byte & 63)) & 1 == 1
    }

    /// A character of a header value: visible ASCII, space, tab and bytes from 128 on (obs-text).
    @inline(__always)
    static func isValue(_ byte: UInt8) -> Bool {
        (byte >= 0x20 && byte != 0x7F) || byte == 0x09
    }

    /// A character of a request target: visible ASCII.
    @inline(__always)
    static func isTarget(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    /// Value of a hexadecimal digit in either case, nil for others.
    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt8? {
        if byte &- 0x30 < 10 { return byte &- 0x30 }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter + 10 : nil
    }

    @inline(__always)
    static func lowercased(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    static let carriageReturn: UInt8 = 0x0D
    static let lineFeed: UInt8 = 0x0A
    static let space: UInt8 = 0x20
    static let tab: UInt8 = 0x09
}

extension Span<UInt8> {
    /// Whether the range holds this ASCII text, letters compared without case; `text` in lower case.
    func matches(_ text: [UInt8], at start: Int, count: Int) -> Bool {
        guard count == text.count, start >= 0, start + count <= self.count else { return false }
        for index in 0..<count where HTTPCharacters.lowercased(self[start + index]) != text[index] { return false }
        return true
    }

    /// The range without spaces and tabs at either end.
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var lower = range.lowerBound
        var upper = range.upperBound
        while lower < upper, self[lower] == HTTPCharacters.space || self[lower] == HTTPCharacters.tab { lower += 1 }
        while upper > lower, self[upper - 1] == HTTPCharacters.space || self[upper - 1] == HTTPCharacters.tab {
            upper -= 1
        }
        return lower..<upper
    }
}
