internal import NIOCore

/// A request's head as it arrived, with offsets into it. Reused from request to request: its storage is kept.
struct RequestHead {
    enum Version: Sendable { case http10, http11 }

    /// The head's bytes; offsets count from its reader index.
    var bytes = ByteBuffer()
    var fields = ContiguousArray<HeaderField>()
    var method = HTTPMethod.other
    var target = 0..<0
    var version = Version.http11
    var framing = BodyFraming.none
    /// Whether the caller wants the connection to stay (RFC 9112 §9.3); never for HTTP/1.0.
    var keepsAlive = true
    var expectsContinue = false
    /// Whether a Connection header names anything besides `close` and `keep-alive`.
    var namesHopHeaders = false
    var asksForUpgrade = false

    /// Lets the bytes go, so that the socket's buffer can be used again.
    mutating func release() {
        bytes = ByteBuffer()
        fields.removeAll(keepingCapacity: true)
    }

    /// The first header of a name.
    func first(_ name: HeaderName) -> HeaderField? { fields.first { $0.name == name } }

    func count(_ name: HeaderName) -> Int { fields.reduce(0) { $0 + ($1.name == name ? 1 : 0) } }
}

extension RequestHead {
    private static let close = Array("close".utf8)
    private static let keepAlive = Array("keep-alive".utf8)
    private static let chunked = Array("chunked".utf8)
    private static let continuation = Array("100-continue".utf8)

    /// Draws the conclusions of the fields: framing, host, persistence (RFC 9112 §3.2, §6.3, §9.3).
    mutating func conclude(_ bytes: Span<UInt8>) throws(HTTPRefusal) {
        var length: Int?
        var isChunked = false
        var hosts = 0
        framing = .none
        keepsAlive = version == .http11
        expectsContinue = false
        namesHopHeaders = false
        asksForUpgrade = false
        for field in fields {
            switch field.name {
            case .host:
                hosts += 1
                try Self.checkHost(bytes, field.valueRange)
            case .contentLength:
                guard length == nil else { throw .badLength }
                length = try HeaderBlock.contentLength(bytes, field.valueRange)
            case .transferEncoding:
                guard !isChunked, version == .http11, Self.isExactly(bytes, field.valueRange, Self.chunked) else {
                    throw .badTransferEncoding
                }
                isChunked = true
            case .connection: readConnection(bytes, field.valueRange)
            case .expect:
                guard Self.isExactly(bytes, field.valueRange, Self.continuation) else { throw .badExpectation }
                expectsContinue = version == .http11
            case .upgrade: asksForUpgrade = true
            case _: break
            }
        }
        guard hosts <= 1 else { throw .duplicateHost }
        guard hosts == 1 || version == .http10 else { throw .missingHost }
        if isChunked {
            guard length == nil else { throw .conflictingLength }
            framing = .chunked
        } else if let length, length > 0 {
            framing = .length(length)
        }
    }

    private mutating func readConnection(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        if Self.isExactly(bytes, range, Self.keepAlive) { return }
        if Self.isExactly(bytes, range, Self.close) {
            keepsAlive = false
            return
        }
        if HeaderBlock.list(bytes, range, contains: Self.close) { keepsAlive = false }
        namesHopHeaders = true
    }

    private static func isExactly(_ bytes: Span<UInt8>, _ range: Range<Int>, _ text: [UInt8]) -> Bool {
        bytes.matches(text, at: range.lowerBound, count: range.count)
    }

    /// Characters of a host and port and nothing else (RFC 3986 §3.2.2); the value itself is never used.
    private static func checkHost(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(HTTPRefusal) {
        guard !range.isEmpty, range.count <= 260 else { throw .badHost }
        for index in range {
            switch bytes[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): continue
            case UInt8(ascii: "0")...UInt8(ascii: "9"): continue
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"): continue
            case UInt8(ascii: "["), UInt8(ascii: "]"): continue
            case _: throw .badHost
            }
        }
    }
}
