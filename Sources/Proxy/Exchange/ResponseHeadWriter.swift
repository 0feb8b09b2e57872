internal import Connections
internal import Domain
internal import NIOCore
internal import Sodium

/// Writes the head of the caller's answer anew from the upstream's, without what would hand out the credential or set
/// state for our own origin.
struct ResponseHeadWriter {
    let connection: CachedConnection
    let id: RequestID
    let location: LocationRule.Outcome

    func write(
        _ head: borrowing ResponseHead, framing: Exchange.AnswerFraming, keepAlive: Bool, into out: inout ByteBuffer
    ) {
        ProblemWriter.writeStatusLine(head.status, into: &out)
        writePassing(head, into: &out)
        switch location {
        case .none: break
        case .send(let text):
            out.writeStaticString("location: ")
            out.writeBytes(text)
            out.writeStaticString("\r\n")
        }
        out.writeStaticString("x-request-id: ")
        out.write(id)
        if !keepAlive { out.writeStaticString("\r\nconnection: close") }
        switch framing {
        case .chunked: out.writeStaticString("\r\ntransfer-encoding: chunked\r\n\r\n")
        case .close: out.writeStaticString("\r\n\r\n")
        case .asSent:
            if let length = length(of: head) {
                out.writeStaticString("\r\ncontent-length: ")
                out.writeDecimal(length)
            }
            out.writeStaticString("\r\n\r\n")
        }
    }

    /// 204 must not name a length; the answer to HEAD and 304 name that of the body which isn't sent (RFC 9110 §8.6).
    private func length(of head: borrowing ResponseHead) -> Int? {
        head.status == 204 ? nil : head.namedLength
    }

    private func writePassing(_ head: borrowing ResponseHead, into out: inout ByteBuffer) {
        let bytes = head.bytes.readableBytesUInt8Span
        let raw = head.bytes.readableBytesSpan
        for field in head.fields {
            guard !field.name.staysWithUpstream else { continue }
            if head.namesHopHeaders, Self.isNamedByConnection(head, bytes, field) { continue }
            let value = raw.extracting(field.valueRange)
            if EchoNeedles.areIn(value, connection.needles) { continue }
            out.writeBytes(raw.extracting(field.nameRange))
            out.writeStaticString(": ")
            out.writeBytes(value)
            out.writeStaticString("\r\n")
        }
    }

    private static func isNamedByConnection(
        _ head: borrowing ResponseHead, _ bytes: Span<UInt8>, _ field: HeaderField
    ) -> Bool {
        let name = field.nameRange.map { HTTPCharacters.lowercased(bytes[$0]) }
        return head.fields.contains { other in
            other.name == .connection && HeaderBlock.list(bytes, other.valueRange, contains: name)
        }
    }
}
