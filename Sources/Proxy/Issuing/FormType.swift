internal import NIOCore

/// The type of a form's body.
enum FormType {
    private static let header = Array("content-type".utf8)
    private static let name = Array("application/x-www-form-urlencoded".utf8)
    private static let charset = Array("charset=".utf8)
    private static let accepted = [Array("charset=utf-8".utf8), Array("charset=\"utf-8\"".utf8)]

    /// Whether the head's one `Content-Type` names it, parameters aside; a charset other than UTF-8 is another type.
    static func isNamed(by head: borrowing RequestHead) -> Bool {
        let bytes = head.bytes.readableBytesUInt8Span
        var found: Range<Int>?
        for field in head.fields where field.name == .other {
            guard bytes.matches(header, at: field.nameRange.lowerBound, count: field.nameRange.count) else { continue }
            guard found == nil else { return false }
            found = field.valueRange
        }
        return found.map { isNamed(bytes, $0) } ?? false
    }

    private static func isNamed(_ bytes: Span<UInt8>, _ value: Range<Int>) -> Bool {
        var isFirst = true
        var start = value.lowerBound
        while start <= value.upperBound {
            var end = start
            while end < value.upperBound, bytes[end] != UInt8(ascii: ";") { end += 1 }
            let part = bytes.trimmed(start..<end)
            if isFirst {
                guard bytes.matches(name, at: part.lowerBound, count: part.count) else { return false }
            } else if part.count >= charset.count, bytes.matches(charset, at: part.lowerBound, count: charset.count) {
                guard accepted.contains(where: { bytes.matches($0, at: part.lowerBound, count: part.count) }) else {
                    return false
                }
            }
            isFirst = false
            start = end + 1
        }
        return true
    }
}
