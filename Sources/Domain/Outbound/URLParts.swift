/// An absolute `http` or `https` URL in its parts, strict: what doesn't parse is refused, nothing is repaired (RFC 3986 §3).
package struct URLParts: Hashable, Sendable {
    package let scheme: Origin.Scheme
    /// Lower case, IPv6 without brackets.
    package let host: String
    package let port: UInt16
    /// As written; empty or beginning with `/`; no dot segments in any encoding, no backslash.
    package let path: String
    /// As written, without the `?`.
    package let query: String?

    /// Nil for other schemes, user information, fragments, control characters, spaces, bad hosts and dot segments.
    package init?(_ url: String) {
        let bytes = Array(url.utf8)
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "#") }) else {
            return nil
        }
        guard let (scheme, rest) = Self.splitScheme(url) else { return nil }
        let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard let (host, port) = Self.parseAuthority(rest[..<authorityEnd], scheme) else { return nil }
        let target = rest[authorityEnd...]
        let queryStart = target.firstIndex(of: "?")
        let path = String(target[..<(queryStart ?? target.endIndex)])
        guard !Self.hasDotSegment(path) else { return nil }
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
        self.query = queryStart.map { String(target[target.index(after: $0)...]) }
    }

    private static func splitScheme(_ url: String) -> (Origin.Scheme, Substring)? {
        guard let colon = url.firstIndex(of: ":"), let scheme = Origin.Scheme(rawValue: url[..<colon].lowercased()) else {
            return nil
        }
        let rest = url[url.index(after: colon)...]
        return rest.hasPrefix("//") ? (scheme, rest.dropFirst(2)) : nil
    }

    private static func parseAuthority(_ text: Substring, _ scheme: Origin.Scheme) -> (String, UInt16)? {
        guard !text.contains("@"), !text.contains("%") else { return nil }
        var host = text
        var port = scheme.defaultPort
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<close]
            let after = text[text.index(after: close)...]
            guard IPAddress(String(host)) != nil, host.contains(":") else { return nil }
            if !after.isEmpty {
                guard after.hasPrefix(":"), let number = Self.parsePort(after.dropFirst()) else { return nil }
                port = number
            }
            return (host.lowercased(), port)
        }
        if let colon = text.firstIndex(of: ":") {
            guard let number = Self.parsePort(text[text.index(after: colon)...]) else { return nil }
            host = text[..<colon]
            port = number
        }
        return Self.isHostName(host) ? (host.lowercased(), port) : nil
    }

    private static func parsePort(_ text: Substring) -> UInt16? {
        guard let port = UInt16(text), port > 0, String(port) == text else { return nil }
        return port
    }

    /// RFC 1123 §2.1 names and dotted IPv4; all-numeric forms that aren't dotted IPv4 (`127.1`, `2130706433`) are refused,
    /// because resolvers read them as addresses.
    private static func isHostName(_ host: Substring) -> Bool {
        guard !host.isEmpty, host.utf8.count <= 253 else { return false }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.allSatisfy(isLabel), let last = labels.last else { return false }
        let lastIsNumeric = last.utf8.allSatisfy { $0 >= 48 && $0 <= 57 } || last.lowercased().hasPrefix("0x")
        return lastIsNumeric ? IPAddress(String(host)) != nil : true
    }

    private static func isLabel(_ label: Substring) -> Bool {
        guard !label.isEmpty, label.utf8.count <= 63, label.first != "-", label.last != "-" else { return false }
        return label.utf8.allSatisfy { byte in
            (byte >= 48 && byte <= 57) || (byte | 0x20 >= 97 && byte | 0x20 <= 122) || byte == 45 || byte == 95
        }
    }

    /// Whether a segment is `.` or `..`, plain or percent-encoded.
    package static func hasDotSegment(_ path: String) -> Bool {
        path.split(separator: "/").contains { segment in
            let plain = segment.lowercased()
            var rest = Substring(plain)
            var dots = 0
            while !rest.isEmpty {
                if rest.hasPrefix(".") {
                    rest = rest.dropFirst()
                } else if rest.hasPrefix("%2e") {
                    rest = rest.dropFirst(3)
                } else {
                    return false
                }
                dots += 1
            }
            return dots == 1 || dots == 2
        }
    }
}
