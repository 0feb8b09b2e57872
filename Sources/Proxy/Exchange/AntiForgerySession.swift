internal import Connections
internal import Domain
internal import NIOCore
internal import Sodium

/// The session that one loop holds with an upstream for modifying requests: SAP binds the anti-forgery token to the cookies
/// that came with it, so both are kept and sent together, and neither reaches a caller.
///
/// Reads carry no session: an upstream works off the requests of one session one after the other.
struct AntiForgerySession {
    private static let maxCookies = 32
    private static let maxCookieBytes = 4_096
    /// Pins a work process of the upstream to the session.
    private static let stateful = Array("sap-contextid=".utf8)
    private static let required = Array("required".utf8)

    private(set) var token: SecretBytes?
    /// `name=value`, each.
    private var cookies: [SecretBytes] = []

    mutating func end() {
        token = nil
        cookies = []
    }

    /// Whether the answer asks for a token (`x-csrf-token: Required`, in any case).
    static func isRequired(_ head: borrowing ResponseHead, _ handshake: CSRFHandshake) -> Bool {
        let bytes = head.bytes.readableBytesUInt8Span
        guard let range = value(of: handshake.header, in: head) else { return false }
        return bytes.matches(required, at: range.lowerBound, count: range.count)
    }

    private static func value(of name: String, in head: borrowing ResponseHead) -> Range<Int>? {
        let bytes = head.bytes.readableBytesUInt8Span
        let name = Array(name.utf8)
        for field in head.fields
        where bytes.matches(name, at: field.nameRange.lowerBound, count: field.nameRange.count) {
            return field.valueRange
        }
        return nil
    }

    /// Starts anew with what the answer brings; false where it brings no token.
    mutating func begin(with head: borrowing ResponseHead, _ handshake: CSRFHandshake) -> Bool {
        let bytes = head.bytes.readableBytesUInt8Span
        guard let range = Self.value(of: handshake.header, in: head), !range.isEmpty,
            !bytes.matches(Self.required, at: range.lowerBound, count: range.count)
        else { return false }
        end()
        token = SecretBytes(copying: head.bytes.readableBytesSpan.extracting(range))
        addCookies(of: head)
        return true
    }

    /// Takes over what the answer to a request of the session changes, while there is one.
    mutating func keepCookies(of head: borrowing ResponseHead) {
        if token != nil { addCookies(of: head) }
    }

    private mutating func addCookies(of head: borrowing ResponseHead) {
        let bytes = head.bytes.readableBytesUInt8Span
        for field in head.fields where field.name == .setCookie {
            var end = field.valueRange.lowerBound
            var equals: Int?
            while end < field.valueRange.upperBound, bytes[end] != UInt8(ascii: ";") {
                if bytes[end] == UInt8(ascii: "="), equals == nil { equals = end }
                end += 1
            }
            let pair = bytes.trimmed(field.valueRange.lowerBound..<end)
            guard let equals, equals > pair.lowerBound, pair.count <= Self.maxCookieBytes else { continue }
            let nameCount = equals + 1 - pair.lowerBound
            guard !bytes.matches(Self.stateful, at: pair.lowerBound, count: nameCount) else { continue }
            let raw = head.bytes.readableBytesSpan
            let cookie = SecretBytes(copying: raw.extracting(pair))
            cookies.removeAll { Self.sharePrefix($0, cookie, nameCount) }
            if cookies.count < Self.maxCookies, pair.count > nameCount { cookies.append(cookie) }
        }
    }

    private static func sharePrefix(_ one: SecretBytes, _ other: SecretBytes, _ count: Int) -> Bool {
        guard one.count >= count, other.count >= count else { return false }
        return one.withBytes { first in
            other.withBytes { second in (0..<count).allSatisfy { first[$0] == second[$0] } }
        }
    }

    /// Token and cookies as header lines, for requests that modify.
    func write(for usable: UsableConnection, modifying: Bool, into out: inout ByteBuffer) {
        guard modifying, let handshake = usable.csrf, let token else { return }
        out.writeString(handshake.header)
        out.writeStaticString(": ")
        token.withBytes { _ = out.writeBytes($0) }
        out.writeStaticString("\r\n")
        guard !cookies.isEmpty else { return }
        out.writeStaticString("cookie: ")
        for (index, cookie) in cookies.enumerated() {
            if index > 0 { out.writeStaticString("; ") }
            cookie.withBytes { _ = out.writeBytes($0) }
        }
        out.writeStaticString("\r\n")
    }

    /// A read of the service's root that asks for a token.
    static func writeFetch(
        _ method: HTTPMethod, _ bytes: Span<UInt8>, _ path: Range<Int>, connection: CachedConnection,
        handshake: CSRFHandshake, id: RequestID, into out: inout ByteBuffer
    ) {
        out.writeStaticString(method.wire)
        out.writeBytes(connection.basePath)
        let root = serviceRoot(bytes, path)
        for index in root { out.writeInteger(bytes[index]) }
        out.writeStaticString("/")
        var separator: StaticString = "?"
        for parameter in connection.usable.injection.query {
            out.writeStaticString(separator)
            out.writeString(parameter.name)
            out.writeStaticString("=")
            parameter.value.withBytes { _ = out.writeBytes($0) }
            separator = "&"
        }
        out.writeStaticString(" HTTP/1.1\r\n")
        out.writeBytes(connection.hostLine)
        for header in connection.usable.injection.headers {
            out.writeString(header.name)
            out.writeStaticString(": ")
            header.value.withBytes { _ = out.writeBytes($0) }
            out.writeStaticString("\r\n")
        }
        out.writeString("\(handshake.header): \(handshake.fetchValue)\r\naccept: */*\r\nx-request-id: ")
        out.write(id)
        out.writeStaticString("\r\n\r\n")
    }

    private static let versionTwo = Array("/sap/opu/odata/".utf8)
    private static let versionFour = Array("/sap/opu/odata4/".utf8)

    /// The part of the path that names the service, without a slash at its end: five segments of an OData v2 service, nine
    /// of a v4 one (`/sap/opu/odata4/sap/<group>/srvd_a2x/sap/<service>/0001`), else all but the last segment.
    static func serviceRoot(_ bytes: Span<UInt8>, _ path: Range<Int>) -> Range<Int> {
        let segments: Int?
        if starts(bytes, path, versionTwo) {
            segments = 5
        } else if starts(bytes, path, versionFour) {
            segments = 9
        } else {
            segments = nil
        }
        var lastSlash = path.lowerBound
        var slashes = 0
        for index in path where bytes[index] == UInt8(ascii: "/") {
            slashes += 1
            lastSlash = index
            if let segments, slashes == segments + 1 { return path.lowerBound..<index }
        }
        return segments == nil ? path.lowerBound..<lastSlash : path
    }

    private static func starts(_ bytes: Span<UInt8>, _ path: Range<Int>, _ prefix: [UInt8]) -> Bool {
        path.count >= prefix.count && bytes.matches(prefix, at: path.lowerBound, count: prefix.count)
    }
}
