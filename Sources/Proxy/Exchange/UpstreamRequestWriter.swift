internal import Connections
internal import Domain
internal import NIOCore
internal import Sodium

/// Writes the head of the upstream's request anew from the caller's: nothing is copied that wasn't understood, and what is
/// injected comes last.
struct UpstreamRequestWriter {
    let connection: CachedConnection
    let target: RequestTarget
    let id: RequestID

    func write(
        _ head: borrowing RequestHead, framing: BodyFraming, identifiers: inout IdentifierStream,
        into out: inout ByteBuffer
    ) {
        let bytes = head.bytes.readableBytesUInt8Span
        let raw = head.bytes.readableBytesSpan
        out.writeStaticString(head.method.wire)
        out.writeBytes(connection.basePath)
        if target.path.isEmpty {
            if connection.basePath.isEmpty { out.writeStaticString("/") }
        } else {
            out.writeBytes(raw.extracting(target.path))
        }
        writeQuery(bytes, raw, into: &out)
        out.writeStaticString(" HTTP/1.1\r\n")
        out.writeBytes(connection.hostLine)
        writePassing(head, bytes, raw, into: &out)
        writeInjected(into: &out)
        writeSession(head.method, into: &out)
        writeTrace(head, raw, bytes, &identifiers, into: &out)
        switch framing {
        case .length(let length):
            out.writeStaticString("content-length: ")
            out.writeDecimal(length)
            out.writeStaticString("\r\n\r\n")
        case .chunked: out.writeStaticString("transfer-encoding: chunked\r\n\r\n")
        case .none where head.method.isModifying && head.method != .delete:
            // A POST without a body says so (RFC 9110 §8.6).
            out.writeStaticString("content-length: 0\r\n\r\n")
        case .none, .untilClose: out.writeStaticString("\r\n")
        }
    }

    private func writePassing(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ raw: RawSpan, into out: inout ByteBuffer
    ) {
        let hopNames = head.namesHopHeaders ? Self.hopNames(head, bytes) : []
        for field in head.fields {
            guard !field.name.staysWithCaller else { continue }
            let range = field.nameRange
            if isReserved(bytes, range, head.method) { continue }
            if !hopNames.isEmpty,
                hopNames.contains(where: { bytes.matches($0, at: range.lowerBound, count: range.count) })
            {
                continue
            }
            out.writeBytes(raw.extracting(range))
            out.writeStaticString(": ")
            out.writeBytes(raw.extracting(field.valueRange))
            out.writeStaticString("\r\n")
        }
    }

    /// Whether the name is injected or held back, read as an upstream may that takes `_` for `-`.
    private func isReserved(_ bytes: Span<UInt8>, _ range: Range<Int>, _ method: HTTPMethod) -> Bool {
        var hasUnderscore = false
        for index in range where bytes[index] == UInt8(ascii: "_") { hasUnderscore = true }
        for reserved in connection.reservedNames where Self.isSame(bytes, range, reserved) { return true }
        if let name = connection.antiForgeryName, method.isModifying, Self.isSame(bytes, range, name) { return true }
        guard hasUnderscore else { return false }
        let name = HeaderNameTable.shared.findReadingUnderscoresAsHyphens(
            bytes, start: range.lowerBound, count: range.count)
        return name.staysWithCaller
    }

    private static func isSame(_ bytes: Span<UInt8>, _ range: Range<Int>, _ name: [UInt8]) -> Bool {
        guard range.count == name.count else { return false }
        for index in 0..<name.count {
            let byte = HTTPCharacters.lowercased(bytes[range.lowerBound + index])
            let folded = byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : byte
            let other = name[index] == UInt8(ascii: "_") ? UInt8(ascii: "-") : name[index]
            guard folded == other else { return false }
        }
        return true
    }

    /// The names that Connection headers list, in lower case: they belong to this hop (RFC 9110 §7.6.1).
    private static func hopNames(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> [[UInt8]] {
        var names: [[UInt8]] = []
        for field in head.fields where field.name == .connection {
            var start = field.valueRange.lowerBound
            let end = field.valueRange.upperBound
            while start < end {
                var stop = start
                while stop < end, bytes[stop] != UInt8(ascii: ",") { stop += 1 }
                let item = bytes.trimmed(start..<stop)
                if !item.isEmpty { names.append(item.map { HTTPCharacters.lowercased(bytes[$0]) }) }
                start = stop + 1
            }
        }
        return names
    }

    private func writeInjected(into out: inout ByteBuffer) {
        for header in connection.usable.injection.headers {
            out.writeString(header.name)
            out.writeStaticString(": ")
            header.value.withBytes { _ = out.writeBytes($0) }
            out.writeStaticString("\r\n")
        }
    }

    /// Anti-forgery token and cookies of the session that this loop holds with the upstream.
    private func writeSession(_ method: HTTPMethod, into out: inout ByteBuffer) {
        guard connection.usable.csrf != nil else { return }
        connection.session.write(for: connection.usable, modifying: method.isModifying, into: &out)
    }

    private func writeTrace(
        _ head: borrowing RequestHead, _ raw: RawSpan, _ bytes: Span<UInt8>, _ identifiers: inout IdentifierStream,
        into out: inout ByteBuffer
    ) {
        out.writeStaticString("x-request-id: ")
        out.write(id)
        out.writeStaticString("\r\ntraceparent: ")
        if let field = head.first(.traceparent), Self.isTraceparent(bytes, field.valueRange) {
            out.writeBytes(raw.extracting(field.valueRange))
        } else {
            out.writeStaticString("00-")
            out.writeHex(identifiers.next())
            out.writeHex(identifiers.next())
            out.writeStaticString("-")
            out.writeHex(identifiers.next())
            out.writeStaticString("-00")
        }
        out.writeStaticString("\r\n")
    }

    /// Version 00 of W3C Trace Context §3.2: 55 characters, lower-case digits, no all-zero identifiers.
    static func isTraceparent(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard range.count == 55, bytes[range.lowerBound] == UInt8(ascii: "0"),
            bytes[range.lowerBound + 1] == UInt8(ascii: "0")
        else { return false }
        var hasTrace = false
        var hasSpan = false
        for offset in 0..<55 {
            let byte = bytes[range.lowerBound + offset]
            if offset == 2 || offset == 35 || offset == 52 {
                guard byte == UInt8(ascii: "-") else { return false }
                continue
            }
            guard HTTPCharacters.isDigit(byte) || (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f")) else {
                return false
            }
            if byte != UInt8(ascii: "0") {
                if offset > 2, offset < 35 { hasTrace = true }
                if offset > 35, offset < 52 { hasSpan = true }
            }
        }
        return hasTrace && hasSpan
    }

    private func writeQuery(_ bytes: Span<UInt8>, _ raw: RawSpan, into out: inout ByteBuffer) {
        let injected = connection.usable.injection.query
        if injected.isEmpty {
            guard let query = target.query else { return }
            out.writeStaticString("?")
            out.writeBytes(raw.extracting(query))
            return
        }
        var separator = UInt8(ascii: "?")
        var start = target.query?.lowerBound ?? 0
        let last = target.query?.upperBound ?? 0
        while start < last {
            var end = start
            while end < last, bytes[end] != UInt8(ascii: "&"), bytes[end] != UInt8(ascii: ";") { end += 1 }
            if end > start, !isReservedParameter(bytes, start..<end) {
                out.writeInteger(separator)
                out.writeBytes(raw.extracting(start..<end))
                separator = end < last ? bytes[end] : UInt8(ascii: "&")
            }
            start = end + 1
        }
        for parameter in injected {
            out.writeInteger(separator == UInt8(ascii: ";") ? UInt8(ascii: "&") : separator)
            out.writeString(parameter.name)
            out.writeStaticString("=")
            parameter.value.withBytes { _ = out.writeBytes($0) }
            separator = UInt8(ascii: "&")
        }
    }

    private func isReservedParameter(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var end = range.lowerBound
        while end < range.upperBound, bytes[end] != UInt8(ascii: "=") { end += 1 }
        let name = PathRules.decode(bytes, range.lowerBound..<end).map(HTTPCharacters.lowercased)
        return connection.reservedParameters.contains(name)
    }
}
