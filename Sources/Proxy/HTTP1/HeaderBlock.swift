/// Reads the header lines of a request, a response or a trailer, strictly (RFC 9112 §5).
enum HeaderBlock {
    /// Parses from `index` up to and including the empty line.
    ///
    /// - Parameters:
    ///   - fields: receives one entry a line; emptied first, its storage kept.
    /// - Returns: whether the empty line was there; false asks for more bytes, and `index` is then of no meaning.
    static func parse(
        _ bytes: Span<UInt8>, from index: inout Int, into fields: inout ContiguousArray<HeaderField>,
        limits: HTTPLimits
    ) throws(HTTPRefusal) -> Bool {
        fields.removeAll(keepingCapacity: true)
        let start = index
        while true {
            guard index < bytes.count else { return try incomplete(bytes.count - start, limits) }
            if bytes[index] == HTTPCharacters.carriageReturn {
                guard index + 1 < bytes.count else { return false }
                guard bytes[index + 1] == HTTPCharacters.lineFeed else { throw .badHeaderName }
                index += 2
                guard index - start <= limits.maxHeaderBytes else { throw .headersTooLarge }
                return true
            }
            guard fields.count < limits.maxHeaders else { throw .headersTooLarge }
            guard let field = try parseLine(bytes, from: &index) else {
                return try incomplete(bytes.count - start, limits)
            }
            fields.append(field)
        }
    }

    private static func incomplete(_ count: Int, _ limits: HTTPLimits) throws(HTTPRefusal) -> Bool {
        guard count <= limits.maxHeaderBytes else { throw .headersTooLarge }
        return false
    }

    /// One line with its end; nil while it is incomplete.
    private static func parseLine(_ bytes: Span<UInt8>, from index: inout Int) throws(HTTPRefusal) -> HeaderField? {
        let nameStart = index
        var hash = HeaderNameTable.seed
        var cursor = index
        let count = bytes.count
        while cursor < count, HTTPCharacters.isToken(bytes[cursor]) {
            hash = HeaderNameTable.mix(hash, bytes[cursor])
            cursor += 1
        }
        guard cursor < count else { return nil }
        guard bytes[cursor] == UInt8(ascii: ":"), cursor > nameStart else {
            throw refusalOfName(bytes[cursor], atStart: cursor == nameStart)
        }
        let nameRange = nameStart..<cursor
        cursor += 1
        let valueStart = cursor
        while cursor < count, HTTPCharacters.isValue(bytes[cursor]) { cursor += 1 }
        guard cursor < count else { return nil }
        guard bytes[cursor] == HTTPCharacters.carriageReturn else {
            throw bytes[cursor] == HTTPCharacters.lineFeed ? .bareLineFeed : .badHeaderValue
        }
        guard cursor + 1 < count else { return nil }
        guard bytes[cursor + 1] == HTTPCharacters.lineFeed else { throw .badHeaderValue }
        index = cursor + 2
        let name = HeaderNameTable.shared.find(bytes, start: nameStart, count: nameRange.count, hash: hash)
        return HeaderField(name: name, nameRange: nameRange, valueRange: bytes.trimmed(valueStart..<cursor))
    }

    private static func refusalOfName(_ byte: UInt8, atStart: Bool) -> HTTPRefusal {
        if byte == HTTPCharacters.lineFeed { return .bareLineFeed }
        let isBlank = byte == HTTPCharacters.space || byte == HTTPCharacters.tab
        return isBlank && atStart ? .foldedHeader : .badHeaderName
    }

    /// A Content-Length value: decimal digits only, at most 18 of them (RFC 9110 §8.6).
    static func contentLength(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(HTTPRefusal) -> Int {
        guard !range.isEmpty, range.count <= 18 else { throw .badLength }
        var value = 0
        for index in range {
            guard HTTPCharacters.isDigit(bytes[index]) else { throw .badLength }
            value = value * 10 + Int(bytes[index] &- 0x30)
        }
        return value
    }

    /// Whether a comma-separated list (Connection) holds the token, letters without case; `token` in lower case.
    static func list(_ bytes: Span<UInt8>, _ range: Range<Int>, contains token: [UInt8]) -> Bool {
        var start = range.lowerBound
        while start <= range.upperBound {
            var end = start
            while end < range.upperBound, bytes[end] != UInt8(ascii: ",") { end += 1 }
            let item = bytes.trimmed(start..<end)
            if bytes.matches(token, at: item.lowerBound, count: item.count) { return true }
            start = end + 1
        }
        return false
    }
}
