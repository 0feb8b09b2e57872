import Domain
import Grants
import Sodium
import Testing

@Suite("Reading a token endpoint's answer (RFC 6749 §5)")
struct TokenEndpointAnswerTests {
    private static let sentAt = Timestamp(seconds: 1_795_000_000)

    private func read(
        _ status: Int, _ body: String, headers: [(name: String, value: String)] = []
    ) throws(TokenEndpointError) -> TokenSet {
        try TokenEndpointAnswer.read(
            OutboundResponse(status: status, headers: headers, body: SecretBytes(utf8: body)), sentAt: Self.sentAt)
    }

    private func read(_ body: String) throws(TokenEndpointError) -> TokenSet { try read(200, body) }

    private func reveal(_ secret: SecretBytes?) -> String? { secret?.revealUTF8(for: .test) }

    @Test func `reads a textbook answer`() throws {
        let set = try read(
            200,
            #"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":3600,"#
                + #""refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA","scope":"read write","example_parameter":"x"}"#)
        #expect(reveal(set.accessToken) == "2YotnFZFEjr1zCsicMWpAA")
        #expect(set.tokenType == "Bearer")
        #expect(set.expiresIn == .seconds(3_600))
        #expect(set.expiresAt == Self.sentAt + .seconds(3_600))
        #expect(reveal(set.refreshToken) == "tGzv3JOkF0XG5Qx2TlKWIA")
        #expect(set.scope == ["read", "write"])
    }

    @Test(arguments: ["bearer", "Bearer", "BEARER", "DPoP", "N_A"])
    func `keeps the token type as it is written`(_ type: String) throws {
        #expect(try read(#"{"access_token":"t","token_type":"\#(type)"}"#).tokenType == type)
    }

    @Test func `takes Bearer where no type is named`() throws {
        #expect(try read(#"{"access_token":"t"}"#).tokenType == "Bearer")
        #expect(try read(#"{"access_token":"t","token_type":null}"#).tokenType == "Bearer")
    }

    @Test(arguments: [
        ("3600", 3_600), (#""3600""#, 3_600), ("3599.9", 3_599), (#""3599.9""#, 3_599), ("3.6e3", 3_600), ("1", 1),
        ("99999999999999999999", 10 * 366 * 86_400),
    ])
    func `reads a lifetime in every form that servers write`(_ text: String, _ seconds: Int64) throws {
        let set = try read(#"{"access_token":"t","expires_in":\#(text)}"#)
        #expect(set.expiresIn == .seconds(seconds))
        #expect(set.expiresAt == Self.sentAt + .seconds(seconds))
    }

    @Test(arguments: ["0", "-1", "0.5", #""0""#, #""-3600""#, "null"])
    func `names no expiry where the lifetime is none`(_ text: String) throws {
        let set = try read(#"{"access_token":"t","expires_in":\#(text)}"#)
        #expect(set.expiresIn == nil && set.expiresAt == nil)
    }

    @Test(arguments: [
        #""soon""#, #""""#, "true", "[]", "{}", #""inf""#, #""nan""#, #""0x10""#, #"" 3600""#, #""1e3""#,
    ])
    func `refuses a lifetime that is no number`(_ text: String) {
        #expect(throws: TokenEndpointError.malformed) { try read(#"{"access_token":"t","expires_in":\#(text)}"#) }
    }

    @Test func `reads behind a byte order mark`() throws {
        #expect(reveal(try read("\u{FEFF}" + #"{"access_token":"t"}"#).accessToken) == "t")
    }

    @Test func `leaves scope and refresh token absent where the server names none`() throws {
        let set = try read(#"{"access_token":"t"}"#)
        #expect(set.scope == nil && set.refreshToken == nil)
        #expect(try read(#"{"access_token":"t","refresh_token":"","scope":""}"#).refreshToken == nil)
        #expect(try read(#"{"access_token":"t","scope":["a","b"]}"#).scope == ["a", "b"])
    }

    @Test(arguments: [
        "", " ", "null", "[]", #""text""#, "<html>", #"{"access_token":"t"} x"#, #"{"access_token":"t""#,
        #"{"access_token":null}"#, #"{"access_token":1}"#, #"{"access_token":""}"#, #"{"token":"t"}"#, "{}",
        #"{"access_token":"a","access_token":"b"}"#, #"{"access_token":"a\r\nx: y"}"#, #"{"access_token":"a b"}"#,
        #"{"access_token":"ä"}"#, #"{"access_token":"\u0000"}"#, #"{"access_token":"t","token_type":"B x"}"#,
        #"{"access_token":"t","token_type":""}"#, #"{"access_token":"t","token_type":7}"#,
        #"{"access_token":"t","refresh_token":7}"#,
    ])
    func `refuses what holds no usable token`(_ body: String) {
        #expect(throws: TokenEndpointError.malformed) { try read(body) }
    }

    @Test func `refuses a token that is too large`() throws {
        let body = { (count: Int) in #"{"access_token":"\#(String(repeating: "a", count: count))"}"# }
        #expect(try read(body(64 * 1_024)).accessToken.count == 64 * 1_024)
        #expect(throws: TokenEndpointError.malformed) { try read(body(64 * 1_024 + 1)) }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let status: Int
        let body: String
        let expected: TokenEndpointError
        var testDescription: String { "\(status) \(body)" }
    }

    @Test(arguments: [
        Refusal(status: 400, body: #"{"error":"invalid_grant"}"#, expected: .refused(.invalidGrant)),
        Refusal(status: 400, body: #"{"error":"invalid_client"}"#, expected: .invalidClient),
        Refusal(status: 403, body: #"{"error":"invalid_client"}"#, expected: .invalidClient),
        Refusal(status: 401, body: "", expected: .invalidClient),
        Refusal(status: 401, body: #"{"error":"invalid_grant"}"#, expected: .refused(.invalidGrant)),
        Refusal(status: 401, body: #"{"error":"invalid_token"}"#, expected: .invalidClient),
        Refusal(status: 401, body: #"{"error":"invalid_request"}"#, expected: .invalidClient),
        Refusal(status: 400, body: "", expected: .refused(.unspecified)),
        Refusal(status: 403, body: "", expected: .refused(.unspecified)),
        Refusal(status: 404, body: "<html>", expected: .refused(.unspecified)),
        Refusal(status: 400, body: #"{"error":"a_code_of_its_own"}"#, expected: .refused(.other)),
        Refusal(status: 400, body: #"{"error":7}"#, expected: .refused(.unspecified)),
        Refusal(status: 400, body: #"{"error":"server_error"}"#, expected: .refused(.serverError)),
        Refusal(status: 200, body: #"{"error":"invalid_scope"}"#, expected: .refused(.invalidScope)),
        Refusal(
            status: 200, body: #"{"error":"invalid_client","access_token":"t"}"#, expected: .invalidClient),
        Refusal(status: 500, body: #"{"error":"invalid_grant"}"#, expected: .serverError(retryAfter: nil)),
        Refusal(status: 502, body: "<html>", expected: .serverError(retryAfter: nil)),
        Refusal(status: 503, body: "", expected: .serverError(retryAfter: nil)),
        Refusal(status: 408, body: "", expected: .serverError(retryAfter: nil)),
        Refusal(status: 425, body: "", expected: .serverError(retryAfter: nil)),
        Refusal(
            status: 429, body: #"{"error":"invalid_grant"}"#, expected: .rateLimited(retryAfter: nil)),
        Refusal(status: 302, body: #"{"access_token":"t"}"#, expected: .redirected),
        Refusal(status: 307, body: "", expected: .redirected),
        Refusal(status: 204, body: "", expected: .malformed),
        Refusal(status: 101, body: #"{"access_token":"t"}"#, expected: .malformed),
        Refusal(status: 600, body: "", expected: .malformed),
    ])
    func `decides by the status first and the body second`(_ refusal: Refusal) {
        #expect(throws: refusal.expected) { try read(refusal.status, refusal.body) }
    }

    @Test func `takes Retry-After in both forms`() {
        let tenMinutes = [(name: "retry-after", value: "600")]
        #expect(throws: TokenEndpointError.rateLimited(retryAfter: .seconds(600))) {
            try read(429, "", headers: tenMinutes)
        }
        #expect(throws: TokenEndpointError.serverError(retryAfter: .seconds(600))) {
            try read(503, "", headers: tenMinutes)
        }
        // The request was sent at Wed, 18 Nov 2026 11:06:40 GMT.
        #expect(throws: TokenEndpointError.serverError(retryAfter: .seconds(20))) {
            try read(503, "", headers: [("retry-after", "Wed, 18 Nov 2026 11:07:00 GMT")])
        }
    }

    @Test func `measures a date in Retry-After by the server's own clock`() {
        // Ten minutes ahead of ours: by our clock it would be eleven minutes.
        let ahead = [
            (name: "date", value: "Wed, 18 Nov 2026 11:16:40 GMT"),
            (name: "retry-after", value: "Wed, 18 Nov 2026 11:17:40 GMT"),
        ]
        #expect(throws: TokenEndpointError.serverError(retryAfter: .seconds(60))) { try read(503, "", headers: ahead) }
        // Ten minutes behind: by our clock it would be over.
        let behind = [
            (name: "date", value: "Wed, 18 Nov 2026 10:56:40 GMT"),
            (name: "retry-after", value: "Wed, 18 Nov 2026 10:57:40 GMT"),
        ]
        #expect(throws: TokenEndpointError.rateLimited(retryAfter: .seconds(60))) {
            try read(429, "", headers: behind)
        }
        for date in ["", "now", "Wed, 18 Nov 2026 10:56:40", "1795000000"] {
            #expect(throws: TokenEndpointError.rateLimited(retryAfter: .seconds(20))) {
                try read(
                    429, "",
                    headers: [("date", date), ("retry-after", "Wed, 18 Nov 2026 11:07:00 GMT")])
            }
        }
        #expect(throws: TokenEndpointError.rateLimited(retryAfter: .seconds(7))) {
            try read(429, "", headers: [("date", "Wed, 18 Nov 2026 10:56:40 GMT"), ("retry-after", "7")])
        }
    }

    // MARK: Refresh tokens

    @Test(arguments: ["refresh_expires_in", "refresh_token_expires_in", "x_refresh_token_expires_in"])
    func `reads how long a refresh token holds, under the names that servers use`(_ name: String) throws {
        for value in ["1800", #""1800""#, "1800.7"] {
            let set = try read(#"{"access_token":"t","refresh_token":"r","\#(name)":\#(value)}"#)
            #expect(set.refreshTokenExpiresIn == .seconds(1_800))
        }
    }

    @Test(arguments: ["0", "-1", "null", #""never""#, "[]", "{}", "true", #""0x10""#, #""""#])
    func `takes a refresh token's lifetime for unknown where it is none or can't be read`(_ value: String) throws {
        let set = try read(#"{"access_token":"t","refresh_token":"r","refresh_expires_in":\#(value)}"#)
        #expect(reveal(set.refreshToken) == "r")
        #expect(set.refreshTokenExpiresIn == nil)
    }

    @Test func `reads the next name where the first can't be read`() throws {
        let set = try read(
            #"{"access_token":"t","refresh_expires_in":"never","refresh_token_expires_in":60}"#)
        #expect(set.refreshTokenExpiresIn == .seconds(60))
    }

    @Test(arguments: [
        #""expires_in":"soon""#, #""expires_in":[]"#, #""expires_in":true"#, #""token_type":7"#, #""token_type":"""#,
        #""token_type":"B x""#, #""expires_in":"inf","token_type":{}"#,
    ])
    func `never throws a refresh token away for a member that can be done without`(_ member: String) throws {
        let set = try read(#"{"access_token":"t","refresh_token":"r",\#(member)}"#)
        #expect(reveal(set.refreshToken) == "r" && reveal(set.accessToken) == "t")
        #expect(set.expiresAt == nil && set.tokenType == "Bearer")
    }

    @Test func `finds out what was asked for and not granted`() throws {
        func lacks(_ scope: String?, _ asked: [String], refresh: Bool = true) throws -> Bool {
            let scope = scope.map { #","scope":\#($0)"# } ?? ""
            let token = refresh ? #","refresh_token":"r""# : ""
            return try read(#"{"access_token":"t"\#(scope)\#(token)}"#).lacksScope(of: asked)
        }
        #expect(try !lacks(nil, ["read"]), "no scope means as asked")
        #expect(try !lacks(#""write read""#, ["read", "write"]))
        #expect(try !lacks(#"["read","write"]"#, ["read"]))
        #expect(try lacks(#""read""#, ["read", "write"]))
        #expect(try lacks(#""""#, ["read"]))
        #expect(try lacks(#""READ""#, ["read"]), "scopes compare by case (RFC 6749 §3.3)")
        #expect(try !lacks(#""""#, []))
        #expect(try !lacks(#""read""#, ["read", "offline_access"]))
        #expect(try lacks(#""read""#, ["read", "offline_access"], refresh: false))
        #expect(try !lacks(#""User.Read""#, ["https://graph.example.com/.default"]))
    }

    @Test func `keeps nothing of what the server said in an error`() {
        let canary = "canary-7d1e"
        for status in [200, 302, 400, 401, 403, 429, 500] {
            do throws(TokenEndpointError) {
                _ = try read(
                    status, #"{"error":"\#(canary)","error_description":"\#(canary)"}"#,
                    headers: [("retry-after", canary), ("www-authenticate", canary)])
                Issue.record("an answer of \(status) gave a token set")
            } catch {
                #expect(!"\(error)".contains(canary) && !String(reflecting: error).contains(canary))
            }
        }
    }
}
