import Catalogue
import Domain
import EmbeddedFiles
import Sodium
import Testing

@Suite("Injecting a credential and proving an account")
struct InjectionTests {
    private func text(_ injection: PreparedInjection) -> [String] {
        injection.headers.map { "\($0.name): \($0.value.revealUTF8(for: .test) ?? "?")" }
    }

    private func headers(_ request: OutboundRequest) -> [String] {
        request.headers.map { header in
            switch header.value {
            case .plain(let value): "\(header.name): \(value)"
            case .secret(let value): "\(header.name): \(value.revealUTF8(for: .test) ?? "?")"
            }
        }
    }

    @Test func `writes Basic over the UTF-8 of user and password`() throws {
        let provider = try CatalogueSamples.provider("sap-s4hana-basic")
        let injection = try provider.injection(
            fields: ["host": "h", "username": "U", "client": "100"],
            secrets: CatalogueSamples.secrets(("password", "pä:ss")))
        #expect(
            text(injection) == ["sap-client: 100", "authorization: Basic " + Base64.encode(Array("U:pä:ss".utf8))])
    }

    @Test func `leaves out a header whose field was not given`() throws {
        let provider = try CatalogueSamples.provider("sap-s4hana-basic")
        let injection = try provider.injection(
            fields: ["host": "h", "username": "U"], secrets: CatalogueSamples.secrets(("password", "p")))
        #expect(injection.headers.map(\.name) == ["authorization"])
    }

    @Test func `leaves out a default header whose field was not given`() throws {
        let field = "  - name: lang\n    title: L\n    required: false\n    max_length: 9\n  - name: api_key"
        let text =
            CatalogueSamples.entry("  - name: api_key", field).text
            + "\ndefault_headers:\n  accept: '*/*'\n  accept-language: '{lang}'"
        let request = try Catalogue.parse(CatalogueSamples.file(text)).verificationRequest(
            origin: try #require(Origin("https://a.example")), fields: ["host": "a.example"],
            secrets: CatalogueSamples.secrets(("api_key", "k")), settings: IntegrationSettings(), poolKey: "k")
        #expect(headers(request) == ["accept: */*", "x-api-key: k"])
    }

    @Test func `puts a key under the name that was chosen, in lower case`() throws {
        let provider = try CatalogueSamples.provider("generic-api-key")
        let injection = try provider.injection(
            fields: ["base_url": "https://a.example", "header_name": "X-Token"],
            secrets: CatalogueSamples.secrets(("api_key", "k-1")))
        #expect(text(injection) == ["x-token: k-1"])
    }

    @Test func `sends an access token as Bearer, and nothing without one`() throws {
        let provider = try CatalogueSamples.provider("generic-oauth2-client-credentials")
        #expect(provider.needsAccessToken)
        let injection = try provider.injection(
            fields: [:], secrets: [:], accessToken: SecretBytes(utf8: "tok"))
        #expect(text(injection) == ["authorization: Bearer tok"])
        #expect(throws: InjectionError.missingToken) { try provider.injection(fields: [:], secrets: [:]) }
    }

    @Test func `percent-encodes a key in the query`() throws {
        let provider = try Catalogue.parse(
            CatalogueSamples.entry("type: header\n  name: x-api-key", "type: query\n  name: api key"))
        let injection = try provider.injection(
            fields: ["host": "h"], secrets: CatalogueSamples.secrets(("api_key", "a&b=c d/%ä")))
        #expect(injection.query.map(\.name) == ["api%20key"])
        #expect(injection.query.first?.value.revealUTF8(for: .test) == "a%26b%3Dc%20d%2F%25%C3%A4")
    }

    @Test func `refuses a stored value that would break a header`() throws {
        let provider = try CatalogueSamples.provider("generic-api-key")
        #expect(throws: InjectionError.unusableValue("api_key")) {
            try provider.injection(
                fields: ["header_name": "x-api-key"], secrets: CatalogueSamples.secrets(("api_key", "a\r\nhost: b")))
        }
        #expect(throws: InjectionError.unusableValue("header_name")) {
            try provider.injection(
                fields: ["header_name": "host"], secrets: CatalogueSamples.secrets(("api_key", "a")))
        }
        #expect(throws: InjectionError.missingField("api_key")) {
            try provider.injection(fields: ["header_name": "x-api-key"], secrets: [:])
        }
        let basic = try CatalogueSamples.provider("generic-basic")
        #expect(throws: InjectionError.unusableValue("username")) {
            try basic.injection(fields: ["username": "a:b"], secrets: CatalogueSamples.secrets(("password", "p")))
        }
    }

    @Test func `proves an S/4HANA account by reading one business partner`() throws {
        let provider = try CatalogueSamples.provider("sap-s4hana-basic")
        let request = try provider.verificationRequest(
            origin: try #require(Origin("https://my1-api.s4hana.cloud.sap")),
            fields: ["host": "my1-api.s4hana.cloud.sap", "username": "U"],
            secrets: CatalogueSamples.secrets(("password", "p")), settings: IntegrationSettings(), poolKey: "k")
        #expect(request.method == .get)
        #expect(request.url.host == "my1-api.s4hana.cloud.sap")
        #expect(request.url.path == "/sap/opu/odata/sap/API_BUSINESS_PARTNER/A_BusinessPartner")
        #expect(request.url.query == "$top=1&$select=BusinessPartner&$format=json")
        #expect(headers(request) == ["accept: application/json", "authorization: Basic VTpw"])
    }

    @Test func `reads the status of a verification`() throws {
        let verification = try CatalogueSamples.provider("sap-s4hana-basic").verification
        #expect(verification.outcome(of: 200) == .verified)
        #expect(verification.outcome(of: 401) == .credentialRefused)
        #expect(verification.outcome(of: 403) == .credentialRefused)
        for status in [204, 301, 302, 404, 500, 503] { #expect(verification.outcome(of: status) == .unexpected) }
    }

    @Test func `verifies below the base path, with the path that was entered`() throws {
        let provider = try CatalogueSamples.provider("generic-basic")
        let origin = try #require(Origin("https://a.example/api"))
        func path(_ entered: String) throws -> String {
            let url = try provider.verificationRequest(
                origin: origin,
                fields: ["base_url": "https://a.example/api", "username": "u", "verification_path": entered],
                secrets: CatalogueSamples.secrets(("password", "p")), settings: IntegrationSettings(), poolKey: "k"
            ).url
            return url.path + (url.query.map { "?" + $0 } ?? "")
        }
        #expect(try path("/me?x=1") == "/api/me?x=1")
        #expect(try path("/") == "/api/")
        for hostile in ["//evil.example", "/../x", "@evil.example", ":8080/x", "evil"] {
            #expect(throws: InjectionError.unusableValue("verification_path")) { try path(hostile) }
        }
    }

    @Test func `asks for a token with the integration's scopes and the connection's parameters`() throws {
        let provider = try CatalogueSamples.provider("generic-oauth2-client-credentials")
        let request = try provider.tokenRequest(
            fields: [
                "base_url": "https://a.example", "token_url": "https://l.example/t", "client_id": "c",
                "audience": "urn:a",
            ], secrets: CatalogueSamples.secrets(("client_secret", "s")),
            settings: IntegrationSettings(scopes: ["r", "w"]), poolKey: "k")
        #expect(request.url == URLParts("https://l.example/t"))
        #expect(
            request.body?.revealUTF8(for: .test) == "grant_type=client_credentials&scope=r+w&audience=urn%3Aa")
        #expect(headers(request).contains("authorization: Basic " + Base64.encode(Array("c:s".utf8))))
    }

    @Test func `asks no token endpoint where there is none, or its secret is missing`() throws {
        let basic = try CatalogueSamples.provider("generic-basic")
        #expect(throws: InjectionError.missingToken) {
            try basic.tokenRequest(fields: [:], secrets: [:], settings: IntegrationSettings(), poolKey: "k")
        }
        let oauth = try CatalogueSamples.provider("sap-s4hana-oauth-client-credentials")
        #expect(throws: InjectionError.missingField("client_secret")) {
            try oauth.tokenRequest(
                fields: ["host": "a.example", "client_id": "c"], secrets: [:], settings: IntegrationSettings(),
                poolKey: "k")
        }
    }
}
