/// The cookies of one session with one host (RFC 6265 §5.3, §5.4), in memory.
///
/// All requests of a session go to one host, so every cookie is host-only, whatever its `Domain` says. `Set-Cookie`
/// lines come one by one: dates have commas in them, so joined lines can't be told apart.
struct CookieJar: Sendable {
    private struct Cookie {
        let name: String
        var value: String
        var path: String
        var isSecure: Bool
        var expiresAt: ContinuousClock.Instant?
    }

    /// A flood of cookies pushes none out: what is over the bounds isn't kept.
    static let maxCookies = 50
    static let maxCookieBytes = 4_096
    static let maxBytes = 32_768

    private var cookies: [Cookie] = []
    private let host: String
    private let keepsContext: Bool

    /// - Parameters:
    ///   - authority: of the service's root, in lower case.
    ///   - keepsContext: whether `sap-contextid`, which pins a work process of the service, is kept.
    init(authority: String, keepsContext: Bool) {
        host = Self.host(of: authority)
        self.keepsContext = keepsContext
    }

    var isEmpty: Bool { cookies.isEmpty }

    mutating func removeAll() { cookies = [] }

    /// Takes over one `Set-Cookie` line.
    ///
    /// - Parameters:
    ///   - path: of the request, whose directory is the default.
    ///   - date: of the answer, in seconds since 1970: what `Expires` is compared with.
    mutating func take(_ line: String, path: String, date: Int64?, now: ContinuousClock.Instant) {
        var parts = line.split(separator: ";", omittingEmptySubsequences: false)[...]
        guard line.utf8.count <= Self.maxCookieBytes, let (name, value) = parts.popFirst().flatMap(Self.pair),
            Self.isPlain(name), Self.isPlain(value), keepsContext || name.lowercased() != "sap-contextid"
        else { return }
        var cookie = Cookie(name: name, value: value, path: Self.directory(of: path), isSecure: false, expiresAt: nil)
        var attributes = CookieAttributes()
        for part in parts { attributes.take(part) }
        guard attributes.domain.map({ covers($0) }) ?? true else { return }
        cookie.isSecure = attributes.isSecure
        if let path = attributes.path, path.hasPrefix("/") { cookie.path = path }
        let lifetime = attributes.lifetime(date: date)
        cookie.expiresAt = lifetime.map { now + $0 }
        store(cookie, isExpired: lifetime.map { $0 <= .zero } ?? false, now: now)
    }

    private mutating func store(_ cookie: Cookie, isExpired: Bool, now: ContinuousClock.Instant) {
        dropExpired(now)
        let place = cookies.firstIndex { $0.name == cookie.name && $0.path == cookie.path }
        if isExpired {
            if let place { cookies.remove(at: place) }
            return
        }
        let size = cookies.reduce(cookie.name.utf8.count + cookie.value.utf8.count) {
            $0 + $1.name.utf8.count + $1.value.utf8.count
        }
        if let place {
            let old = cookies[place]
            guard size - old.name.utf8.count - old.value.utf8.count <= Self.maxBytes else { return }
            cookies[place] = cookie
        } else if cookies.count < Self.maxCookies, size <= Self.maxBytes {
            cookies.append(cookie)
        }
    }

    private mutating func dropExpired(_ now: ContinuousClock.Instant) {
        cookies.removeAll { $0.expiresAt.map { $0 <= now } ?? false }
    }

    /// The `Cookie` field for a request; longer paths first. nil where there is none to send.
    mutating func header(path: String, isSecure: Bool, now: ContinuousClock.Instant) -> String? {
        dropExpired(now)
        let fitting = cookies.filter { (isSecure || !$0.isSecure) && Self.path(path, isIn: $0.path) }
        guard !fitting.isEmpty else { return nil }
        let ordered = fitting.enumerated().sorted { left, right in
            let (one, other) = (left.element.path.utf8.count, right.element.path.utf8.count)
            return one == other ? left.offset < right.offset : one > other
        }
        return ordered.map { "\($0.element.name)=\($0.element.value)" }.joined(separator: "; ")
    }

    /// The session cookies of SAP's systems, which tell that it is one.
    static func isSAPSession(_ line: String) -> Bool {
        let name = line.prefix { $0 != "=" }.lowercased()
        return name.hasPrefix("sap_sessionid") || name == "sap-usercontext" || name == "mysapsso2"
    }

    private func covers(_ domain: String) -> Bool {
        let domain = domain.lowercased().drop { $0 == "." }
        return domain.isEmpty || host == domain || host.hasSuffix("." + domain)
    }

    private static func pair(_ part: Substring) -> (String, String)? {
        guard let equals = part.firstIndex(of: "=") else { return nil }
        let name = CookieAttributes.trimmed(part[..<equals])
        return name.isEmpty ? nil : (name, CookieAttributes.trimmed(part[part.index(after: equals)...]))
    }

    /// What can be sent back in a header: visible ASCII and blanks.
    private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { (0x20...0x7E).contains($0) } }

    private static func host(of authority: String) -> String {
        guard !authority.hasSuffix("]"), let colon = authority.lastIndex(of: ":") else { return authority }
        return String(authority[..<colon])
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    private static func path(_ path: String, isIn directory: String) -> Bool {
        guard path.hasPrefix(directory) else { return false }
        return path.utf8.count == directory.utf8.count || directory.hasSuffix("/")
            || path.utf8.dropFirst(directory.utf8.count).first == UInt8(ascii: "/")
    }
}

/// The attributes of a `Set-Cookie` line that count here; of one that is repeated, the last (RFC 6265 §5.3).
private struct CookieAttributes {
    var domain: String?
    var path: String?
    var isSecure = false
    var maxAge: String?
    var expires: String?

    mutating func take(_ part: Substring) {
        let equals = part.firstIndex(of: "=")
        let value = equals.map { Self.trimmed(part[part.index(after: $0)...]) } ?? ""
        switch Self.trimmed(part[..<(equals ?? part.endIndex)]).lowercased() {
        case "domain": domain = value
        case "path": path = value
        case "secure": isSecure = true
        case "max-age": maxAge = value
        case "expires": expires = value
        default: break
        }
    }

    /// How long it is kept; nil: as long as the session. `Max-Age` wins over `Expires`.
    func lifetime(date: Int64?) -> Duration? {
        // RFC 6265 §5.2.2: digits, with a minus before them at most; anything else is as if it weren't there.
        let digits = maxAge.map { $0.hasPrefix("-") ? $0.dropFirst() : $0[...] } ?? ""
        if let maxAge, !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }) {
            return .seconds(maxAge.hasPrefix("-") ? 0 : min(Int64(maxAge) ?? Self.longest, Self.longest))
        }
        guard let expires, let end = HTTPDate.seconds(expires) else { return nil }
        // Without the answer's own date, a date long past is how servers take a cookie away; another one says nothing.
        guard let date else { return end < Self.startOf2001 ? .zero : nil }
        return .seconds(min(max(end - date, 0), Self.longest))
    }

    private static let longest: Int64 = 31_536_000
    private static let startOf2001: Int64 = 978_307_200

    static func trimmed(_ text: Substring) -> String {
        var text = text
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}
