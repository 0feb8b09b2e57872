import Connections
import Domain
@testable import Edge
import StrictJSON
import TestSupport
import Testing

/// What a caller that is not the owner gets from each route: a new route without a row here fails the suite.
private let expectations: [String: (stranger: Int, neighbour: Int)] = [
    // stranger: every permission in another environment; neighbour: every permission for another tenant of this one.
    "POST /v1/tenants": (201, 403),
    "GET /v1/tenants": (200, 200),
    "GET /v1/tenants/{tenant_id}": (404, 404),
    "PATCH /v1/tenants/{tenant_id}": (404, 404),
    "DELETE /v1/tenants/{tenant_id}": (404, 404),
    "POST /v1/integrations": (201, 403),
    "GET /v1/integrations": (200, 200),
    // Integrations belong to the environment: its tenants may look at them.
    "GET /v1/integrations/{integration_id}": (404, 200),
    "PATCH /v1/integrations/{integration_id}": (404, 403),
    "DELETE /v1/integrations/{integration_id}": (404, 403),
    "POST /v1/connections": (404, 404),
    "GET /v1/connections": (200, 200),
    "GET /v1/connections/{connection_id}": (404, 404),
    "PATCH /v1/connections/{connection_id}": (404, 404),
    "DELETE /v1/connections/{connection_id}": (404, 404),
    "POST /v1/connections/{connection_id}/verify": (404, 404),
    "POST /v1/connections/{connection_id}/refresh": (404, 404),
    "POST /v1/api-keys": (201, 201),
    "GET /v1/api-keys": (200, 200),
    "GET /v1/api-keys/{api_key_id}": (404, 404),
    "DELETE /v1/api-keys/{api_key_id}": (404, 404),
    "GET /v1/audit-events": (200, 200),
    "GET /v1/providers": (200, 200),
    "GET /v1/providers/{provider_name}": (200, 200),
]

@Suite("Another tenant's object is not found, on every route")
struct IsolationTests {
    @Test func `every keyed route has its row`() {
        #expect(Set(ControlPlaneRoute.all.filter { $0.permission != nil }.map(\.name)) == Set(expectations.keys))
    }

    @Test func `a key of another environment and one of another tenant get nothing`() async throws {
        try await Rig.run { rig in
            let fixtures = try await Fixtures.paths(rig)
            let stranger = try await rig.makeKey(.all, environment: rig.world.stranger.environmentID)
            let neighbour = try await rig.makeKey(.all, tenant: rig.world.neighbour.id)
            let before = try await Self.view(rig, fixtures)
            for route in ControlPlaneRoute.all {
                guard let expected = expectations[route.name] else { continue }
                for (key, status) in [(stranger, expected.stranger), (neighbour, expected.neighbour)] {
                    let response = try await rig.send(
                        route.method.rawValue, fixtures.path(of: route), key: key, body: fixtures.body(of: route))
                    #expect(response.status == status, "\(route.name): \(response)")
                    guard route.template != "/v1/integrations" || status != 200 else { continue }
                    for id in [
                        fixtures.tenant.description, fixtures.connection.description, fixtures.apiKey.description,
                    ] {
                        #expect(!response.text.contains(id), "\(route.name) shows \(id)")
                    }
                }
            }
            #expect(try await Self.view(rig, fixtures) == before, "something of the owner's was changed")
        }
    }

    @Test func `another tenant's filter is not found, another's objects in lists are not there`() async throws {
        try await Rig.run { rig in
            let fixtures = try await Fixtures.paths(rig)
            let neighbour = try await rig.makeKey(.all, tenant: rig.world.neighbour.id)
            for path in ["/v1/connections", "/v1/audit-events"] {
                #expect(try await rig.send("GET", "\(path)?tenant_id=\(fixtures.tenant)", key: neighbour).status == 404)
                #expect(
                    try await rig.send("GET", "\(path)?tenant_id=\(rig.world.neighbour.id)", key: neighbour).status
                        == 200)
            }
            let connections = try await rig.send("GET", "/v1/connections", key: neighbour)
            #expect(try connections.json["result"]?.elements?.isEmpty == true)
            let tenants = try await rig.send("GET", "/v1/tenants", key: neighbour)
            #expect(
                try tenants.json["result"]?.elements?.map { $0["id"]?.string } == [rig.world.neighbour.id.description])
        }
    }

    @Test func `an object that isn't there and one of another tenant look the same`() async throws {
        try await Rig.run { rig in
            let fixtures = try await Fixtures.paths(rig)
            let neighbour = try await rig.makeKey(.all, tenant: rig.world.neighbour.id)
            let nowhere: ConnectionID = rig.world.gate.identifiers.next()
            let headers = ["X-Request-ID: same"]
            let there = try await rig.send(
                "GET", "/v1/connections/\(fixtures.connection)", key: neighbour, headers: headers)
            let absent = try await rig.send("GET", "/v1/connections/\(nowhere)", key: neighbour, headers: headers)
            let malformed = try await rig.send("GET", "/v1/connections/conn_1", key: neighbour, headers: headers)
            #expect(there.status == 404)
            #expect(there.text == absent.text)
            #expect(there.text == malformed.text)
        }
    }

    @Test func `a tenant's key makes keys of its own tenant alone`() async throws {
        try await Rig.run { rig in
            let key = try await rig.makeKey(.all, tenant: rig.world.tenant.id)
            let own = try await rig.send(
                "POST", "/v1/api-keys", key: key, body: #"{"name":"k","permissions":["proxy"]}"#)
            #expect(try own.json["tenant_id"]?.string == rig.world.tenant.id.description)
            let foreign = try await rig.send(
                "POST", "/v1/api-keys", key: key,
                body: #"{"name":"k","permissions":["proxy"],"tenant_id":"\#(rig.world.neighbour.id)"}"#)
            #expect(foreign.status == 404)
        }
    }

    /// Everything that the owner can see of the fixtures.
    private static func view(_ rig: Rig, _ fixtures: Fixtures) async throws -> [String] {
        var texts: [String] = []
        for path in [
            "/v1/tenants/\(fixtures.tenant)", "/v1/integrations/\(fixtures.integration)",
            "/v1/connections/\(fixtures.connection)", "/v1/api-keys/\(fixtures.apiKey)",
        ] {
            texts.append(try await rig.send("GET", path).text)
        }
        return texts
    }
}
