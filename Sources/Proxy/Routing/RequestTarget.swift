internal import Domain

/// A request target, matched to its route.
struct RequestTarget: Hashable, Sendable {
    let route: DataPlaneRoute
    /// Nil where the route has none.
    let connectionID: ConnectionID?
    /// Offsets of the path below the connection: empty, or beginning with `/`.
    let path: Range<Int>
    /// Offsets of the query without its `?`; nil where there is none.
    let query: Range<Int>?

    private static let proxyPrefix = Array("/proxy/".utf8)
    private static let connectionsPrefix = Array("/v1/connections/".utf8)
    private static let tokenSuffix = Array("/token".utf8)
    private static let livePath = Array("/health/live".utf8)
    private static let issuePath = Array("/oauth2/token".utf8)

    /// Matches a target whose bytes are visible ASCII and whose first is `/`.
    ///
    /// - Throws: `.badPath` for anything that could mean another path to somebody else, `.notFound` for no route,
    ///   `.connectionNotFound` where the connection's segment is no identifier.
    static func match(_ bytes: Span<UInt8>, _ target: Range<Int>) throws(DataPlaneProblem) -> RequestTarget {
        var end = target.lowerBound
        while end < target.upperBound, bytes[end] != UInt8(ascii: "?") {
            guard bytes[end] != UInt8(ascii: "#") else { throw .badPath }
            end += 1
        }
        let query = end < target.upperBound ? end + 1..<target.upperBound : nil
        if let query {
            for index in query where bytes[index] == UInt8(ascii: "#") { throw .badPath }
        }
        let path = target.lowerBound..<end
        if hasPrefix(bytes, path, proxyPrefix) { return try proxy(bytes, path, query) }
        if hasPrefix(bytes, path, connectionsPrefix) { return try token(bytes, path, query) }
        return RequestTarget(route: try fixed(bytes, path), connectionID: nil, path: end..<end, query: query)
    }

    /// The routes that are one path each.
    private static func fixed(_ bytes: Span<UInt8>, _ path: Range<Int>) throws(DataPlaneProblem) -> DataPlaneRoute {
        if path.count == issuePath.count, hasPrefix(bytes, path, issuePath) { return .issue }
        if path.count == livePath.count, hasPrefix(bytes, path, livePath) { return .live }
        throw .notFound
    }

    private static func proxy(
        _ bytes: Span<UInt8>, _ path: Range<Int>, _ query: Range<Int>?
    ) throws(DataPlaneProblem) -> RequestTarget {
        let start = path.lowerBound + proxyPrefix.count
        var end = start
        while end < path.upperBound, bytes[end] != UInt8(ascii: "/") { end += 1 }
        try PathRules.check(bytes, end..<path.upperBound)
        guard let id = ConnectionID(bytes, start..<end) else { throw .connectionNotFound }
        return RequestTarget(route: .proxy, connectionID: id, path: end..<path.upperBound, query: query)
    }

    private static func token(
        _ bytes: Span<UInt8>, _ path: Range<Int>, _ query: Range<Int>?
    ) throws(DataPlaneProblem) -> RequestTarget {
        let start = path.lowerBound + connectionsPrefix.count
        var end = start
        while end < path.upperBound, bytes[end] != UInt8(ascii: "/") { end += 1 }
        let rest = end..<path.upperBound
        guard rest.count == tokenSuffix.count, hasPrefix(bytes, rest, tokenSuffix) else { throw .notFound }
        guard let id = ConnectionID(bytes, start..<end) else { throw .connectionNotFound }
        return RequestTarget(route: .tokenFetch, connectionID: id, path: end..<end, query: query)
    }

    /// Case-sensitive, unlike header names.
    private static func hasPrefix(_ bytes: Span<UInt8>, _ range: Range<Int>, _ prefix: [UInt8]) -> Bool {
        guard range.count >= prefix.count else { return false }
        for index in 0..<prefix.count where bytes[range.lowerBound + index] != prefix[index] { return false }
        return true
    }
}
