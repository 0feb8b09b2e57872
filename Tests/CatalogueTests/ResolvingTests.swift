import Catalogue
import Domain
import Sodium
import Testing

@Suite("Resolving a connection's fields")
struct ResolvingTests {
    private func problems(
        _ name: String, _ fields: [String: String], _ secrets: [String: SecretBytes] = [:],
        settings: IntegrationSettings = IntegrationSettings(), sharedSecret: Bool = false
    ) throws -> [String] {
        let provider = try CatalogueSamples.provider(name)
        do throws(ProviderFieldProblems) {
            _ = try provider.resolve(
                fields: fields, secrets: secrets, settings: settings, integrationHasClientSecret: sharedSecret)
            return []
        } catch {
            return error.problems.map { "\($0.field): \($0.reason.rawValue)" }
        }
    }

    private let password = CatalogueSamples.secrets(("password", "p"))

    @Test func `fixes the origin and fills in defaults`() throws {
        let provider = try CatalogueSamples.provider("generic-basic")
        let resolved = try provider.resolve(
            fields: ["base_url": "https://API.example.com:8443/v1/", "username": "u"], secrets: password,
            settings: IntegrationSettings())
        #expect(resolved.origin.description == "https://api.example.com:8443/v1")
        #expect(resolved.tokenURL == nil)
        #expect(resolved.fields["verification_path"] == "/")
    }

    @Test func `makes the token URL of the host`() throws {
        let provider = try CatalogueSamples.provider("sap-s4hana-oauth-client-credentials")
        let resolved = try provider.resolve(
            fields: ["host": "my1-api.s4hana.cloud.sap", "client_id": "C"],
            secrets: CatalogueSamples.secrets(("client_secret", "s")), settings: IntegrationSettings())
        #expect(resolved.origin.description == "https://my1-api.s4hana.cloud.sap")
        #expect(resolved.tokenURL == URLParts("https://my1-api.s4hana.cloud.sap/sap/bc/sec/oauth2/token"))
    }

    @Test func `names every problem with its field, and never the value`() throws {
        let found = try problems(
            "sap-s4hana-basic", ["host": "evil.example/x", "client": "12", "colour": "red", "password": "oops"],
            CatalogueSamples.secrets(("username", "u")))
        #expect(
            found == [
                "colour: unknown", "host: pattern_mismatch", "client: pattern_mismatch", "username: plain_expected",
                "password: secret_expected",
            ])
    }

    @Test func `counts an empty value as none`() throws {
        #expect(
            try problems("sap-s4hana-basic", ["host": "", "username": "", "client": ""])
                == ["host: missing", "username: missing", "password: missing"])
        #expect(
            try problems(
                "sap-s4hana-basic", ["host": "a.example", "username": "u"], CatalogueSamples.secrets(("password", "")))
                == ["password: missing"])
    }

    @Test(arguments: ["\r\nX-Evil: 1", "a\0b", "\u{7F}", "tab\there"])
    func `refuses control characters in plain fields and in secrets`(_ text: String) throws {
        #expect(
            try problems("sap-s4hana-basic", ["host": "a.example", "username": text], password)
                == ["username: malformed"])
        #expect(
            try problems(
                "sap-s4hana-basic", ["host": "a.example", "username": "u"], CatalogueSamples.secrets(("password", text))
            )
                == ["password: malformed"])
    }

    @Test func `refuses values beyond their length`() throws {
        let long = String(repeating: "a", count: 513)
        #expect(
            try problems(
                "sap-s4hana-basic", ["host": "a.example", "username": long],
                CatalogueSamples.secrets(("password", long))) == ["username: too_long", "password: too_long"])
    }

    @Test(arguments: [
        "evil.example/", "evil.example/a", "user@evil.example", "evil.example\\", "evil.example?x", "evil.example#x",
        "evil.example x", " evil.example", "evil.example\u{3000}", "evil.example\u{FF0F}x", "\u{212A}.example", "[::1]",
        ":80", "a..b", "-a.example", "a.example:", "a.example:123456", "https://a.example", "//a.example",
        "%61.example",
        "a.example%2f", "ä.example", "a.example\n", "127.1", "2130706433", "0x7f.1",
    ])
    func `refuses a host that is no host`(_ host: String) throws {
        let found = try problems("sap-s4hana-basic", ["host": host, "username": "u"], password)
        #expect(found.count == 1 && found.first?.hasPrefix("host: ") == true, "\(found)")
    }

    @Test(arguments: [
        "http://a.example", "ftp://a.example", "https://", "https://a.example?x=1", "https://a.example#x",
        "https://u@a.example", "https://u:p@a.example", "https://a.example/../b", "https://a.example/%2e%2e/b",
        "https://a.example/b//c", "https:/a.example", "a.example", "javascript:alert(1)", "https://a.example:0",
        "https://a.example:99999", "https://a.example\\@b.example", "https://[::1]/", "https://1.2.3",
    ])
    func `refuses a base URL that is none, or not a safe one`(_ url: String) throws {
        let found = try problems("generic-basic", ["base_url": url, "username": "u"], password)
        #expect(found.count == 1 && found.first?.hasPrefix("base_url: ") == true, "\(found)")
    }

    @Test func `takes plain HTTP only where the integration allows it`() throws {
        let fields = ["base_url": "http://127.0.0.1:8080", "username": "u"]
        #expect(try problems("generic-basic", fields, password) == ["base_url: plain_http_refused"])
        #expect(
            try problems("generic-basic", fields, password, settings: IntegrationSettings(allowsPlainHTTP: true)) == [])
    }

    @Test(arguments: [
        "//evil.example/", "/../admin", "/%2e%2e/admin", "/a b", "/a#b", "status", "/\\evil", "https://e/",
    ])
    func `refuses a verification path that could leave the origin`(_ path: String) throws {
        let found = try problems(
            "generic-basic", ["base_url": "https://a.example", "username": "u", "verification_path": path], password)
        #expect(found.count == 1 && found.first?.hasPrefix("verification_path: ") == true, "\(found)")
    }

    @Test(arguments: ["host", "Transfer-Encoding", "content-length", "connection", "x-sallyport-token", "Expect"])
    func `refuses to inject a header that isn't a credential's`(_ name: String) throws {
        let found = try problems(
            "generic-api-key", ["base_url": "https://a.example", "header_name": name],
            CatalogueSamples.secrets(("api_key", "k")))
        #expect(found == ["header_name: malformed"])
    }

    @Test func `takes the integration's overrides under the same rules`() throws {
        let provider = try CatalogueSamples.provider("sap-s4hana-oauth-client-credentials")
        let settings = IntegrationSettings(
            baseURL: "http://{host}", tokenURL: "http://{host}/token", allowsPlainHTTP: true)
        #expect(provider.problems(in: settings).isEmpty)
        let resolved = try provider.resolve(
            fields: ["host": "127.0.0.1:9000", "client_id": "C"],
            secrets: CatalogueSamples.secrets(("client_secret", "s")), settings: settings)
        #expect(resolved.origin.description == "http://127.0.0.1:9000")
        #expect(resolved.tokenURL == URLParts("http://127.0.0.1:9000/token"))
    }

    @Test func `asks for no field whose only place an override took`() throws {
        let name = "generic-oauth2-client-credentials"
        let secret = CatalogueSamples.secrets(("client_secret", "s"))
        let missing = ["base_url: missing", "token_url: missing"]
        #expect(try problems(name, ["client_id": "c"], secret) == missing)
        let token = IntegrationSettings(tokenURL: "https://login.example.com/token")
        #expect(try problems(name, ["client_id": "c"], secret, settings: token) == ["base_url: missing"])
        let both = IntegrationSettings(
            baseURL: "https://api.example.com", tokenURL: "https://login.example.com/token")
        #expect(try problems(name, ["client_id": "c"], secret, settings: both) == [])
        // What is entered nevertheless keeps to the field's rules.
        #expect(
            try problems(name, ["client_id": "c", "token_url": "x"], secret, settings: both)
                == ["token_url: pattern_mismatch"])
        // A field that stands elsewhere too is still asked for.
        let host = "sap-s4hana-oauth-client-credentials"
        #expect(try problems(host, ["client_id": "c"], secret, settings: token) == ["host: missing"])
    }

    @Test func `refuses settings that break the rules of the entry`() throws {
        let provider = try CatalogueSamples.provider("sap-s4hana-oauth-client-credentials")
        func found(_ settings: IntegrationSettings) -> [String] {
            provider.problems(in: settings).map { "\($0.field): \($0.reason.rawValue)" }
        }
        #expect(found(IntegrationSettings(baseURL: "http://{host}")) == ["base_url: plain_http_refused"])
        #expect(found(IntegrationSettings(baseURL: "https://{hosts}")) == ["base_url: url_refused"])
        #expect(found(IntegrationSettings(baseURL: "https://{client_secret}")) == ["base_url: url_refused"])
        #expect(found(IntegrationSettings(baseURL: "https://{client_id}")) == ["base_url: url_refused"])
        #expect(found(IntegrationSettings(baseURL: "{client_id}")) == ["base_url: url_refused"])
        #expect(found(IntegrationSettings(baseURL: "https://u@h")) == ["base_url: url_refused"])
        #expect(found(IntegrationSettings(tokenURL: "file:///etc/passwd")) == ["token_url: url_refused"])
        #expect(found(IntegrationSettings(scopes: ["a b"])) == ["scopes: malformed"])
        #expect(found(IntegrationSettings(clientID: "a\nb")) == ["client_id: malformed"])
        #expect(
            found(IntegrationSettings(trustedCertificates: "-----BEGIN PRIVATE KEY-----"))
                == ["trusted_certificates: malformed"])
        let basic = try CatalogueSamples.provider("generic-basic")
        let settings = IntegrationSettings(clientID: "x", scopes: ["a"], tokenURL: "https://t.example")
        #expect(
            basic.problems(in: settings).map(\.reason) == [.notApplicable, .notApplicable, .notApplicable])
    }

    @Test func `lets the integration's client secret stand in only where no tenant decides where it goes`() throws {
        let name = "sap-s4hana-oauth-client-credentials"
        let fields = ["host": "attacker.example", "client_id": "C"]
        #expect(try problems(name, fields, sharedSecret: true) == ["client_secret: missing"])
        let fixed = IntegrationSettings(
            clientID: "shared", baseURL: "https://api.example.com", tokenURL: "https://login.example.com/token")
        #expect(try problems(name, ["host": "a.example"], settings: fixed, sharedSecret: true) == [])
        // The token that the secret is traded for would go to the tenant's own host, and holds for every tenant.
        let half = IntegrationSettings(clientID: "shared", tokenURL: "https://login.example.com/token")
        #expect(
            try problems(name, ["host": "attacker.example"], settings: half, sharedSecret: true)
                == ["client_secret: missing"])
        #expect(try !CatalogueSamples.provider(name).allowsSharedClientSecret(half))
        #expect(try problems(name, ["host": "a.example"], settings: fixed) == ["client_secret: missing"])
        let generic = "generic-oauth2-client-credentials"
        let chosen = ["base_url": "https://a.example", "token_url": "https://evil.example/t", "client_id": "c"]
        #expect(try problems(generic, chosen, sharedSecret: true) == ["client_secret: missing"])
    }

    @Test func `doesn't keep the integration's client id with the connection`() throws {
        let provider = try CatalogueSamples.provider("sap-s4hana-oauth-client-credentials")
        let settings = IntegrationSettings(clientID: "shared")
        let resolved = try provider.resolve(
            fields: ["host": "a.example"], secrets: CatalogueSamples.secrets(("client_secret", "s")),
            settings: settings)
        #expect(resolved.fields["client_id"] == nil)
        #expect(provider.completed(resolved.fields, settings: settings)["client_id"] == "shared")
    }
}
