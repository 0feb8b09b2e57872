internal import HTTPTypes

/// Cookies and the anti-forgery token of a session: the token is good only with the cookies of the answer that brought
/// it.
///
/// A generation is one pair of both. An answer to a request of an earlier generation that brings no token doesn't touch
/// the cookies: it would part the pair.
struct SessionState: Sendable {
    /// What a request takes along.
    struct Outgoing: Sendable {
        var cookie: String?
        var token: String?
        /// The request asks for a token.
        var asksForToken = false
        var generation = 0
    }

    static let maxTokenBytes = 4_096

    private let mode: SessionOptions.AntiForgery
    private var jar: CookieJar
    private(set) var token: String?
    private(set) var generation = 0
    /// The path, a header or a cookie says that it is one of SAP's, or a write was answered by `Required`.
    private(set) var looksLikeSAP: Bool
    /// A read asked for a token and got none.
    private var wasAskedInVain = false
    /// A fetch of its own brought none: writes go without, until one is refused.
    private(set) var hasNoTokens = false

    init(_ root: ServiceRoot, _ options: SessionOptions) {
        mode = options.antiForgery
        jar = CookieJar(authority: root.authority, keepsContext: options.keepsContext)
        looksLikeSAP = root.isSAP || options.sapClient != nil
    }

    /// Whether a write must fetch a token first.
    var needsFetch: Bool {
        guard token == nil, !hasNoTokens else { return false }
        switch mode {
        case .never: return false
        case .always: return true
        case .automatic: return looksLikeSAP
        }
    }

    private var readsAsk: Bool {
        guard token == nil else { return false }
        switch mode {
        case .never: return false
        case .always: return true
        case .automatic: return looksLikeSAP || !wasAskedInVain
        }
    }

    mutating func outgoing(
        isRead: Bool, isFetch: Bool, path: String, isSecure: Bool, now: ContinuousClock.Instant
    ) -> Outgoing {
        var outgoing = Outgoing(generation: generation)
        outgoing.cookie = jar.header(path: path, isSecure: isSecure, now: now)
        outgoing.asksForToken = isFetch || (isRead && readsAsk)
        if !isRead, mode != .never { outgoing.token = token }
        return outgoing
    }

    /// Takes over what an answer brings, of any status.
    mutating func absorb(_ headers: HTTPFields, of sent: Outgoing, path: String, now: ContinuousClock.Instant) {
        let lines = headers[values: .setCookie]
        if !looksLikeSAP { looksLikeSAP = Self.isSAP(headers, lines) }
        let brought = mode == .never ? nil : Self.token(headers)
        if sent.asksForToken { wasAskedInVain = brought == nil }
        guard brought != nil || sent.generation == generation else { return }
        if let brought, brought != token {
            token = brought
            generation += 1
            hasNoTokens = false
        }
        let date = headers[.date].flatMap { HTTPDate.seconds($0) }
        for line in lines.prefix(Self.maxCookieLines) { jar.take(line, path: path, date: date, now: now) }
    }

    private static let maxCookieLines = 200

    /// A write that took along the token of a generation was refused for it.
    mutating func tokenWasRefused(_ refused: Int) {
        looksLikeSAP = true
        hasNoTokens = false
        if refused == generation { token = nil }
    }

    mutating func noTokenCame() { hasNoTokens = token == nil }

    /// The session is gone: its cookies and token with it.
    mutating func reset() {
        jar.removeAll()
        (token, hasNoTokens) = (nil, false)
        generation += 1
    }

    /// A token of an answer; `Required` and an echoed `Fetch` are none.
    private static func token(_ headers: HTTPFields) -> String? {
        guard let text = headers[HTTPField.Name.csrfToken], !text.isEmpty, text.utf8.count <= maxTokenBytes,
            !["required", "fetch"].contains(text.lowercased()), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return text
    }

    private static func isSAP(_ headers: HTTPFields, _ cookies: [String]) -> Bool {
        headers.contains { $0.name.canonicalName.hasPrefix("sap-") || $0.name == HTTPField.Name.csrfToken }
            || cookies.contains { CookieJar.isSAPSession($0) }
    }
}
