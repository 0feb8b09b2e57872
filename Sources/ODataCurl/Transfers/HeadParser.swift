internal import HTTPTypes

/// Makes a response head of header lines, one at a time (RFC 9112 §4, §5; libcurl writes those of HTTP/2 alike).
///
/// Waiting for a status line → reading fields → (interim answer: back to waiting) or complete; what follows are
/// trailers, which are dropped.
struct HeadParser {
    enum Step {
        case more
        case complete(HTTPResponse)
        case malformed
    }

    private enum State { case waiting, reading(Int), complete }

    private var state = State.waiting
    private var fields = HTTPFields()
    /// The body was encoded and is decoded on the way: its length and coding are no longer those of the head.
    let isDecoded: Bool

    init(isDecoded: Bool) { self.isDecoded = isDecoded }

    /// One line with or without its end.
    mutating func consume(_ line: [UInt8]) -> Step {
        var text = line[...]
        if text.last == UInt8(ascii: "\n") { text.removeLast() }
        if text.last == UInt8(ascii: "\r") { text.removeLast() }
        switch state {
        case .waiting:
            guard let status = Self.status(text) else { return .malformed }
            fields = HTTPFields()
            state = .reading(status)
            return .more
        case .reading(let status): return text.isEmpty ? finish(status) : take(text)
        case .complete: return Self.status(text) == nil ? .more : .malformed
        }
    }

    private mutating func finish(_ status: Int) -> Step {
        if status < 200 {
            state = .waiting
            return .more
        }
        let lengths = fields[values: .contentLength]
        let isNumber = lengths.allSatisfy { $0.utf8.allSatisfy(Self.isDigit) && Int($0) != nil }
        guard Set(lengths).count <= 1, isNumber else { return .malformed }
        if isDecoded, fields[.contentEncoding] != nil {
            fields[.contentEncoding] = nil
            fields[.contentLength] = nil
        }
        state = .complete
        return .complete(HTTPResponse(status: HTTPResponse.Status(code: status), headerFields: fields))
    }

    private mutating func take(_ line: ArraySlice<UInt8>) -> Step {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
            let name = HTTPField.Name(String(decoding: line[..<colon], as: UTF8.self))
        else { return .malformed }
        var value = line[(colon + 1)...]
        while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
        while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
        guard value.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }) else { return .malformed }
        fields.append(HTTPField(name: name, value: Array(value)))
        return .more
    }

    /// `HTTP/1.x` or `HTTP/2` and three digits from 100 to 599.
    private static func status(_ line: ArraySlice<UInt8>) -> Int? {
        guard line.starts(with: "HTTP/1.".utf8) || line.starts(with: "HTTP/2".utf8) else { return nil }
        let words = line.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count >= 2, words[1].count == 3, words[1].allSatisfy(isDigit) else { return nil }
        let status = words[1].reduce(0) { $0 * 10 + Int($1 - 48) }
        return (100..<600).contains(status) ? status : nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}
