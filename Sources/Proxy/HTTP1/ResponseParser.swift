internal import NIOCore

/// An upstream's response head with offsets into its bytes. Reused from response to response.
struct ResponseHead {
    var bytes = ByteBuffer()
    var fields = ContiguousArray<HeaderField>()
    /// 100 to 999.
    var status = 0
    var framing = BodyFraming.none
    /// Content-Length as the upstream named it, also where no body follows (HEAD, 304).
    var namedLength: Int?
    /// Whether the connection can carry another request afterwards.
    var keepsAlive = false
    /// Whether a Connection header names anything besides `close` and `keep-alive`.
    var namesHopHeaders = false

    mutating func release() {
        bytes = ByteBuffer()
        fields.removeAll(keepingCapacity: true)
    }

    func first(_ name: HeaderName) -> HeaderField? { fields.first { $0.name == name } }
}

/// Reads responses off an upstream connection: pure, fed with what has arrived, in any split.
struct ResponseParser {
    let limits: HTTPLimits
    private(set) var head = ResponseHead()
    private(set) var body = BodyDecoder(.none)
    private var pending = ByteBuffer()
    private var searched = 0
    private var answersHead = false

    init(limits: HTTPLimits) { self.limits = limits }

    var hasPending: Bool { pending.readableBytes > 0 }

    /// Says which request the next response answers: a response to HEAD has no body (RFC 9112 §6.3).
    mutating func expect(answerTo method: HTTPMethod) {
        answersHead = method == .head
        searched = 0
    }

    mutating func append(_ bytes: consuming ByteBuffer) {
        if pending.readableBytes == 0 {
            pending = bytes
        } else {
            pending.writeImmutableBuffer(bytes)
        }
    }

    /// Whether a whole head has arrived. Interim responses (1xx) arrive as heads of their own, without a body.
    mutating func nextHead() throws(HTTPRefusal) -> Bool {
        guard pending.readableBytes > 0 else { return false }
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

    mutating func finish() { head.release() }

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

    private mutating func parse() throws(HTTPRefusal) -> Int? {
        let buffer = pending
        let bytes = buffer.readableBytesUInt8Span
        var index = 0
        guard let minor = try parseStatusLine(bytes, &index) else { return nil }
        guard try HeaderBlock.parse(bytes, from: &index, into: &head.fields, limits: limits) else { return nil }
        try conclude(bytes, isHTTP11: minor == UInt8(ascii: "1"))
        return index
    }

    private static let versionPrefix = Array("http/1.".utf8)

    /// The minor version's digit; nil while the line is incomplete. The reason phrase is checked and dropped.
    private mutating func parseStatusLine(_ bytes: Span<UInt8>, _ index: inout Int) throws(HTTPRefusal) -> UInt8? {
        guard bytes.count >= 14 else {
            for index in 0..<min(bytes.count, 7)
            where HTTPCharacters.lowercased(bytes[index]) != Self.versionPrefix[index] { throw .badStatusLine }
            return nil
        }
        guard bytes.matches(Self.versionPrefix, at: 0, count: 7), bytes[0] == UInt8(ascii: "H"),
            bytes[7] == UInt8(ascii: "1") || bytes[7] == UInt8(ascii: "0"), bytes[8] == HTTPCharacters.space
        else { throw .badStatusLine }
        var status = 0
        for index in 9..<12 {
            guard HTTPCharacters.isDigit(bytes[index]) else { throw .badStatusLine }
            status = status * 10 + Int(bytes[index] &- 0x30)
        }
        guard status >= 100 else { throw .badStatusLine }
        var cursor = 12
        while cursor < bytes.count, HTTPCharacters.isValue(bytes[cursor]) { cursor += 1 }
        guard cursor <= limits.maxRequestLineBytes else { throw .badStatusLine }
        guard cursor + 1 < bytes.count else { return nil }
        guard bytes[cursor] == HTTPCharacters.carriageReturn, bytes[cursor + 1] == HTTPCharacters.lineFeed,
            cursor == 12 || bytes[12] == HTTPCharacters.space
        else { throw .badStatusLine }
        head.status = status
        index = cursor + 2
        return bytes[7]
    }

    private static let close = Array("close".utf8)
    private static let keepAlive = Array("keep-alive".utf8)
    private static let chunked = Array("chunked".utf8)

    /// RFC 9112 §6.3, with ambiguity refused instead of resolved.
    private mutating func conclude(_ bytes: Span<UInt8>, isHTTP11: Bool) throws(HTTPRefusal) {
        var length: Int?
        var isChunked = false
        var keepsAlive = isHTTP11
        head.namesHopHeaders = false
        for field in head.fields {
            let range = field.valueRange
            switch field.name {
            case .contentLength:
                guard length == nil else { throw .badLength }
                length = try HeaderBlock.contentLength(bytes, range)
            case .transferEncoding:
                guard !isChunked, isHTTP11, bytes.matches(Self.chunked, at: range.lowerBound, count: range.count) else {
                    throw .badTransferEncoding
                }
                isChunked = true
            case .connection:
                if bytes.matches(Self.keepAlive, at: range.lowerBound, count: range.count) { continue }
                if HeaderBlock.list(bytes, range, contains: Self.close) { keepsAlive = false }
                head.namesHopHeaders = true
            case _: break
            }
        }
        guard !(isChunked && length != nil) else { throw .conflictingLength }
        head.namedLength = length
        let isBodiless = answersHead || head.status < 200 || head.status == 204 || head.status == 304
        if isBodiless {
            head.framing = .none
        } else if isChunked {
            head.framing = .chunked
        } else if let length {
            head.framing = length == 0 ? .none : .length(length)
        } else {
            head.framing = .untilClose
        }
        // A 204 that announces a body may send one: what follows can't be told from the next answer.
        let isContradictory = head.status == 204 && (isChunked || (length ?? 0) > 0)
        head.keepsAlive = keepsAlive && head.framing != .untilClose && !isContradictory
    }
}
