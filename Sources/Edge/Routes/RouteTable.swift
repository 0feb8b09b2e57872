/// Finds the route of a path. Segments are compared as they are sent: no route has one that needs percent-encoding.
struct RouteTable: Sendable {
    enum Match: Sendable {
        /// Index into ``ControlPlaneRoute/all``, and the variable segments in order.
        case route(Int, parameters: [String])
        case otherMethods([String])
        case otherListener
        case none
    }

    private struct Entry: Sendable {
        /// Nil for a variable segment.
        let segments: [String?]
        let method: String
    }

    private let entries: [Entry]

    init(_ routes: [ControlPlaneRoute]) {
        entries = routes.map { route in
            let segments = Self.segments(route.template).map { $0.hasPrefix("{") ? nil : String($0) }
            return Entry(segments: segments, method: route.method.rawValue)
        }
    }

    /// - Parameter method: as sent; `HEAD` finds what `GET` does.
    func match(method: String, path: Substring) -> Match {
        let segments = Self.segments(path)
        guard path.hasPrefix("/"), segments.count <= 8 else { return .none }
        let wanted = method == "HEAD" ? "GET" : method
        var methods: [String] = []
        for (index, entry) in entries.enumerated() {
            guard let parameters = Self.parameters(entry.segments, segments) else { continue }
            if entry.method == wanted { return .route(index, parameters: parameters) }
            methods.append(entry.method)
        }
        guard methods.isEmpty else { return .otherMethods(methods.contains("GET") ? methods + ["HEAD"] : methods) }
        return Self.isDataPlane(segments) ? .otherListener : .none
    }

    private static func segments(_ path: some StringProtocol) -> [Substring] {
        path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { Substring($0) }
    }

    private static func parameters(_ pattern: [String?], _ segments: [Substring]) -> [String]? {
        guard pattern.count == segments.count else { return nil }
        var parameters: [String] = []
        for (expected, segment) in zip(pattern, segments) {
            guard let expected else {
                guard !segment.isEmpty, segment.utf8.count <= 128 else { return nil }
                parameters.append(String(segment))
                continue
            }
            guard expected == segment else { return nil }
        }
        return parameters
    }

    /// What the other listener serves: `/proxy/…` and the token fetch.
    private static func isDataPlane(_ segments: [Substring]) -> Bool {
        segments.first == "proxy"
            || (segments.count == 4 && segments[0] == "v1" && segments[1] == "connections" && segments[3] == "token")
    }
}
