internal import HTTPTypes

/// Reads header lines of a MIME part, and of the request or answer in it (RFC 9112 §5, RFC 2045).
///
/// Tolerated: LF without CR; lines that continue with blanks (obs-fold), which are joined by one; no empty line at the end
/// when nothing follows.
struct HeaderLines {
    var fields: HTTPFields = [:]
    /// Behind the empty line.
    var end: Int

    /// More lines than any service sends, so that many tiny ones cost nothing.
    private static let maxLines = 256

    /// - Parameter range: from the first header line to the end of the part.
    /// - Throws: `.malformed(.batch)` for a line that is no header, `.limit(.bodyBytes)` above `maxBytes`.
    init(_ bytes: [UInt8], in range: Range<Int>, maxBytes: Int) throws(ODataError) {
        var pending: (name: HTTPField.Name, value: [UInt8])?
        end = range.lowerBound
        var count = 0
        while end < range.upperBound {
            let start = end
            end = bytes.endOfLine(from: start, in: range)
            guard end - range.lowerBound <= maxBytes, count < Self.maxLines else { throw .limit(.bodyBytes(maxBytes)) }
            let line = bytes[start..<bytes.withoutLineEnd(end, from: start)]
            guard let first = line.first else { break }
            count += 1
            if first == 0x20 || first == 0x09, let folded = pending {
                pending = (folded.name, folded.value + [0x20] + line.trimmingBlanks())
                continue
            }
            keep(pending)
            pending = try Self.field(line)
        }
        keep(pending)
    }

    private mutating func keep(_ field: (name: HTTPField.Name, value: [UInt8])?) {
        guard let field else { return }
        fields.append(HTTPField(name: field.name, value: field.value))
    }

    private static func field(_ line: ArraySlice<UInt8>) throws(ODataError) -> (HTTPField.Name, [UInt8]) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
            let name = HTTPField.Name(String(decoding: line[..<colon].trimmingBlanks(), as: UTF8.self))
        else { throw .malformed(PayloadError(.batch, offset: line.startIndex)) }
        return (name, Array(line[line.index(after: colon)...].trimmingBlanks()))
    }
}

extension ArraySlice<UInt8> {
    func trimmingBlanks() -> ArraySlice<UInt8> {
        var slice = self
        while let first = slice.first, first == 0x20 || first == 0x09 { slice = slice.dropFirst() }
        while let last = slice.last, last == 0x20 || last == 0x09 || last == 0x0D { slice = slice.dropLast() }
        return slice
    }
}

/// A media type and its parameters (RFC 9110 §8.3.1).
struct BatchMediaType {
    /// Lowercase, without blanks.
    let type: String
    let parameters: [String: String]

    init(_ text: String) {
        var pieces = Self.split(text)
        type = pieces.isEmpty ? "" : Self.trimmed(pieces.removeFirst()).lowercased()
        var parameters: [String: String] = [:]
        for piece in pieces {
            guard let equals = piece.firstIndex(of: "=") else { continue }
            let name = Self.trimmed(piece[..<equals]).lowercased()
            parameters[name] = parameters[name] ?? Self.unquoted(Self.trimmed(piece[piece.index(after: equals)...]))
        }
        self.parameters = parameters
    }

    /// 1–70 characters by RFC 2046; some services send more.
    var boundary: String? {
        guard type.hasPrefix("multipart/"), let boundary = parameters["boundary"],
            (1...200).contains(boundary.utf8.count)
        else { return nil }
        return boundary
    }

    /// `application/json`, or a subtype that is JSON (`+json`).
    var isJSON: Bool { type == "application/json" || type.hasSuffix("+json") }

    /// At semicolons outside of quotes.
    private static func split(_ text: String) -> [Substring] {
        var (pieces, start, isQuoted, isEscaped) = ([Substring](), text.startIndex, false, false)
        for place in text.indices {
            switch (text[place], isEscaped) {
            case (_, true): isEscaped = false
            case ("\\", _) where isQuoted: isEscaped = true
            case ("\"", _): isQuoted.toggle()
            case (";", _) where !isQuoted:
                pieces.append(text[start..<place])
                start = text.index(after: place)
            default: break
            }
        }
        return pieces + [text[start...]]
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }

    private static func unquoted(_ text: String) -> String {
        guard text.count >= 2, text.first == "\"", text.last == "\"" else { return text }
        var (result, isEscaped) = ("", false)
        for character in text.dropFirst().dropLast() {
            if character == "\\" && !isEscaped {
                isEscaped = true
            } else {
                result.append(character)
                isEscaped = false
            }
        }
        return result
    }
}
