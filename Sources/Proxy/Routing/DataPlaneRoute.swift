/// Every route of the data plane; a test walks them all.
package enum DataPlaneRoute: String, CaseIterable, Sendable {
    case proxy
    case tokenFetch = "token_fetch"
    case live
    case issue

    /// As it stands in logs and metrics.
    package var template: String {
        switch self {
        case .proxy: "/proxy/{connection}/{path}"
        case .tokenFetch: "/v1/connections/{id}/token"
        case .live: "/health/live"
        case .issue: "/oauth2/token"
        }
    }

    /// Value of `Allow` where another method is refused.
    package var allow: String {
        switch self {
        case .proxy: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, MERGE"
        case .tokenFetch, .issue: "POST"
        case .live: "GET, HEAD"
        }
    }

    /// Whether a caller token is needed.
    package var needsCaller: Bool {
        switch self {
        case .proxy, .tokenFetch: true
        case .live, .issue: false
        }
    }

    func allows(_ method: HTTPMethod) -> Bool {
        switch self {
        case .proxy: method != .other
        case .tokenFetch, .issue: method == .post
        case .live: method == .get || method == .head
        }
    }
}
