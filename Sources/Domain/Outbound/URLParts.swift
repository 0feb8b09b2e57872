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

    /// Nil for other schemes, user information, fragments, control characters, spaces, bad hosts, dot segments and a `%` that
    /// encodes nothing.
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
        guard !Self.hasDotSegment(path), Self.isWellEncoded(target) else { return nil }
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
        self.query = queryStart.map { String(target[target.index(after: $0)...]) }
    }

    private static func splitScheme(_ url: String) -> (Origin.Scheme, Substring)? {
        guard let colon = url.firstIndex(of: ":"), let scheme = Origin.Scheme(rawValue: url[..<colon].lowercased())
        else {
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

    /// Whether a server might read a segment as `.` or `..`: plain or percent-encoded, between slashes or backslashes of
    /// either form, and with parameters after a semicolon (`..;a`), which some Java servers cut off first.
    package static func hasDotSegment(_ path: String) -> Bool {
        var dots = 0
        var isOther = false
        var isParameter = false
        var bytes = path.utf8[...]
        while let byte = nextByte(&bytes) {
            switch byte {
            case UInt8(ascii: "/"), UInt8(ascii: "\\"):
                if !isOther, dots == 1 || dots == 2 { return true }
                (dots, isOther, isParameter) = (0, false, false)
            case UInt8(ascii: ";"): isParameter = true
            case UInt8(ascii: "."): dots += isParameter ? 0 : 1
            default: isOther = isOther || !isParameter
            }
        }
        return !isOther && (dots == 1 || dots == 2)
    }

    /// The next byte, percent-decoded; a `%` that encodes nothing is itself.
    private static func nextByte(_ bytes: inout Substring.UTF8View) -> UInt8? {
        guard let first = bytes.popFirst() else { return nil }
        guard first == UInt8(ascii: "%"), let high = bytes.first.flatMap(hexValue),
            let low = bytes.dropFirst().first.flatMap(hexValue)
        else { return first }
        bytes = bytes.dropFirst(2)
        return high << 4 | low
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// Whether every `%` begins an encoded byte (RFC 3986 §2.1).
    private static func isWellEncoded(_ text: Substring) -> Bool {
        text.utf8.indices.allSatisfy { index in
            guard text.utf8[index] == UInt8(ascii: "%") else { return true }
            let digits = text.utf8[index...].dropFirst().prefix(2)
            return digits.count == 2 && digits.allSatisfy { hexValue($0) != nil }
        }
    }
}
