/// Names a token endpoint: scheme, host, port and path of its URL, without query. What limits, breakers and due rows are
/// kept by. Not secret.
package struct TokenEndpointKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    package static let maxBytes = 512

    package let text: String

    /// Longer ones are cut at 512 bytes: two endpoints that agree so far share their limits.
    package init(_ url: URLParts) {
        let origin = Origin(scheme: url.scheme, host: url.host, port: url.port, basePath: "")
        text = String(decoding: (origin.description + url.path).utf8.prefix(Self.maxBytes), as: UTF8.self)
    }

    /// As it was stored; nil for what is empty or too long.
    package init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= Self.maxBytes else { return nil }
        self.text = text
    }

    package var description: String { text }

    package static func < (left: Self, right: Self) -> Bool { left.text < right.text }
}
