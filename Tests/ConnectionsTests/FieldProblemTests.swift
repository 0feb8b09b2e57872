import Connections
import Domain
import Sodium
import Testing
import TestSupport

@Suite("Problems with what was entered")
struct FieldProblemTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var provider = "generic-basic"
        var settings = IntegrationSettings()
        var fields: [String: String] = ["base_url": "https://api.example.com", "username": "user"]
        var secrets: [String: String] = ["password": "secret"]
        var displayName: String?
        let problems: [InputProblem]
    }

    static let cases = [
        Case(
            testDescription: "a field is missing", fields: ["base_url": "https://api.example.com"],
            problems: [InputProblem("/fields/username", .missing)]),
        Case(
            testDescription: "an empty field counts as missing",
            fields: ["base_url": "https://api.example.com", "username": ""],
            problems: [InputProblem("/fields/username", .missing)]),
        Case(
            testDescription: "a secret is missing", secrets: [:],
            problems: [InputProblem("/secrets/password", .missing)]),
        Case(
            testDescription: "an empty secret counts as missing", secrets: ["password": ""],
            problems: [InputProblem("/secrets/password", .missing)]),
        Case(
            testDescription: "an unknown field, its name escaped",
            fields: ["base_url": "https://api.example.com", "username": "user", "a/b~c": "x"],
            problems: [InputProblem("/fields/a~1b~0c", .unknown)]),
        Case(
            testDescription: "an unknown secret", secrets: ["password": "secret", "pin": "1"],
            problems: [InputProblem("/secrets/pin", .unknown)]),
        Case(
            testDescription: "too long",
            fields: ["base_url": "https://api.example.com", "username": String(repeating: "u", count: 257)],
            problems: [InputProblem("/fields/username", .tooLong)]),
        Case(
            testDescription: "a secret too long", secrets: ["password": String(repeating: "p", count: 1_025)],
            problems: [InputProblem("/secrets/password", .tooLong)]),
        Case(
            testDescription: "a control character",
            fields: ["base_url": "https://api.example.com", "username": "a\r\nx: y"],
            problems: [InputProblem("/fields/username", .malformed)]),
        Case(
            testDescription: "a control character in a secret", secrets: ["password": "a\nb"],
            problems: [InputProblem("/secrets/password", .malformed)]),
        Case(
            testDescription: "the pattern doesn't match",
            fields: ["base_url": "https://user@evil.example", "username": "user"],
            problems: [InputProblem("/fields/base_url", .patternMismatch)]),
        Case(
            testDescription: "a secret among the plain fields",
            fields: ["base_url": "https://api.example.com", "username": "user", "password": "secret"], secrets: [:],
            problems: [InputProblem("/fields/password", .secretExpected)]),
        Case(
            testDescription: "a plain field among the secrets", fields: ["base_url": "https://api.example.com"],
            secrets: ["password": "secret", "username": "user"],
            problems: [InputProblem("/secrets/username", .plainExpected)]),
        Case(
            testDescription: "plain HTTP", fields: ["base_url": "http://api.example.com", "username": "user"],
            problems: [InputProblem("/fields/base_url", .plainHTTPRefused)]),
        Case(
            testDescription: "a display name that is blank", displayName: "  ",
            problems: [InputProblem("/display_name", .empty)]),
        Case(
            testDescription: "a display name that is too long", displayName: String(repeating: "n", count: 201),
            problems: [InputProblem("/display_name", .tooLong)]),
        Case(
            testDescription: "a display name with a control character", displayName: "a\u{0}b",
            problems: [InputProblem("/display_name", .malformed)]),
        Case(
            testDescription: "every problem at once", fields: ["base_url": "https://api.example.com"], secrets: [:],
            displayName: "",
            problems: [
                InputProblem("/display_name", .empty), InputProblem("/fields/username", .missing),
                InputProblem("/secrets/password", .missing),
            ]),
    ]

    @Test(arguments: cases)
    func `are all named by place and reason, and nothing is stored or sent`(_ entry: Case) async throws {
        let world = try await FakeWorld()
        let integration = try await world.integrate(entry.provider, settings: entry.settings)
        world.outbound.answer { (_) throws(OutboundError) in .test(200) }
        let linking = world.linking()
        let error = await failure { () async throws(UseCaseError) in
            try await linking.create(
                NewConnection(
                    tenantID: world.tenant.id, integration: .id(integration.id), displayName: entry.displayName,
                    fields: entry.fields, secrets: entry.secrets.mapValues { SecretBytes(utf8: $0) }),
                world.context())
        }
        #expect(error == .invalid(entry.problems))
        #expect(world.database.connectionCount == 0)
        #expect(world.outbound.sent.isEmpty)
    }

    @Test func `an unknown integration is a problem of the request`() async throws {
        let world = try await FakeWorld()
        let linking = world.linking()
        let slug = try #require(Slug("nobody"))
        for reference in [IntegrationReference.name(slug), .id(world.gate.identifiers.next())] {
            let error = await failure { () async throws(UseCaseError) in
                try await linking.create(
                    NewConnection(tenantID: world.tenant.id, integration: reference), world.context())
            }
            #expect(error == .invalid([InputProblem("/integration", .unknown)]))
        }
    }
}
