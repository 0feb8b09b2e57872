/// Scheme, host and port that a connection is bound to when its account is linked, and a base path before every request path.
package struct Origin: Hashable, Sendable, CustomStringConvertible {
    package enum Scheme: String, Sendable { case http, https }

    package let scheme: Scheme
    /// Lower case; a DNS name, an IPv4 address or an IPv6 address without brackets.
    package let host: String
    package let port: UInt16
    /// Empty, or begins with `/` and doesn't end with one.
    package let basePath: String

    /// Parses `http(s)://host[:port][/path]`; nil where there is user information, a query, a fragment, an empty or
    /// malformed host, a port of 0, dot segments, an empty segment or any percent-encoding in the path.
    package init?(_ url: String) {
        guard let parts = URLParts(url), parts.query == nil else { return nil }
        let path = parts.path
        guard !path.contains("%"), !path.contains("//") else { return nil }
        let basePath = path.hasSuffix("/") ? String(path.dropLast()) : path
        self.init(scheme: parts.scheme, host: parts.host, port: parts.port, basePath: basePath)
    }

    package init(scheme: Scheme, host: String, port: UInt16, basePath: String) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.basePath = basePath
    }

    /// Value of the `Host` header: the port is left out where it is the scheme's own.
    package var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == scheme.defaultPort ? name : "\(name):\(port)"
    }

    package var description: String { "\(scheme.rawValue)://\(authority)\(basePath)" }
}

extension Origin.Scheme {
    package var defaultPort: UInt16 { self == .https ? 443 : 80 }
}
