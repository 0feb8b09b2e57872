import Domain
import Grants
import Sodium
import Testing

@Suite("Asking for a token with client credentials (RFC 6749 §4.4)")
struct ClientCredentialsGrantTests {
    private func request(
        id: String = "client", secret: String = "secret", _ authentication: ClientAuthentication,
        scopes: [String] = [], extra: [(name: String, value: String)] = []
    ) throws -> OutboundRequest {
        ClientCredentialsGrant.request(
            tokenURL: try #require(URLParts("https://login.example.com/oauth2/token")), clientID: id,
            clientSecret: SecretBytes(utf8: secret), authentication: authentication, scopes: scopes, extra: extra,
            destination: .publicHTTPSOnly, poolKey: "tnt/conn", timeout: .seconds(7))
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

    @Test func `form-encodes id and secret before Basic, as section 2.3.1 says`() throws {
        let request = try request(id: "my client:1", secret: "p@ss/+ wörd%", .basic)
        let encoded = "my+client%3A1:p%40ss%2F%2B+w%C3%B6rd%25"
        #expect(try authorization(request) == "Basic " + Base64.encode(Array(encoded.utf8)))
        #expect(body(request) == "grant_type=client_credentials")
    }

    @Test func `sends id and secret as they are with raw Basic`() throws {
        let request = try request(id: "sb-app!t1", secret: "a+b/c=", .rawBasic)
        #expect(try authorization(request) == "Basic " + Base64.encode(Array("sb-app!t1:a+b/c=".utf8)))
    }

    @Test func `puts id and secret into the form, and no Authorization beside it`() throws {
        let request = try request(id: "a&b", secret: "x=y&grant_type=password", .body)
        #expect(try authorization(request) == nil)
        #expect(
            body(request)
                == "grant_type=client_credentials&client_id=a%26b&client_secret=x%3Dy%26grant_type%3Dpassword")
    }

    @Test func `joins scopes by spaces and encodes further parameters in order`() throws {
        let request = try request(
            .basic, scopes: ["read", "write:all"], extra: [("audience", "https://api.example.com/?x=1"), ("z", "ä")])
        #expect(
            body(request)
                == "grant_type=client_credentials&scope=read+write%3Aall"
                + "&audience=https%3A%2F%2Fapi.example.com%2F%3Fx%3D1&z=%C3%A4")
    }

    @Test func `asks by POST, for JSON, within its time and its pool`() throws {
        let request = try request(.basic)
        #expect(request.method == .post)
        #expect(request.poolKey == "tnt/conn")
        #expect(request.timeout == .seconds(7))
        #expect(request.maxBodyBytes <= 1 << 20)
        let names = request.headers.map(\.name)
        #expect(names.contains("accept") && names.contains("content-type"))
    }

    @Test(arguments: ClientAuthentication.allCases)
    func `shows the secret in no description`(_ authentication: ClientAuthentication) throws {
        let canary = "canary-81f2c0"
        let request = try request(secret: canary, authentication)
        var dumped = ""
        dump(request, to: &dumped)
        let basic = Base64.encode(Array("client:\(canary)".utf8))
        for text in ["\(request)", String(reflecting: request), dumped] {
            #expect(!text.contains(canary))
            #expect(!text.contains(basic))
        }
    }
}
