import Catalogue
import EmbeddedFiles
import Testing

@Suite("The lint of catalogue entries")
struct LintTests {
    private static let hostPattern =
        "pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[0-9]{1,5})?$'"

    struct Fault: Sendable, CustomTestStringConvertible {
        let old: String
        let new: String
        let reason: LintFinding.Reason
        var testDescription: String { "\(reason.rawValue): \(new)" }
    }

    private static let faults: [Fault] = [
        Fault(old: "    " + hostPattern + "\n", new: "", reason: .freeHost),
        Fault(old: hostPattern, new: "pattern: '[a-z.]+'", reason: .patternNotAnchored),
        Fault(old: hostPattern, new: "pattern: '^[a-z.]+'", reason: .patternNotAnchored),
        Fault(old: hostPattern, new: #"pattern: '^[a-z.]+\$'"#, reason: .patternNotAnchored),
        Fault(old: hostPattern, new: "pattern: '^.*$'", reason: .patternAdmitsDelimiters),
        Fault(old: hostPattern, new: "pattern: '^[a-z./]+$'", reason: .patternAdmitsDelimiters),
        Fault(old: hostPattern, new: "pattern: '^[a-z.@]+$'", reason: .patternAdmitsDelimiters),
        Fault(old: hostPattern, new: #"pattern: '^[a-z.\\]+$'"#, reason: .patternAdmitsDelimiters),
        Fault(old: hostPattern, new: "pattern: '^[a-z.?]+$'", reason: .patternAdmitsDelimiters),
        Fault(old: hostPattern, new: "pattern: '^[a-z.#]+$'", reason: .patternAdmitsDelimiters),
        Fault(old: hostPattern, new: #"pattern: '^[a-z.\s]+$'"#, reason: .patternAdmitsDelimiters),
        Fault(old: hostPattern, new: "pattern: '^[^/]+$'", reason: .patternAdmitsDelimiters),
        Fault(old: hostPattern, new: #"pattern: '^api\.example\.com(.*)$'"#, reason: .patternAdmitsDelimiters),
        Fault(old: hostPattern, new: #"pattern: '^api\.example\.com|.*$'"#, reason: .patternAdmitsDelimiters),
        Fault(old: hostPattern, new: #"pattern: '^\w+(\.\w+)*$'"#, reason: .patternAdmitsDelimiters),
        Fault(old: "    example: api.example.com\n", new: "", reason: .exampleMissing),
        Fault(old: "example: api.example.com", new: "example: a/b", reason: .exampleRefused),
        Fault(old: "secret: true", new: "secret: false", reason: .secretNotMarked),
        Fault(old: "secret: true", new: "secret: true\n    default: x", reason: .secretWithDefault),
        Fault(old: "{host}/v1", new: "{host}/{api_key}", reason: .secretOutsideAuthentication),
        Fault(old: "/status?verbose=0", new: "/status?key={api_key}", reason: .secretOutsideAuthentication),
        Fault(old: "/status?verbose=0", new: "/{nothing}", reason: .unknownPlaceholder),
        Fault(old: "{host}/v1", new: "{hosts}/v1", reason: .unknownPlaceholder),
        Fault(old: "'{api_key}'", new: "'{apikey}'", reason: .unknownPlaceholder),
        Fault(old: "https://{host}", new: "http://{host}", reason: .notHTTPS),
        Fault(old: "https://{host}", new: "ftp://{host}", reason: .notHTTPS),
        Fault(old: "https://{host}", new: "HTTPS://{host}", reason: .notHTTPS),
        Fault(old: "https://{host}/v1", new: "https://{host}/v1?x=1", reason: .malformedURL),
        Fault(old: "https://{host}/v1", new: "https://{host}/a/../b", reason: .malformedURL),
        Fault(old: "https://{host}/v1", new: "https://user@{host}/v1", reason: .malformedURL),
        Fault(old: "title: Host\n", new: "title: Host\n    required: false\n", reason: .optionalFieldInURL),
        Fault(old: "name: x-api-key", new: "name: 'x api key'", reason: .headerName),
        Fault(old: "name: x-api-key", new: "name: Host", reason: .headerName),
        Fault(old: "name: x-api-key", new: "name: transfer-encoding", reason: .headerName),
        Fault(
            old: "verification:", new: "headers:\n  x-api-key: other\nverification:", reason: .headerName),
        Fault(
            old: "type: header\n  name: x-api-key\n  value: '{api_key}'\n",
            new: "type: basic\n  username: u\n  password: '{api_key}'\nheaders:\n  authorization: other\n",
            reason: .headerName),
        Fault(
            old: "  - name: api_key", new: "  - name: host\n    title: H\n    max_length: 9\n  - name: api_key",
            reason: .duplicateField),
        Fault(old: "expected_statuses: [200]", new: "expected_statuses: []", reason: .verificationMissing),
        Fault(
            old: "base_url: https://{host}/v1", new: "base_url: https://{host}\ntoken_url: https://{host}/t",
            reason: .tokenURLUnused),
    ]

    @Test(arguments: faults)
    func `refuses an entry that is dangerous or useless`(_ fault: Fault) {
        #expect(CatalogueSamples.entry.contains(fault.old), "the sample has no such text")
        do throws(CatalogueError) {
            _ = try Catalogue.parse(CatalogueSamples.entry(fault.old, fault.new))
            Issue.record("the entry was loaded")
        } catch {
            #expect(error.findings.contains { $0.reason == fault.reason }, "\(error.findings.map(\.message))")
            #expect(error.findings.allSatisfy { $0.line != nil })
        }
    }

    @Test func `refuses an entry without a verification`() throws {
        let cut = try #require(CatalogueSamples.entry.firstRange(of: "verification:"))
        let text = String(CatalogueSamples.entry[..<cut.lowerBound])
        do throws(CatalogueError) {
            _ = try Catalogue.parse(CatalogueSamples.file(text))
            Issue.record("the entry was loaded")
        } catch {
            #expect(error.findings.map(\.reason) == [.verificationMissing])
        }
    }

    @Test(arguments: [
        "password", "user_password", "passphrase", "client_secret", "secret_value", "api_key", "access_token",
        "saml_assertion", "key", "token",
    ])
    func `takes a name for a secret's`(_ name: String) {
        let entry = CatalogueSamples.entry.replacing("api_key", with: name).replacing(
            "secret: true", with: "secret: false")
        #expect(throws: CatalogueError.self) { try Catalogue.parse(CatalogueSamples.file(entry)) }
    }

    @Test(arguments: ["key_id", "token_url", "monkey", "username", "tokens_per_minute"])
    func `takes a name for no secret's`(_ name: String) throws {
        let field = "  - name: \(name)\n    title: T\n    required: false\n    max_length: 9\n  - name: api_key"
        _ = try Catalogue.parse(CatalogueSamples.entry("  - name: api_key", field))
    }

    /// What stands where a credential belongs is one, whatever its field is called.
    @Test(arguments: [
        ("type: header\n  name: x-api-key\n  value: '{pw}'", "fields.pw"),
        ("type: header\n  name: x-api-key\n  value: 'Bearer {pw}'", "fields.pw"),
        ("type: header\n  name: x-api-key\n  value: constant", "authentication.value"),
        ("type: query\n  name: key\n  value: '{pw}'", "fields.pw"),
        ("type: basic\n  username: '{api_key}'\n  password: '{pw}'", "fields.pw"),
        ("type: basic\n  username: '{pw}'\n  password: x", "fields.pw"),
        ("type: basic\n  username: x\n  password: y", "authentication.username"),
        (
            "type: oauth2_client_credentials\n  client_id: a\n  client_secret: '{pw}'\n  client_authentication: body",
            "fields.pw"
        ),
    ])
    func `refuses a credential that isn't marked as a secret`(_ authentication: String, _ subject: String) {
        let field = "  - name: pw\n    title: P\n    max_length: 9\n  - name: api_key"
        let entry = CatalogueSamples.entry("  - name: api_key", field).text
            .replacing("type: header\n  name: x-api-key\n  value: '{api_key}'", with: authentication)
        do throws(CatalogueError) {
            _ = try Catalogue.parse(CatalogueSamples.file(entry))
            Issue.record("the entry was loaded")
        } catch {
            #expect(
                error.findings.contains { $0.reason == .secretNotMarked && $0.subject == subject },
                "\(error.findings.map(\.message))")
        }
    }

    @Test func `takes a key that stands as user name, before a constant password`() throws {
        _ = try Catalogue.parse(
            CatalogueSamples.entry(
                "type: header\n  name: x-api-key\n  value: '{api_key}'",
                "type: basic\n  username: '{api_key}'\n  password: x"))
    }

    @Test func `warns of a credential in the query, and loads the entry`() throws {
        let provider = try Catalogue.parse(
            CatalogueSamples.entry("type: header\n  name: x-api-key", "type: query\n  name: key"))
        let findings = Catalogue.lint(provider)
        #expect(findings.map(\.reason) == [.credentialInQuery])
        #expect(findings.allSatisfy { $0.severity == .warning })
    }

    @Test(arguments: [
        "^https?://.*$", "^https?://[^/]+/?$", "^.+$", "^https?://[a-z.@]+$", "^(https|ftp)://[a-z./]+$",
        #"^https://[a-z.]+(/\S*)?$"#,
    ])
    func `refuses a pattern of a whole URL that takes more than host, port and path`(_ pattern: String) {
        let entry = CatalogueSamples.entry
            .replacing(Self.hostPattern, with: "pattern: '\(pattern)'")
            .replacing("example: api.example.com", with: "example: https://api.example.com/v1")
            .replacing("base_url: https://{host}/v1", with: "base_url: '{host}'")
        do throws(CatalogueError) {
            _ = try Catalogue.parse(CatalogueSamples.file(entry))
            Issue.record("the entry was loaded")
        } catch {
            #expect(error.findings.allSatisfy { [.patternAdmitsDelimiters, .exampleRefused].contains($0.reason) })
        }
    }
}
