import Connections
import Domain
@testable import Edge
import Sodium
import StrictJSON
import TestSupport
import Testing

@Suite("Every route wants the key that its row in the table says")
struct AuthenticationTests {
    @Test func `no key, a wrong one and a malformed one are 401, whatever the route`() async throws {
        try await Rig.run { rig in
            let fixtures = try await Fixtures.paths(rig)
            let changes = rig.changes
            let right = try #require(rig.key.text.revealUTF8(for: .test))
            let other = try await rig.makeKey()
            // Well-formed, with the right checksum, and of no key that is stored.
            let unknown = try #require(APIKeyMinterText.unknown(rig))
            let headers: [[String]] = [
                [], ["Authorization: Bearer "], ["Authorization: Bearer nonsense"],
                ["Authorization: Bearer \(unknown)"],
                ["Authorization: Bearer \(right.dropLast())"], ["Authorization: Bearer \(right)x"],
                ["Authorization: Bearer \(right.uppercased())"], ["Authorization: Basic \(right)"],
                ["Authorization: \(right)"],
                ["Authorization: Bearer  \(right)"],
                ["Authorization: Bearer \(right)", "Authorization: Bearer \(other.text.revealUTF8(for: .test) ?? "")"],
                ["X-Api-Key: \(right)"], ["Cookie: authorization=\(right)"],
            ]
            let keyed = ControlPlaneRoute.all.filter { $0.permission != nil }
            #expect(keyed.count == 24)
            for route in keyed {
                for lines in headers {
                    let response = try await rig.send(
                        route.method.rawValue, fixtures.path(of: route), bearer: nil, headers: lines,
                        body: fixtures.body(of: route))
                    #expect(response.status == 401, "\(route.name) with \(lines): \(response)")
                    #expect(response.code == "unauthenticated")
                    #expect(response.header("www-authenticate") == "Bearer realm=\"sallyport\"")
                }
            }
            #expect(rig.changes == changes + 1, "something was stored")
        }
    }

    @Test func `a key in the query is no key`() async throws {
        try await Rig.run { rig in
            let key = try #require(rig.key.text.revealUTF8(for: .test))
            let response = try await rig.send("GET", "/v1/tenants?access_token=\(key)", bearer: nil)
            #expect(response.status == 401)
        }
    }

    @Test func `a revoked key ends at once`() async throws {
        try await Rig.run { rig in
            let key = try await rig.makeKey()
            #expect(try await rig.send("DELETE", "/v1/api-keys/\(key.key.id)").status == 204)
            #expect(try await rig.send("GET", "/v1/tenants", key: key).status == 401)
        }
    }

    @Test func `an expired key is refused`() async throws {
        try await Rig.run { rig in
            let made = try await rig.send(
                "POST", "/v1/api-keys",
                body: #"{"name":"short","permissions":["tenants:read"],"expires_at":"2099-01-01T00:00:00+01:00"}"#)
            #expect(made.status == 201)
            let text = try #require(try made.json["key"]?.string)
            #expect(try made.json["expires_at"]?.string == "2098-12-31T23:00:00Z")
            #expect(try await rig.send("GET", "/v1/tenants", bearer: text).status == 200)
            rig.world.clock.advance(by: .seconds(86_400 * 365 * 80))
            #expect(try await rig.send("GET", "/v1/tenants", bearer: text).status == 401)
        }
    }

    @Test func `the scheme's case is of no matter`() async throws {
        try await Rig.run { rig in
            let key = try #require(rig.key.text.revealUTF8(for: .test))
            let response = try await rig.send(
                "GET", "/v1/tenants", bearer: nil, headers: ["authorization: bEARER \(key)"])
            #expect(response.status == 200)
        }
    }

    @Test func `a database that is away is a 503, not a 401`() async throws {
        try await Rig.run { rig in
            rig.world.database.fail(.apiKeyAuthenticate, with: .unavailable)
            let response = try await rig.send("GET", "/v1/tenants")
            #expect(response.status == 503)
            #expect(response.code == "unavailable")
            #expect(response.header("retry-after") == "1")
        }
    }

    @Test func `each route refuses a key that has every permission but its own`() async throws {
        try await Rig.run { rig in
            let fixtures = try await Fixtures.paths(rig)
            let changes = rig.changes
            var keys = 0
            for route in ControlPlaneRoute.all {
                guard let permission = route.permission else { continue }
                let key = try await rig.makeKey(PermissionSet.all.subtracting(permission))
                keys += 1
                let response = try await rig.send(
                    route.method.rawValue, fixtures.path(of: route), key: key, body: fixtures.body(of: route))
                #expect(response.status == 403, "\(route.name): \(response)")
                #expect(response.code == "permission_denied")
                let missing = try response.json["missing_permissions"]?.elements?.compactMap(\.string) ?? []
                #expect(!missing.isEmpty && Set(missing).isSubset(of: permission.names), "\(route.name): \(missing)")
            }
            #expect(rig.changes == changes + keys, "something was stored")
        }
    }
}
