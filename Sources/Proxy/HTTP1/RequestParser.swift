internal import NIOCore

/// Reads requests off a connection, one after the other: pure, fed with what has arrived, in any split.
///
/// Call ``append(_:)`` with what the socket gave, ``nextHead()`` until it answers true, then ``nextBody()`` until `.end`,
/// and begin again. After a refusal the connection can't go on.
struct RequestParser {
    let limits: HTTPLimits
    /// The head of the request under way; valid after ``nextHead()`` answered true until ``finish()``.
    private(set) var head = RequestHead()
    private(set) var body = BodyDecoder(.none)
    private var pending = ByteBuffer()
    /// How far an incomplete head was searched for its end.
    private var searched = 0

    init(limits: HTTPLimits) { self.limits = limits }

    /// Whether bytes wait that no call has consumed.
    var hasPending: Bool { pending.readableBytes > 0 }
    var pendingBytes: Int { pending.readableBytes }

    mutating func append(_ bytes: consuming ByteBuffer) {
        if pending.readableBytes == 0 {
            pending = bytes
        } else {
            pending.writeImmutableBuffer(bytes)
        }
    }

    /// Whether a whole head has arrived; it is in ``head`` then.
    mutating func nextHead() throws(HTTPRefusal) -> Bool {
        guard pending.readableBytes > 0 else { return false }
        // A head that arrives in pieces is parsed again only when its end is there: a slow sender costs no more than
        // one search of each byte.
        if searched > 0, try !foundEnd() { return false }
        guard let length = try parse() else {
            searched = pending.readableBytes
            return false
        }
        guard let slice = pending.readSlice(length: length) else { return false }
        head.bytes = slice
        searched = 0
        body = BodyDecoder(head.framing)
        releaseIfEmpty()
        return true
    }

    mutating func nextBody() throws(HTTPRefusal) -> BodyPiece {
        let piece = try body.next(&pending)
        releaseIfEmpty()
        return piece
    }

    /// Forgets the request under way.
    mutating func finish() { head.release() }

    /// Forgets everything that has arrived.
    mutating func discardPending() { pending = ByteBuffer() }

    private mutating func releaseIfEmpty() {
        if pending.readableBytes == 0 { pending = ByteBuffer() }
    }

    private mutating func foundEnd() throws(HTTPRefusal) -> Bool {
        let buffer = pending
        let bytes = buffer.readableBytesUInt8Span
        var index = max(3, searched - 1)
        while index < bytes.count {
            if bytes[index] == HTTPCharacters.lineFeed, bytes[index - 2] == HTTPCharacters.lineFeed { return true }
            index += 1
        }
        guard bytes.count <= limits.maxHeadBytes else { throw .headersTooLarge }
        searched = bytes.count
        return false
    }

    /// Length of a whole head, with `head` filled; nil while it is incomplete.
    private mutating func parse() throws(HTTPRefusal) -> Int? {
        let buffer = pending
        let bytes = buffer.readableBytesUInt8Span
        var index = 0
        guard try parseRequestLine(bytes, &index) else { return nil }
        guard try HeaderBlock.parse(bytes, from: &index, into: &head.fields, limits: limits) else { return nil }
        try head.conclude(bytes)
        return index
    }

    private mutating func parseRequestLine(_ bytes: Span<UInt8>, _ index: inout Int) throws(HTTPRefusal) -> Bool {
        let count = min(bytes.count, limits.maxRequestLineBytes + 2)
        var cursor = 0
        while cursor < count, HTTPCharacters.isToken(bytes[cursor]) { cursor += 1 }
        guard cursor < count else { return try incompleteLine(bytes.count) }
        guard bytes[cursor] == HTTPCharacters.space, cursor > 0, cursor <= 20 else { throw .badMethod }
        head.method = HTTPMethod(bytes, 0..<cursor)
        cursor += 1
        let targetStart = cursor
        while cursor < count, HTTPCharacters.isTarget(bytes[cursor]) { cursor += 1 }
        guard cursor < count else { return try incompleteLine(bytes.count) }
        guard bytes[cursor] == HTTPCharacters.space, cursor > targetStart else {
            throw bytes[cursor] == HTTPCharacters.lineFeed ? .bareLineFeed : .badTarget
        }
        head.target = targetStart..<cursor
        cursor += 1
        guard cursor + 10 <= bytes.count else {
            guard cursor + 8 <= limits.maxRequestLineBytes else { throw .requestLineTooLong }
            return try partialVersion(bytes, cursor)
        }
        head.version = try Self.version(bytes, cursor)
        guard cursor + 8 <= limits.maxRequestLineBytes else { throw .requestLineTooLong }
        guard bytes[cursor + 8] == HTTPCharacters.carriageReturn, bytes[cursor + 9] == HTTPCharacters.lineFeed else {
            throw bytes[cursor + 8] == HTTPCharacters.lineFeed ? .bareLineFeed : .badRequestLine
        }
        index = cursor + 10
        // Only the origin form (RFC 9112 §3.2.1): absolute, authority and asterisk form are refused.
        guard bytes[targetStart] == UInt8(ascii: "/") else { throw .badTarget }
        return true
    }

    private func incompleteLine(_ available: Int) throws(HTTPRefusal) -> Bool {
        guard available <= limits.maxRequestLineBytes else { throw .requestLineTooLong }
        return false
    }

    private func partialVersion(_ bytes: Span<UInt8>, _ start: Int) throws(HTTPRefusal) -> Bool {
        for index in start..<bytes.count where bytes[index] == HTTPCharacters.lineFeed { throw .badRequestLine }
        return false
    }

    private static let versionPrefix = Array("http/".utf8)

    private static func version(_ bytes: Span<UInt8>, _ start: Int) throws(HTTPRefusal) -> RequestHead.Version {
        guard bytes.matches(versionPrefix, at: start, count: 5), bytes[start] == UInt8(ascii: "H"),
            bytes[start + 1] == UInt8(ascii: "T"), bytes[start + 2] == UInt8(ascii: "T"),
            bytes[start + 3] == UInt8(ascii: "P"), HTTPCharacters.isDigit(bytes[start + 5]),
            bytes[start + 6] == UInt8(ascii: "."), HTTPCharacters.isDigit(bytes[start + 7])
        else { throw .badRequestLine }
        guard bytes[start + 5] == UInt8(ascii: "1") else { throw .unsupportedVersion }
        switch bytes[start + 7] {
        case UInt8(ascii: "1"): return .http11
        case UInt8(ascii: "0"): return .http10
        case _: throw .unsupportedVersion
        }
    }
}
