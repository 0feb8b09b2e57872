package import Domain
internal import Sodium
internal import StrictJSON

/// Reads what a token endpoint answered (RFC 6749 §5.1 and §5.2), as lenient as real servers need and no more.
package enum TokenEndpointAnswer {
    /// - Parameter sentAt: when the request left, on our clock: lifetimes count from there, so that neither a slow answer
    ///   nor another clock makes a token look fresher than it is.
    /// - Returns: the token set of a 2xx answer.
    /// - Throws: a closed code; nothing of the peer's text is kept.
    package static func read(
        _ response: OutboundResponse, sentAt: Timestamp
    ) throws(TokenEndpointError) -> TokenSet {
        let retryAfter = RetryAfter.duration(of: response, receivedAt: sentAt)
        switch response.status {
        case 200..<300:
            return try readTokenSet(response.body, sentAt: sentAt)
        case 300..<400:
            throw .redirected
        case 401:
            // RFC 6749 §5.2 keeps 401 for the client; some servers use it for a dead refresh token too, and say so.
            throw errorCode(in: response.body) == .invalidGrant ? .refused(.invalidGrant) : .invalidClient
        case 408, 425, 500..<600:
            throw .serverError(retryAfter: retryAfter)
        case 429:
            throw .rateLimited(retryAfter: retryAfter)
        case 400..<500:
            let code = errorCode(in: response.body)
            throw code == .invalidClient ? .invalidClient : .refused(code)
        default:
            throw .malformed
        }
    }

    private static func readTokenSet(_ body: SecretBytes, sentAt: Timestamp) throws(TokenEndpointError) -> TokenSet {
        guard let root = parse(body) else { throw .malformed }
        // Some servers refuse with 200: never take a token out of an answer that names an error.
        if let error = root["error"], error.kind != .null {
            let code = errorCode(error)
            throw code == .invalidClient ? .invalidClient : .refused(code)
        }
        guard let accessToken = root["access_token"]?.secret, isUsableToken(accessToken, maxBytes: 64 * 1_024) else {
            throw .malformed
        }
        let refreshToken = try refreshToken(root["refresh_token"])
        // A refresh token exists once: its answer isn't thrown away for a member that can be done without.
        let isUnrepeatable = refreshToken != nil
        let lifetime = isUnrepeatable ? try? expiresIn(root["expires_in"]) : try expiresIn(root["expires_in"])
        let type = isUnrepeatable ? try? tokenType(root["token_type"]) : try tokenType(root["token_type"])
        return TokenSet(
            accessToken: accessToken,
            tokenType: type ?? "Bearer",
            expiresIn: lifetime,
            expiresAt: lifetime.map { sentAt + $0 },
            refreshToken: refreshToken,
            refreshTokenExpiresIn: refreshTokenExpiresIn(root),
            scope: scope(root["scope"]))
    }

    /// Parses an object, after the byte order mark that some servers put in front.
    private static func parse(_ body: SecretBytes) -> JSONNode? {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text: SecretBytes = body.withBytes { bytes in
            let isMarked = bytes.byteCount >= 3 && (0..<3).allSatisfy { bytes[$0] == mark[$0] }
            return isMarked ? SecretBytes(copying: bytes.extracting(3..<bytes.byteCount)) : body
        }
        // Why the text is no JSON is of no interest: the answer is unusable either way.
        guard let document = try? JSONDocument(parsing: text), document.root.kind == .object else { return nil }
        return document.root
    }

    private static func errorCode(in body: SecretBytes) -> OAuthErrorCode {
        parse(body)?["error"].map(errorCode) ?? .unspecified
    }

    private static func errorCode(_ node: JSONNode) -> OAuthErrorCode {
        guard let text = node.string else { return .unspecified }
        return OAuthErrorCode(rawValue: text) ?? .other
    }

    /// Visible ASCII alone: what can stand in an `Authorization` header without changing its meaning.
    private static func isUsableToken(_ token: SecretBytes, maxBytes: Int) -> Bool {
        guard token.count > 0, token.count <= maxBytes else { return false }
        return token.withBytes { bytes in bytes.byteOffsets.allSatisfy { bytes[$0] > 0x20 && bytes[$0] < 0x7F } }
    }

    private static func tokenType(_ node: JSONNode?) throws(TokenEndpointError) -> String {
        guard let node, node.kind != .null else { return "Bearer" }
        guard let text = node.string, !text.isEmpty, text.utf8.count <= 64,
            text.utf8.allSatisfy(isTokenTypeByte)
        else { throw .malformed }
        return text
    }

    private static func isTokenTypeByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func refreshToken(_ node: JSONNode?) throws(TokenEndpointError) -> SecretBytes? {
        guard let node, node.kind != .null else { return nil }
        guard let token = node.secret, token.count <= 8 * 1_024 else { throw .malformed }
        // An empty member means the same as none.
        guard token.count > 0 else { return nil }
        return token
    }

    /// Longest lifetime that is believed: ten years.
    private static let longestLifetime: Double = 10 * 366 * 86_400

    /// A number, a numeric string or a fraction, rounded down; nil for none and for zero or less.
    private static func expiresIn(_ node: JSONNode?) throws(TokenEndpointError) -> Duration? {
        guard let node, node.kind != .null else { return nil }
        guard let seconds = node.double ?? node.string.flatMap(decimal), seconds.isFinite else { throw .malformed }
        guard seconds >= 1 else { return nil }
        return .seconds(Int64(min(seconds, longestLifetime)))
    }

    private static let refreshLifetimes = [
        "refresh_expires_in", "refresh_token_expires_in", "x_refresh_token_expires_in",
    ]

    /// The first of the members that can be read; one that can't says nothing, because none of them is in a standard.
    private static func refreshTokenExpiresIn(_ root: JSONNode) -> Duration? {
        for name in refreshLifetimes {
            if let lifetime = try? expiresIn(root[name]) { return lifetime }
        }
        return nil
    }

    /// Plain decimal notation only: `Double`'s own parser also takes `inf`, `nan` and hexadecimal.
    private static func decimal(_ text: String) -> Double? {
        guard !text.isEmpty, text.utf8.count <= 32 else { return nil }
        let isPlain = text.utf8.allSatisfy { byte in
            (byte >= 48 && byte <= 57) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
        }
        return isPlain ? Double(text) : nil
    }

    /// Space-separated, or an array as some servers write it; nil where it can't be read, which then means "as asked".
    private static func scope(_ node: JSONNode?) -> [String]? {
        guard let node else { return nil }
        if let text = node.string { return text.split(separator: " ").map(String.init) }
        return node.elements.map { $0.compactMap(\.string) }
    }
}
