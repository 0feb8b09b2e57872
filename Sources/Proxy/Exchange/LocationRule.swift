internal import Connections
internal import Domain
internal import NIOCore

/// Where a `Location` of the upstream may send the caller: to the same connection, by way of the proxy.
enum LocationRule {
    enum Outcome {
        case none
        case send([UInt8])
    }

    /// - Throws: `.upstreamRedirectRefused` for a redirect to another origin, or to a place outside the base path. With
    ///   another status (a 201 that names what it made) the header stays behind instead: the change was made, and the
    ///   caller must learn it.
    static func outcome(
        of head: borrowing ResponseHead, for connection: CachedConnection
    ) throws(DataPlaneProblem) -> Outcome {
        guard let field = head.first(.location) else { return .none }
        let bytes = head.bytes.readableBytesUInt8Span
        let isRedirect = head.status / 100 == 3
        let text = field.valueRange.map { bytes[$0] }
        guard let rewritten = rewrite(text, connection.usable) else {
            guard !isRedirect else { throw .upstreamRedirectRefused }
            return .none
        }
        guard !EchoNeedles.areIn(rewritten, connection.needles) else { return .none }
        return .send(rewritten)
    }

    /// The value for the caller; nil where it leads elsewhere.
    static func rewrite(_ text: [UInt8], _ usable: UsableConnection) -> [UInt8]? {
        guard text.allSatisfy(HTTPCharacters.isTarget), !text.contains(UInt8(ascii: "\\")) else { return nil }
        guard let location = String(validating: text, as: UTF8.self) else { return nil }
        let origin = usable.origin
        if location.hasPrefix("//") { return rewrite(absolute: "\(origin.scheme.rawValue):\(location)", usable) }
        if location.hasPrefix("/") { return rewrite(path: location[...], usable) }
        let end = location.firstIndex { "/?#".contains($0) } ?? location.endIndex
        // Without a scheme it is relative to the request's own path, and so stays below the connection unless it climbs.
        guard location[..<end].contains(":") else { return hasDotSegment(location[...]) ? nil : text }
        return rewrite(absolute: location, usable)
    }

    private static func rewrite(absolute location: String, _ usable: UsableConnection) -> [UInt8]? {
        let fragment = location.firstIndex(of: "#") ?? location.endIndex
        guard let parts = URLParts(String(location[..<fragment])), parts.scheme == usable.origin.scheme,
            parts.host == usable.origin.host, parts.port == usable.origin.port
        else { return nil }
        let query = parts.query.map { "?" + $0 } ?? ""
        let path = parts.path.isEmpty ? "/" : parts.path
        return rewrite(path: Substring(path + query + location[fragment...]), usable)
    }

    private static func rewrite(path: Substring, _ usable: UsableConnection) -> [UInt8]? {
        let base = usable.origin.basePath
        guard path.hasPrefix(base), !hasDotSegment(path) else { return nil }
        let rest = path.dropFirst(base.count)
        guard rest.isEmpty || "/?#".contains(rest[rest.startIndex]) else { return nil }
        return Array("/proxy/\(usable.id)\(rest)".utf8)
    }

    private static func hasDotSegment(_ location: Substring) -> Bool {
        let end = location.firstIndex { "?#".contains($0) } ?? location.endIndex
        return URLParts.hasDotSegment(String(location[..<end]))
    }
}
