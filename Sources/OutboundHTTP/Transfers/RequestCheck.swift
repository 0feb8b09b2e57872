internal import Domain
internal import Sodium

/// What a request must be before any of it is handed to libcurl.
enum RequestCheck {
    /// Bytes of a request's header lines together.
    static let maxHeaderBytes = 64 << 10

    /// Headers that decide framing or routing. libcurl writes them from the request itself; a second one from a caller
    /// could say something else.
    private static let reserved: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection",
        "proxy-authorization", "expect", "upgrade", "te", "trailer", "http2-settings",
    ]

    /// - Throws: `.invalidRequest`; nothing was sent.
    static func validate(_ request: OutboundRequest) throws(OutboundError) {
        guard request.url.scheme == .https || request.destination.allowsPlainHTTP, request.maxBodyBytes >= 0,
            request.body == nil || request.method == .post
        else { throw .invalidRequest }
        var total = 0
        for header in request.headers {
            guard isToken(header.name), !reserved.contains(header.name.lowercased()) else { throw .invalidRequest }
            let length: Int
            switch header.value {
            case .plain(let text):
                guard text.utf8.allSatisfy(isFieldByte) else { throw .invalidRequest }
                length = text.utf8.count
            case .secret(let secret):
                guard secret.withBytes({ bytes in (0..<bytes.byteCount).allSatisfy { isFieldByte(bytes[$0]) } }) else {
                    throw .invalidRequest
                }
                length = secret.count
            }
            total += header.name.utf8.count + length + 4
        }
        guard total <= maxHeaderBytes else { throw .invalidRequest }
    }

    /// A `token` (RFC 9110 §5.6.2).
    static func isToken(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy(isTokenByte)
    }

    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    /// Visible, space, or beyond ASCII (RFC 9110 §5.5). Stricter than the RFC: no tab.
    private static func isFieldByte(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F }
}
