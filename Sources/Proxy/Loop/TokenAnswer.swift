internal import Connections
internal import Domain
internal import NIOCore
internal import Sodium

/// The body of a token fetch (RFC 6749 §5.1, and `expires_at`), prepared but for the seconds that are left.
struct TokenAnswer {
    /// Up to and including `"expires_in":`, or the whole body where the token has no expiry.
    private let head: SecretBytes
    /// From `,"expires_at"` on; nil where the token has no expiry.
    private let tail: [UInt8]?
    private let expiresAt: Timestamp?

    /// Nil where the token or its type has a character that JSON would have to escape: no access token has
    /// (RFC 6749 appendix A.12), so such a one isn't handed out.
    init?(_ token: FetchableToken) {
        guard token.tokenType.utf8.allSatisfy(Self.isPlain),
            token.accessToken.withBytes({ bytes in bytes.byteOffsets.allSatisfy { Self.isPlain(bytes[$0]) } })
        else { return nil }
        var buffer = SecretBuffer(minimumCapacity: token.accessToken.count + 128)
        buffer.append(utf8: "{\"access_token\":\"")
        buffer.append(token.accessToken)
        buffer.append(utf8: "\",\"token_type\":\"\(token.tokenType)\"")
        buffer.append(utf8: token.expiresAt == nil ? "}" : ",\"expires_in\":")
        head = buffer.finish()
        expiresAt = token.expiresAt
        tail = token.expiresAt.map { Array(",\"expires_at\":\"\($0.rfc3339)\"}".utf8) }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// Writes header lines from Content-Length on, and the body.
    func write(into out: inout ByteBuffer, now: Timestamp) {
        guard let expiresAt, let tail else {
            out.writeStaticString("content-length: ")
            out.writeDecimal(head.count)
            out.writeStaticString("\r\n\r\n")
            head.withBytes { _ = out.writeBytes($0) }
            return
        }
        let seconds = max(0, Int(expiresAt.seconds - now.seconds))
        var digits = 1
        var rest = seconds
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        out.writeStaticString("content-length: ")
        out.writeDecimal(head.count + digits + tail.count)
        out.writeStaticString("\r\n\r\n")
        head.withBytes { _ = out.writeBytes($0) }
        out.writeDecimal(seconds)
        out.writeBytes(tail)
    }
}
