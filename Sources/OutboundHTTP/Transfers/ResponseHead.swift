/// Status and headers of a final answer.
struct ResponseHead: Sendable {
    let status: Int
    /// Names in lower case, values trimmed, in order of arrival.
    let headers: [(name: String, value: String)]

    /// What `Content-Length` announces; nil where there is none.
    var announcedLength: Int? {
        headers.first { $0.name == "content-length" }.flatMap { Int($0.value) }
    }
}

/// Makes a ``ResponseHead`` of header lines one at a time (RFC 9112 §4 and §5), stricter than libcurl.
///
/// States: waiting for a status line → reading the fields of one answer → (interim answer: back to waiting) or complete.
/// What follows completion are trailers, which are dropped.
struct ResponseHeadParser {
    enum Step {
        case more
        case complete(ResponseHead)
        /// Not a header, or headers that contradict one another.
        case malformed
    }

    private enum State {
        case waiting
        case reading(status: Int)
        case complete
    }

    private var state = State.waiting
    private var headers: [(name: String, value: String)] = []

    /// One line with or without its line end.
    mutating func consume(_ line: [UInt8]) -> Step {
        var text = line[...]
        if text.last == UInt8(ascii: "\n") { text.removeLast() }
        if text.last == UInt8(ascii: "\r") { text.removeLast() }
        switch state {
        case .waiting:
            guard let status = Self.status(text) else { return .malformed }
            headers = []
            state = .reading(status: status)
            return .more
        case .reading(let status):
            return text.isEmpty ? finish(status) : consumeField(text)
        case .complete:
            return Self.status(text) == nil ? .more : .malformed
        }
    }

    private mutating func finish(_ status: Int) -> Step {
        if status < 200 {
            state = .waiting
            return .more
        }
        let lengths = headers.filter { $0.name == "content-length" }.map(\.value)
        guard Set(lengths).count <= 1, lengths.allSatisfy({ $0.utf8.allSatisfy(Self.isDigit) && Int($0) != nil }) else {
            return .malformed
        }
        state = .complete
        return .complete(ResponseHead(status: status, headers: headers))
    }

    private mutating func consumeField(_ text: ArraySlice<UInt8>) -> Step {
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), colon > text.startIndex,
            text[..<colon].allSatisfy(RequestCheck.isTokenByte)
        else { return .malformed }
        let value = Self.trimmed(text[(colon + 1)...])
        guard value.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }) else { return .malformed }
        headers.append((Self.text(text[..<colon]).lowercased(), Self.text(value)))
        return .more
    }

    /// `HTTP/1.x` and three digits from 100 to 599; nil for anything else.
    private static func status(_ line: ArraySlice<UInt8>) -> Int? {
        guard line.starts(with: "HTTP/1.".utf8), line.count >= 12 else { return nil }
        let rest = line.dropFirst(7)
        let digits = rest.dropFirst(2).prefix(3)
        guard let minor = rest.first, isDigit(minor), rest.dropFirst().first == 0x20, digits.allSatisfy(isDigit),
            rest.count == 5 || rest.dropFirst(5).first == 0x20
        else { return nil }
        let status = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
        return (100..<600).contains(status) ? status : nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }

    private static func trimmed(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var value = value
        while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
        while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
        return value
    }

    /// UTF-8 where it is that, else one scalar a byte, so that no byte is lost.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(validating: bytes, as: UTF8.self)
            ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }
}
