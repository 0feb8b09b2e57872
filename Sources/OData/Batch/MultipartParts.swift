/// Cuts a `multipart` body into its parts (RFC 2046 §5.1), in one pass.
///
/// What stands before the first delimiter and after the last is no part. Lines may end with LF alone, which some services
/// send; a delimiter is one at the beginning of a line, with nothing but blanks after it. Lengths that headers give are not
/// believed: the delimiters decide.
struct MultipartParts {
    let bytes: [UInt8]
    /// `--` and the boundary.
    private let delimiter: [UInt8]

    init(of bytes: [UInt8], boundary: String) {
        self.bytes = bytes
        delimiter = Array("--".utf8) + boundary.utf8
    }

    /// - Returns: where the parts are, headers included, without the line end that belongs to the next delimiter.
    /// - Throws: `.malformed(.truncated)` without a closing delimiter, `.limit(.batchParts)` above `maxParts`.
    func ranges(in whole: Range<Int>, maxParts: Int) throws(ODataError) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var partStart: Int?
        var lineStart = whole.lowerBound
        while lineStart < whole.upperBound {
            let lineEnd = bytes.endOfLine(from: lineStart, in: whole)
            if let kind = delimiterKind(from: lineStart, to: lineEnd) {
                if let start = partStart {
                    guard parts.count < maxParts else { throw .limit(.batchParts(maxParts)) }
                    parts.append(start..<max(start, bytes.withoutLineEnd(lineStart, from: start)))
                }
                if kind == .closing { return parts }
                partStart = lineEnd
            }
            lineStart = lineEnd
        }
        throw .malformed(PayloadError(.truncated, offset: whole.upperBound))
    }

    private enum DelimiterKind { case opening, closing }

    private func delimiterKind(from start: Int, to end: Int) -> DelimiterKind? {
        guard end - start >= delimiter.count, bytes[start] == delimiter[0],
            bytes[start..<start + delimiter.count].elementsEqual(delimiter)
        else { return nil }
        var place = start + delimiter.count
        var kind = DelimiterKind.opening
        if end - place >= 2, bytes[place] == UInt8(ascii: "-"), bytes[place + 1] == UInt8(ascii: "-") {
            (kind, place) = (.closing, place + 2)
        }
        let isBlank = bytes[place..<end].allSatisfy { [0x20, 0x09, 0x0D, 0x0A].contains($0) }
        return isBlank ? kind : nil
    }
}

extension [UInt8] {
    /// Behind the LF that ends the line; the end of the range without one.
    func endOfLine(from start: Int, in range: Range<Int>) -> Int {
        var place = start
        while place < range.upperBound {
            if self[place] == UInt8(ascii: "\n") { return place + 1 }
            place += 1
        }
        return place
    }

    /// `end` without the CRLF or LF in front of it, not before `start`.
    func withoutLineEnd(_ end: Int, from start: Int) -> Int {
        guard end > start, self[end - 1] == UInt8(ascii: "\n") else { return end }
        return end - 1 > start && self[end - 2] == UInt8(ascii: "\r") ? end - 2 : end - 1
    }
}
