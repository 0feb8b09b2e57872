import Connections
import Domain
@testable import Edge
import Observability
import StrictJSON
import TestSupport
import Testing

@Suite("A secret goes in and never comes out")
struct CanaryTests {
    private static let canary = "CANARY-4f1d9a7c"

    /// Marked secrets in every place that takes one, and in many that don't.
    @Test func `in no answer, log line, metric or audit event, whatever the route`() async throws {
        try await Rig.run { rig in
            let fixtures = try await Fixtures.paths(rig)
            rig.world.outbound.answer { (sent) throws(OutboundError) in
                .test(401, "echo: \(sent.headers) \(sent.body)", headers: [("x-echo", "\(sent.headers)")])
            }
            var answers: [(String, RawResponse)] = []
            for route in ControlPlaneRoute.all {
                let path = fixtures.path(of: route)
                for body in Self.bodies(fixtures) {
                    let takesBody = route.method == .post || route.method == .patch
                    answers.append(
                        (route.name, try await rig.send(route.method.rawValue, path, body: takesBody ? body : nil)))
                }
                let odd = [
                    "\(path)?token=\(Self.canary)", "\(path)?\(Self.canary)=1", "\(path)/\(Self.canary)",
                    "/\(Self.canary)",
                ]
                for target in odd { answers.append((route.name, try await rig.send(route.method.rawValue, target))) }
                answers.append(
                    (
                        route.name,
                        try await rig.send(
                            route.method.rawValue, path, bearer: Self.canary,
                            headers: [
                                "Cookie: a=\(Self.canary)", "X-Secret: \(Self.canary)",
                                "traceparent: 00-\(Self.canary)",
                            ])
                    ))
            }
            for (name, answer) in answers {
                #expect(!answer.head.contains(Self.canary) && !answer.text.contains(Self.canary), "\(name): \(answer)")
                #expect(answer.status < 500, "\(name): \(answer)")
            }
            #expect(rig.logs.lines.count > answers.count / 2)
            for line in rig.logs.lines { #expect(!line.contains(Self.canary), "\(line)") }
            #expect(!rig.metrics.prometheusText().contains(Self.canary))
            for event in rig.world.database.events { #expect(!"\(event)".contains(Self.canary)) }
        }
    }

    private static func bodies(_ fixtures: Fixtures) -> [String] {
        [
            // Whole and right: refused upstream, which echoes what it got.
            """
            {"tenant_id":"\(fixtures.tenant)","integration":"\(fixtures.integration)","fields":{"base_url":"https://api.example.com",\
            "username":"u"},"secrets":{"password":"\(canary)"}}
            """,
            // In the wrong members and of the wrong types.
            #"{"client_secret":"\#(canary)","name":7}"#, #"{"secrets":"\#(canary)"}"#,
            #"{"secrets":{"password":["\#(canary)"]}}"#,
            #"{"secrets":{"\#(canary)":1}}"#, #"{"\#(canary)":1}"#, #"{"name":{"\#(canary)":"\#(canary)"}}"#,
            #"{"permissions":["\#(canary)"],"expires_at":"\#(canary)","tenant_id":"\#(canary)","name":"k"}"#,
            #"{"integration":"\#(canary)","provider":"\#(canary)","allowed_networks":["\#(canary)"]}"#,
            // Not JSON.
            #"{"password":"\#(canary)"#, canary, "\(canary)=\(canary)",
        ]
    }

    @Test func `an API key is shown once, in the answer that makes it`() async throws {
        try await Rig.run { rig in
            let made = try await rig.send("POST", "/v1/api-keys", body: #"{"name":"k","permissions":["proxy"]}"#)
            #expect(made.header("cache-control") == "no-store")
            let key = try #require(try made.json["key"]?.string)
            let path = try #require(made.header("location"))
            for target in [path, "/v1/api-keys", "/v1/audit-events", "/metrics"] {
                #expect(!(try await rig.send("GET", target)).text.contains(key.dropFirst(30)))
            }
            for line in rig.logs.lines { #expect(!line.contains(key.dropFirst(30))) }
        }
    }

    @Test func `a client secret and a password are stored sealed and shown nowhere`() async throws {
        try await Rig.run { rig in
            rig.world.outbound.answer { (sent) throws(OutboundError) in
                sent.request.url.host == "login.example.com"
                    ? .token(Self.canary + "-token", expiresIn: 600) : .test(200)
            }
            let integration = try await rig.send(
                "POST", "/v1/integrations",
                body: """
                    {"name":"oauth","provider":"generic-oauth2-client-credentials"}
                    """)
            // The provider asks each tenant for its client: a secret of the environment has no use, and is not kept.
            let refused = try await rig.send(
                "PATCH", integration.header("location") ?? "", body: #"{"client_secret":"\#(Self.canary)"}"#)
            #expect(refused.errors == ["/client_secret not_applicable"])
            let connection = try await rig.send(
                "POST", "/v1/connections",
                body: """
                    {"tenant_id":"\(rig.world.tenant.id)","integration":"oauth","fields":{"base_url":"https://api.example.com",\
                    "token_url":"https://login.example.com/token","client_id":"c"},"secrets":{"client_secret":"\(Self.canary)"}}
                    """)
            #expect(integration.status == 201, "\(integration)")
            #expect(connection.status == 201, "\(connection)")
            for response in [integration, refused, connection] { #expect(!response.text.contains(Self.canary)) }
            for path in ["/v1/integrations", "/v1/connections", "/v1/audit-events"] {
                #expect(!(try await rig.send("GET", path)).text.contains(Self.canary))
            }
            for line in rig.logs.lines { #expect(!line.contains(Self.canary)) }
        }
    }
}
