import Connections
import Domain
@testable import Edge
import StrictJSON
import Synchronization
import Testing

@Suite("Health, metrics, and what every answer carries")
struct OperationsTests {
    @Test func `is ready while database and root key answer`() async throws {
        try await Rig.run { rig in
            #expect(try await rig.send("GET", "/health/ready", bearer: nil).status == 200)
            for readiness in [Readiness(database: false, rootKey: true), Readiness(database: true, rootKey: false)] {
                rig.readiness.set(readiness)
                let response = try await rig.send("GET", "/health/ready", bearer: nil)
                #expect(response.status == 503)
                #expect(response.header("retry-after") == "1")
                let checks = try response.json["checks"]
                #expect(checks?["database"]?.string == (readiness.database ? "ok" : "unavailable"))
                #expect(checks?["root_key"]?.string == (readiness.rootKey ? "ok" : "unavailable"))
                #expect(try await rig.send("GET", "/health/live", bearer: nil).status == 200)
            }
        }
    }

    /// Prometheus text format 0.0.4: a name, labels, a number; one `TYPE` for each family, before its samples.
    @Test func `metrics are well-formed and count by route template`() async throws {
        try await Rig.run { rig in
            let fixtures = try await Fixtures.paths(rig)
            for _ in 0..<3 { _ = try await rig.send("GET", "/v1/tenants/\(fixtures.tenant)") }
            _ = try await rig.send("GET", "/v1/nowhere")
            let response = try await rig.send("GET", "/metrics", bearer: nil)
            #expect(response.header("content-type") == "text/plain; version=0.0.4; charset=utf-8")
            let sample = #/[a-z_]+(\{([a-z_]+="[^"\\\n]*")(,[a-z_]+="[^"\\\n]*")*\})? [0-9.e+-]+/#
            var families: Set<String> = []
            for line in response.text.split(separator: "\n") {
                if line.hasPrefix("# TYPE ") {
                    #expect(families.insert(String(line.split(separator: " ")[2])).inserted, "\(line)")
                } else if !line.hasPrefix("#") {
                    #expect(line.wholeMatch(of: sample) != nil, "\(line)")
                    let name = line.prefix { $0 != "{" && $0 != " " }
                    #expect(families.contains { name.hasPrefix($0) }, "\(line)")
                }
            }
            let counted =
                #"sallyport_control_plane_requests_total{method="GET",route="/v1/tenants/{tenant_id}",status="2xx"} 3"#
            #expect(response.text.contains(counted))
            #expect(response.text.contains(#"route="unmatched",status="4xx"} 1"#))
            #expect(!response.text.contains(fixtures.tenant.description))
        }
    }

    @Test func `a request is logged by template, with its ids and without its path`() async throws {
        try await Rig.run { rig in
            let fixtures = try await Fixtures.paths(rig)
            _ = try await rig.send(
                "GET", "/v1/connections/\(fixtures.connection)",
                headers: [
                    "X-Request-ID: req-77", "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                ])
            let line = try #require(rig.logs.lines.first { $0.contains("req-77") })
            for fact in [
                "route=/v1/connections/{connection_id}", "method=GET", "status=200",
                "trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
                "api_key=\(rig.key.key.id)", "duration_ms=",
            ] {
                #expect(line.contains(fact), "\(fact) in \(line)")
            }
            #expect(!line.contains(fixtures.connection.description))
        }
    }

    @Test func `every answer forbids guessing and keeping`() async throws {
        try await Rig.run { rig in
            for (method, path) in [
                ("GET", "/v1/tenants"), ("GET", "/nowhere"), ("PUT", "/v1/tenants"), ("POST", "/oauth2/token"),
            ] {
                let response = try await rig.send(method, path)
                #expect(response.header("x-content-type-options") == "nosniff")
                #expect(response.header("cache-control") == "no-store")
                #expect(response.header("content-security-policy") == "default-src 'none'; frame-ancestors 'none'")
                #expect(response.header("x-request-id") != nil)
                #expect(response.header("server") == nil)
            }
        }
    }

    @Test func `another method of a path is a 405 that names those it has`() async throws {
        try await Rig.run { rig in
            let response = try await rig.send("PUT", "/v1/tenants")
            #expect(response.status == 405)
            #expect(
                Set(response.header("allow")?.split(separator: ", ").map { String($0) } ?? []) == [
                    "GET", "HEAD", "POST",
                ])
            #expect(try await rig.send("DELETE", "/health/live").header("allow") == "GET, HEAD")
            #expect(try await rig.send("OPTIONS", "/v1/providers").status == 405)
        }
    }

    @Test func `HEAD is GET without the body`() async throws {
        try await Rig.run { rig in
            let get = try await rig.send("GET", "/openapi.yaml", bearer: nil)
            let head = try await rig.send("HEAD", "/openapi.yaml", bearer: nil)
            #expect(head.status == 200)
            #expect(head.header("content-length") == String(get.body.count))
            #expect(head.body.isEmpty)
        }
    }

    @Test func `the data plane's paths say where they are`() async throws {
        try await Rig.run { rig in
            let fixtures = try await Fixtures.paths(rig)
            for (method, path) in [
                ("POST", "/v1/connections/\(fixtures.connection)/token"),
                ("GET", "/proxy/\(fixtures.connection)/sap/opu"),
                ("GET", "/proxy"),
            ] {
                let response = try await rig.send(method, path)
                #expect(response.status == 404)
                #expect(response.code == "other_listener")
            }
        }
    }

    @Test func `the metadata names the issuer's own endpoints`() async throws {
        try await Rig.run { rig in
            let response = try await rig.send("GET", "/.well-known/oauth-authorization-server", bearer: nil)
            let body = try response.json
            #expect(body["issuer"]?.string == Rig.issuer)
            #expect(body["token_endpoint"]?.string == Rig.issuer + "/oauth2/token")
            #expect(body["jwks_uri"]?.string == Rig.issuer + "/.well-known/jwks.json")
        }
    }
}
