import Domain
import Grants
import Sodium
import Testing

@Suite("Refreshing an access token (RFC 6749 §6)")
struct RefreshTokenGrantTests {
    private func request(
        token: String = "tGzv3JOkF0XG5Qx2TlKWIA", id: String = "s6BhdRkqt3", secret: String = "gX1fBat3bV",
        _ authentication: ClientAuthentication = .basic, scopes: [String] = [],
        extra: [(name: String, value: String)] = []
    ) throws -> OutboundRequest {
        RefreshTokenGrant.request(
            tokenURL: try #require(URLParts("https://server.example.com/token")), clientID: id,
            clientSecret: SecretBytes(utf8: secret), authentication: authentication,
            refreshToken: SecretBytes(utf8: token), scopes: scopes, extra: extra, destination: .publicHTTPSOnly,
            poolKey: "tnt/conn", timeout: .seconds(7))
    }

    private func body(_ request: OutboundRequest) -> String? { request.body?.revealUTF8(for: .test) }

    private func authorization(_ request: OutboundRequest) throws -> String? {
        guard let header = request.headers.first(where: { $0.name == "authorization" }) else { return nil }
        switch header.value {
        case .plain:
            Issue.record("the client secret lies in an ordinary string")
            return nil
        case .secret(let value): return value.revealUTF8(for: .test)
        }
    }

    @Test func `asks as the example of section 6 does`() throws {
        let request = try request()
        #expect(request.method == .post)
        #expect(try authorization(request) == "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW")
        #expect(body(request) == "grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA")
        #expect(request.poolKey == "tnt/conn" && request.timeout == .seconds(7))
    }

    @Test func `encodes a token that would otherwise end its parameter`() throws {
        let request = try request(token: "1//0a+b/c=&scope=admin%20ä")
        #expect(
            body(request)
                == "grant_type=refresh_token&refresh_token=1%2F%2F0a%2Bb%2Fc%3D%26scope%3Dadmin%2520%C3%A4")
    }

    @Test func `names scopes only where there are any, then further parameters, then the client`() throws {
        let request = try request(
            token: "r", id: "c", secret: "s", .body, scopes: ["read", "write"], extra: [("audience", "https://a/")])
        #expect(try authorization(request) == nil)
        #expect(
            body(request)
                == "grant_type=refresh_token&refresh_token=r&scope=read+write&audience=https%3A%2F%2Fa%2F"
                + "&client_id=c&client_secret=s")
    }

    @Test func `sends id and secret as they are with raw Basic`() throws {
        let request = try request(id: "sb-app!t1", secret: "a+b/c=", .rawBasic)
        #expect(try authorization(request) == "Basic " + Base64.encode(Array("sb-app!t1:a+b/c=".utf8)))
    }

    @Test func `carries a token of eight kilobytes whole`() throws {
        let token = String(repeating: "a", count: 8 * 1_024)
        #expect(body(try request(token: token)) == "grant_type=refresh_token&refresh_token=" + token)
    }

    @Test(arguments: ClientAuthentication.allCases)
    func `shows neither token nor secret in a description`(_ authentication: ClientAuthentication) throws {
        let canaries = ["canary-secret-81f2c0", "canary-token-91b7"]
        let request = try request(token: canaries[1], secret: canaries[0], authentication)
        var dumped = ""
        dump(request, to: &dumped)
        for text in ["\(request)", String(reflecting: request), dumped] {
            for canary in canaries { #expect(!text.contains(canary)) }
        }
    }
}
