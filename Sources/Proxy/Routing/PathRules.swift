/// What a path must not hold, because two readers of it could disagree: the proxy matches prefixes on the path decoded
/// once, and no upstream may come to another path than that.
enum PathRules {
    /// Checks a path that is empty or begins with `/`, its bytes visible ASCII.
    ///
    /// Refused: `.` and `..` segments in any encoding (also encoded twice, between encoded slashes, and before a `;`
    /// parameter), empty segments
    /// but the last, `\`, `%2f`, `%5c`, control characters behind an escape, `%c0` and `%c1`, which begin nothing but
    /// overlong UTF-8 (`%c0%ae` is a dot to a lenient decoder), and escapes that aren't two digits.
    static func check(_ bytes: Span<UInt8>, _ path: Range<Int>) throws(DataPlaneProblem) {
        var index = path.lowerBound
        while index < path.upperBound {
            let start = index + 1
            var end = start
            var isSuspect = false
            while end < path.upperBound, bytes[end] != UInt8(ascii: "/") {
                let byte = bytes[end]
                if byte == UInt8(ascii: "\\") { throw .badPath }
                if byte == UInt8(ascii: "%") {
                    try checkEscape(bytes, end, path.upperBound)
                    isSuspect = true
                    end += 2
                } else if byte == UInt8(ascii: ".") {
                    isSuspect = true
                }
                end += 1
            }
            guard end > start || end == path.upperBound else { throw .badPath }
            if isSuspect, isDotSegment(bytes, start..<end) { throw .badPath }
            index = end
        }
    }

    private static func checkEscape(_ bytes: Span<UInt8>, _ index: Int, _ end: Int) throws(DataPlaneProblem) {
        guard index + 2 < end, let high = HTTPCharacters.hexValue(bytes[index + 1]),
            let low = HTTPCharacters.hexValue(bytes[index + 2])
        else { throw .badPath }
        let byte = high << 4 | low
        guard byte >= 0x20, byte != 0x7F, byte != UInt8(ascii: "/"), byte != UInt8(ascii: "\\") else { throw .badPath }
        guard byte != 0xC0, byte != 0xC1 else { throw .badPath }
    }

    /// Whether the segment is, or falls into segments of which one is, one or two dots up to a `;`, under up to three
    /// decodings.
    private static func isDotSegment(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var segment: [UInt8] = []
        for index in range { segment.append(bytes[index]) }
        if holdsDots(segment) { return true }
        for _ in 0..<3 {
            segment = decode(segment.span, 0..<segment.count)
            if holdsDots(segment) { return true }
        }
        return false
    }

    private static func holdsDots(_ segment: [UInt8]) -> Bool {
        segment.split { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }.contains { part in
            let name = part.prefix { $0 != UInt8(ascii: ";") }
            return (1...2).contains(name.count) && name.allSatisfy { $0 == UInt8(ascii: ".") }
        }
    }

    /// Percent-decoded once; what is no escape stays.
    static func decode(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < range.upperBound,
                let high = HTTPCharacters.hexValue(bytes[index + 1]),
                let low = HTTPCharacters.hexValue(bytes[index + 2])
            {
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(bytes[index])
                index += 1
            }
        }
        return decoded
    }

    /// Whether a decoded path lies below a decoded prefix, whole segments compared.
    static func path(_ path: [UInt8], liesBelow prefix: some Collection<UInt8>) -> Bool {
        guard path.starts(with: prefix) else { return false }
        guard path.count > prefix.count else { return true }
        let endsWithSlash = prefix.isEmpty || path[prefix.count - 1] == UInt8(ascii: "/")
        return endsWithSlash || path[prefix.count] == UInt8(ascii: "/")
    }
}
