import Catalogue
import Domain
import EmbeddedFiles
import Sodium
import Testing

@Suite("A provider with refresh tokens (RFC 6749 §6)")
struct RefreshTokenProviderTests {
    private static let fields = [
        "base_url": "https://a.example/v1", "token_url": "https://l.example:8443/oauth2/token?tenant=x",
        "client_id": "c",
    ]
    private static let settings = IntegrationSettings()

    private func builtIn() throws -> Provider { try CatalogueSamples.provider("generic-oauth2-refresh-token") }

    private func request(
        _ provider: Provider, refreshToken: String?, settings: IntegrationSettings = Self.settings,
        fields: [String: String] = Self.fields
    ) throws -> OutboundRequest {
        try provider.tokenRequest(
            refreshToken: refreshToken.map { SecretBytes(utf8: $0) },
            fields: fields.merging(["token_url": "https://l.example/t"]) { _, new in new },
            secrets: CatalogueSamples.secrets(("client_secret", "s"), ("refresh_token", "first")), settings: settings,
            poolKey: "k")
    }

    @Test func `names the field of the first refresh token`() throws {
        #expect(try builtIn().grantInput == .refreshToken(field: "refresh_token"))
        #expect(try builtIn().needsAccessToken)
        #expect(
            try CatalogueSamples.provider("generic-oauth2-client-credentials").grantInput == .clientCredentials)
        for name in ["generic-basic", "generic-api-key", "sap-s4hana-basic"] {
            #expect(try CatalogueSamples.provider(name).grantInput == .none)
        }
    }

    @Test func `trades in the token that it is given, never the entered one by itself`() throws {
        let sent = try request(try builtIn(), refreshToken: "second")
        #expect(sent.body?.revealUTF8(for: .test) == "grant_type=refresh_token&refresh_token=second")
        #expect(throws: InjectionError.missingToken) { try request(try builtIn(), refreshToken: nil) }
    }

    @Test func `gives no refresh token to a provider with another grant`() throws {
        let provider = try CatalogueSamples.provider("generic-oauth2-client-credentials")
        #expect(throws: InjectionError.missingToken) { try request(provider, refreshToken: "r") }
        #expect(throws: InjectionError.missingToken) {
            try request(try CatalogueSamples.provider("generic-basic"), refreshToken: "r")
        }
    }

    @Test func `names the scopes that are configured and the parameters that are given`() throws {
        let sent = try request(
            try builtIn(), refreshToken: "r", settings: IntegrationSettings(scopes: ["a", "b"]),
            fields: Self.fields.merging(["audience": "urn:x"]) { _, new in new })
        #expect(
            sent.body?.revealUTF8(for: .test)
                == "grant_type=refresh_token&refresh_token=r&scope=a+b&audience=urn%3Ax")
    }

    @Test func `signs requests with the access token alone`() throws {
        let provider = try builtIn()
        let secrets = CatalogueSamples.secrets(("client_secret", "s"), ("refresh_token", "canary"))
        #expect(throws: InjectionError.missingToken) {
            try provider.injection(fields: Self.fields, secrets: secrets)
        }
        let injection = try provider.injection(
            fields: Self.fields, secrets: secrets, accessToken: SecretBytes(utf8: "t"))
        #expect(injection.headers.map(\.name) == ["authorization"])
        #expect(injection.headers.first?.value.revealUTF8(for: .test) == "Bearer t")
        #expect(injection.query.isEmpty)
    }

    @Test func `needs a refresh token, as a secret, of at most eight kilobytes`() throws {
        let provider = try builtIn()
        func problems(_ secrets: [String: SecretBytes], _ fields: [String: String] = [:]) -> [String] {
            let all = Self.fields.merging(["token_url": "https://l.example/t"]) { _, new in new }
                .merging(fields) { _, new in new }
            do throws(ProviderFieldProblems) {
                _ = try provider.resolve(
                    fields: all, secrets: secrets, settings: Self.settings, integrationHasClientSecret: true)
                return []
            } catch {
                return error.problems.map { "\($0.field): \($0.reason.rawValue)" }
            }
        }
        let secret = ("client_secret", "s")
        #expect(problems(CatalogueSamples.secrets(secret, ("refresh_token", "r"))).isEmpty)
        #expect(problems(CatalogueSamples.secrets(secret)) == ["refresh_token: missing"])
        #expect(problems(CatalogueSamples.secrets(secret, ("refresh_token", ""))) == ["refresh_token: missing"])
        #expect(
            problems(CatalogueSamples.secrets(secret), ["refresh_token": "r"]) == ["refresh_token: secret_expected"])
        let long = String(repeating: "a", count: 8_193)
        #expect(problems(CatalogueSamples.secrets(secret, ("refresh_token", long))) == ["refresh_token: too_long"])
        #expect(
            problems(CatalogueSamples.secrets(secret, ("refresh_token", "a\r\nb"))) == ["refresh_token: malformed"])
    }

    @Test func `tells its token endpoint without the query, and none where there is none`() throws {
        let provider = try builtIn()
        let key = provider.tokenEndpoint(
            fields: Self.fields.merging(["token_url": "https://L.example:8443/oauth2/token"]) { _, new in new },
            settings: Self.settings)
        #expect(key?.text == "https://l.example:8443/oauth2/token")
        let override = IntegrationSettings(tokenURL: "https://login.example.com/oauth2/token?realm=a")
        #expect(
            provider.tokenEndpoint(fields: Self.fields, settings: override)?.text
                == "https://login.example.com/oauth2/token")
        #expect(provider.tokenEndpoint(fields: ["token_url": "nowhere"], settings: Self.settings) == nil)
        #expect(provider.tokenEndpoint(fields: [:], settings: Self.settings) == nil)
        let basic = try CatalogueSamples.provider("generic-basic")
        #expect(basic.tokenEndpoint(fields: Self.fields, settings: Self.settings) == nil)
    }

    // MARK: Lint

    private static let field = """
          - name: api_key
            title: Key
            secret: true
            max_length: 200
        """
    private static let oauth = """
        token_url: https://{host}/token
        authentication:
          type: oauth2_refresh_token
          client_id: a
          client_secret: '{api_key}'
          client_authentication: body
          refresh_token: '{grant}'
        """

    /// The sample with a refresh token, and one piece of its text replaced.
    private static func entry(_ old: String = "", _ new: String = "") -> EmbeddedFile {
        let grant = "\n  - name: grant\n    title: Grant\n    secret: true\n    max_length: 8192\n"
        var text = CatalogueSamples.entry
            .replacing(field + "\n", with: field + grant)
            .replacing(
                "authentication:\n  type: header\n  name: x-api-key\n  value: '{api_key}'", with: oauth)
        if let range = text.firstRange(of: old), !old.isEmpty { text.replaceSubrange(range, with: new) }
        return CatalogueSamples.file(text)
    }

    @Test func `takes an entry of its own`() throws {
        let provider = try Catalogue.parse(Self.entry())
        #expect(Catalogue.lint(provider).isEmpty)
        #expect(provider.grantInput == .refreshToken(field: "grant"))
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let old: String
        let new: String
        let reason: LintFinding.Reason
        let subject: String
        var testDescription: String { "\(reason.rawValue): \(new)" }
    }

    private static let grantField = "title: Grant\n    secret: true"

    static let faults = [
        Fault(
            old: "  refresh_token: '{grant}'\n", new: "", reason: .missingKey, subject: "authentication.refresh_token"),
        Fault(old: "'{grant}'", new: "constant", reason: .invalidValue, subject: "authentication.refresh_token"),
        Fault(old: "'{grant}'", new: "'x{grant}'", reason: .invalidValue, subject: "authentication.refresh_token"),
        Fault(old: "'{grant}'", new: "'{grant}{host}'", reason: .invalidValue, subject: "authentication.refresh_token"),
        Fault(
            old: "'{grant}'", new: "'{nothing}'", reason: .unknownPlaceholder,
            subject: "authentication.refresh_token"),
        Fault(old: "'{grant}'", new: "'{host}'", reason: .secretNotMarked, subject: "fields.host"),
        Fault(old: grantField, new: "title: Grant", reason: .secretNotMarked, subject: "fields.grant"),
        Fault(
            old: grantField, new: grantField + "\n    required: false", reason: .refreshTokenOptional,
            subject: "fields.grant"),
        Fault(
            old: grantField, new: grantField + "\n    default: x", reason: .secretWithDefault, subject: "fields.grant"),
        Fault(
            old: "client_secret: '{api_key}'", new: "client_secret: '{grant}'", reason: .refreshTokenReused,
            subject: "authentication.client_secret"),
        Fault(
            old: "client_secret: '{api_key}'", new: "client_secret: '{api_key}{grant}'", reason: .refreshTokenReused,
            subject: "authentication.client_secret"),
        Fault(
            old: "client_id: a", new: "client_id: '{grant}'", reason: .secretOutsideAuthentication,
            subject: "authentication.client_id"),
        Fault(
            old: "/status?verbose=0", new: "/status?t={grant}", reason: .secretOutsideAuthentication,
            subject: "verification.path"),
        Fault(
            old: "{host}/token", new: "{host}/{grant}", reason: .secretOutsideAuthentication, subject: "fields.grant"),
        Fault(
            old: "  refresh_token: '{grant}'", new: "  refresh_token: '{grant}'\n  parameters:\n    refresh_token: x",
            reason: .invalidValue, subject: "authentication.parameters.refresh_token"),
        Fault(
            old: "  refresh_token: '{grant}'",
            new: "  refresh_token: '{grant}'\n  parameters:\n    grant_type: password",
            reason: .invalidValue, subject: "authentication.parameters.grant_type"),
        Fault(
            old: "  refresh_token: '{grant}'", new: "  refresh_token: '{grant}'\n  parameters:\n    x: '{grant}'",
            reason: .secretOutsideAuthentication, subject: "authentication.parameters"),
        Fault(
            old: "verification:", new: "headers:\n  authorization: other\nverification:", reason: .headerName,
            subject: "headers.authorization"),
        Fault(old: "token_url: https://{host}/token\n", new: "", reason: .tokenURLMissing, subject: "token_url"),
        Fault(
            old: "type: oauth2_refresh_token", new: "type: oauth2_client_credentials", reason: .unknownKey,
            subject: "authentication.refresh_token"),
    ]

    @Test(arguments: faults)
    func `refuses an entry that would spend or show a refresh token elsewhere`(_ fault: Fault) {
        #expect(Self.entry().text.contains(fault.old), "the sample has no such text")
        do throws(CatalogueError) {
            _ = try Catalogue.parse(Self.entry(fault.old, fault.new))
            Issue.record("the entry was loaded")
        } catch {
            #expect(
                error.findings.contains { $0.reason == fault.reason && $0.subject == fault.subject },
                "\(error.findings.map(\.message))")
        }
    }

    /// What a hostile owner may enter for host and token endpoint of the built-in entry.
    @Test(arguments: [
        "http://l.example/t#x", "https://user@l.example/t", "https://l.example/t?x=1",
        "https://l.example\\@evil.example",
        "javascript:x", "file:///etc/passwd", "https://l.example /t", "//l.example/t", "https://l.example/t\r\nx: y",
    ])
    func `refuses a token endpoint that isn't a plain URL`(_ hostile: String) throws {
        let provider = try builtIn()
        let fields = Self.fields.merging(["token_url": hostile]) { _, new in new }
        #expect(throws: ProviderFieldProblems.self) {
            try provider.resolve(
                fields: fields, secrets: CatalogueSamples.secrets(("client_secret", "s"), ("refresh_token", "r")),
                settings: Self.settings)
        }
    }
}
