/// A URL or relative reference in its parts (RFC 3986 §3, §4.1), each byte for byte; the fragment is dropped.
struct URLReference: Sendable, Hashable {
    /// `http` or `https`, in lower case; nil for a relative reference.
    var scheme: String?
    /// Host in lower case, with its port unless that is the scheme's own; nil where there is none.
    var authority: String?
    var path: String
    /// Without the question mark; nil where there is none.
    var query: String?

    /// The longest that is read: no server takes more.
    static let maxBytes = 65_536

    /// - Returns: nil for another scheme than http and https, user names, no host, control characters, or more than
    ///   `maxBytes`. Other bytes that a URL can't hold are percent-encoded: services write blanks and umlauts into
    ///   links.
    init?(_ text: some StringProtocol) {
        guard text.utf8.count <= Self.maxBytes, let legal = Self.encodingIllegal(text.utf8) else { return nil }
        var rest = legal[...]
        if let hash = rest.firstIndex(of: UInt8(ascii: "#")) { rest = rest[..<hash] }
        if let mark = rest.firstIndex(of: UInt8(ascii: "?")) {
            query = Self.text(rest[(mark + 1)...])
            rest = rest[..<mark]
        }
        path = ""
        if let colon = Self.endOfScheme(rest) {
            let name = Self.text(rest[..<colon]).lowercased()
            guard name == "http" || name == "https", rest[colon...].starts(with: "://".utf8) else { return nil }
            scheme = name
            rest = rest[(colon + 1)...]
        }
        if rest.starts(with: "//".utf8) {
            rest = rest.dropFirst(2)
            let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
            guard let host = Self.authority(Self.text(rest[..<slash])) else { return nil }
            authority = host
            rest = rest[slash...]
        }
        path = Self.text(rest)
        if let scheme { authority = authority.map { Self.withoutDefaultPort($0, scheme) } }
    }

    var text: String {
        var text = ""
        if let scheme { text += scheme + ":" }
        if let authority { text += "//" + authority }
        text += path
        if let query { text += "?" + query }
        return text
    }

    /// The absolute URL that the reference means beside a base, which is absolute itself (RFC 3986 §5.2.2).
    func resolved(against base: URLReference) -> URLReference {
        var target = self
        if scheme != nil {
            target.path = Self.removingDotSegments(path)
            return target
        }
        target.scheme = base.scheme
        if let authority {
            target.authority = Self.withoutDefaultPort(authority, base.scheme ?? "https")
            target.path = Self.removingDotSegments(path)
            return target
        }
        target.authority = base.authority
        if path.isEmpty {
            target.path = base.path
            if query == nil { target.query = base.query }
        } else if path.utf8.first == UInt8(ascii: "/") {
            target.path = Self.removingDotSegments(path)
        } else {
            let directory = base.path.lastIndex(of: "/").map { base.path[...$0] } ?? "/"
            target.path = Self.removingDotSegments(directory + path)
        }
        return target
    }

    /// `.` and `..` taken away (RFC 3986 §5.2.4); a path that climbs over the top stays there, and one of no characters
    /// is a slash.
    private static func removingDotSegments(_ path: String) -> String {
        guard path.utf8.contains(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "%") }) else {
            return path.isEmpty ? "/" : path
        }
        var kept: [Substring] = []
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            // In any spelling: a server would decode it.
            switch segment.lowercased().replacing("%2e", with: ".") {
            case ".":
                if isLast { kept.append("") }
            case "..":
                if kept.count > 1 { kept.removeLast() }
                if isLast { kept.append("") }
            default: kept.append(segment)
            }
        }
        return kept.joined(separator: "/")
    }

    /// The colon behind a scheme; nil where the colon is of a key (`X(At=datetime'2026-01-01T00:00:00')`).
    private static func endOfScheme(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > bytes.startIndex,
            bytes[..<colon].allSatisfy({ isAlphanumeric($0) || "+-.".utf8.contains($0) })
        else { return nil }
        return colon
    }

    private static func authority(_ text: String) -> String? {
        let host = text.lowercased()
        guard !host.isEmpty, !host.utf8.contains(UInt8(ascii: "@")), !host.hasPrefix(":"),
            host.utf8.allSatisfy({ isAuthorityByte($0) })
        else { return nil }
        return host
    }

    private static func isAuthorityByte(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "-._~:[]".utf8.contains(byte)
    }

    private static func withoutDefaultPort(_ authority: String, _ scheme: String) -> String {
        let port = scheme == "https" ? ":443" : ":80"
        if authority.hasSuffix(port) { return String(authority.dropLast(port.count)) }
        return authority.hasSuffix(":") ? String(authority.dropLast()) : authority
    }

    /// nil where there are control characters, which no link has by mistake.
    private static func encodingIllegal(_ bytes: some Collection<UInt8>) -> [UInt8]? {
        var legal: [UInt8] = []
        legal.reserveCapacity(bytes.count)
        for byte in bytes {
            if byte < 0x20 || byte == 0x7F { return nil }
            if byte > 0x7F || " \"<>\\^`{|}".utf8.contains(byte) {
                legal.append(contentsOf: [UInt8(ascii: "%"), hexDigit(byte >> 4), hexDigit(byte & 15)])
            } else {
                legal.append(byte)
            }
        }
        return legal
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 55 + value }
    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
    private static func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
