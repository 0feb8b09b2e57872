import Connections
import Domain
@testable import Edge
import Sodium
import StrictJSON
import TestSupport
import Testing

@Suite("Lists page in both directions, by signed cursors")
struct ListTests {
    private static func names(_ response: RawResponse) throws -> [String] {
        try response.json["result"]?.elements?.compactMap { $0["name"]?.string } ?? []
    }

    @Test func `walks to the end and back, newest first`() async throws {
        try await Rig.run { rig in
            for index in 1...5 {
                rig.world.clock.advance(by: .seconds(1))
                #expect(try await rig.send("POST", "/v1/tenants", body: #"{"name":"t\#(index)"}"#).status == 201)
            }
            let first = try await rig.send("GET", "/v1/tenants?limit=3")
            #expect(try Self.names(first) == ["t5", "t4", "t3"])
            #expect(try first.json["prev_cursor"] == .null)
            let next = try #require(try first.json["next_cursor"]?.string)
            let second = try await rig.send("GET", "/v1/tenants?limit=3&cursor=\(next)")
            #expect(try Self.names(second).prefix(2) == ["t2", "t1"])
            let previous = try #require(try second.json["prev_cursor"]?.string)
            let back = try await rig.send("GET", "/v1/tenants?limit=3&cursor=\(previous)")
            #expect(try Self.names(back) == ["t5", "t4", "t3"])
            #expect(try back.json["prev_cursor"] == .null)
            // The world brings two tenants of its own.
            let last = try #require(try second.json["next_cursor"]?.string)
            let third = try await rig.send("GET", "/v1/tenants?limit=3&cursor=\(last)")
            #expect(try third.json["next_cursor"] == .null)
            #expect(try Self.names(third).count == 1)
        }
    }

    @Test func `filters connections by tenant, integration and status`() async throws {
        try await Rig.run { rig in
            let fixtures = try await Fixtures.paths(rig)
            let other: IntegrationID = rig.world.gate.identifiers.next()
            for (query, count) in [
                ("status=active", 1), ("status=suspended", 0), ("integration_id=\(fixtures.integration)", 1),
                ("integration_id=\(other)", 0), ("tenant_id=\(fixtures.tenant)&status=active", 1),
                ("tenant_id=\(rig.world.neighbour.id)", 0),
            ] {
                let response = try await rig.send("GET", "/v1/connections?\(query)")
                #expect(try response.json["result"]?.elements?.count == count, "\(query): \(response)")
            }
        }
    }

    @Test func `filters audit events by action`() async throws {
        try await Rig.run { rig in
            _ = try await Fixtures.paths(rig)
            let response = try await rig.send("GET", "/v1/audit-events?action=connection.created")
            let events = try #require(try response.json["result"]?.elements)
            #expect(events.count == 1)
            #expect(events.first?["action"]?.string == "connection.created")
        }
    }

    @Test func `any change of a cursor is refused`() async throws {
        let codec = try CursorCodec(key: .random(count: 32))
        let scope = Self.scope(1)
        let id = TenantID(high: 7, low: 9)
        let text = try #require(codec.encode(.after(id), for: scope))
        #expect(try codec.decode(text, for: scope) == PageStart.after(id))
        let characters = Array(text)
        for index in characters.indices {
            var changed = characters
            changed[index] = changed[index] == "A" ? "B" : "A"
            #expect(throws: Problem(code: .invalidCursor)) {
                _ = try codec.decode(String(changed), TenantKind.self, for: scope)
            }
        }
        for bad in ["", "A", String(text.dropLast()), text + "A", text + "=", String(repeating: "A", count: 5_000)] {
            #expect(throws: Problem(code: .invalidCursor)) { _ = try codec.decode(bad, TenantKind.self, for: scope) }
        }
    }

    @Test func `a cursor of another list, caller or installation is refused`() async throws {
        let codec = try CursorCodec(key: .random(count: 32))
        let scope = Self.scope(1)
        let text = try #require(codec.encode(PageStart.before(TenantID(high: 7, low: 9)), for: scope))
        #expect(throws: Problem(code: .invalidCursor)) { _ = try codec.decode(text, ConnectionKind.self, for: scope) }
        #expect(throws: Problem(code: .invalidCursor)) { _ = try codec.decode(text, APIKeyKind.self, for: scope) }
        #expect(throws: Problem(code: .invalidCursor)) {
            _ = try codec.decode(text, TenantKind.self, for: Self.scope(2))
        }
        let bound = ReadScope(environmentID: scope.environmentID, tenantID: TenantID(high: 1, low: 1))
        #expect(throws: Problem(code: .invalidCursor)) { _ = try codec.decode(text, TenantKind.self, for: bound) }
        let other = try CursorCodec(key: .random(count: 32))
        #expect(throws: Problem(code: .invalidCursor)) { _ = try other.decode(text, TenantKind.self, for: scope) }
    }

    @Test func `a cursor of another list is a 400 on the wire`() async throws {
        try await Rig.run { rig in
            _ = try await rig.makeKey()
            _ = try await rig.makeKey()
            let keys = try await rig.send("GET", "/v1/api-keys?limit=1")
            let cursor = try #require(try keys.json["next_cursor"]?.string)
            for path in ["/v1/tenants", "/v1/connections", "/v1/integrations", "/v1/audit-events"] {
                let response = try await rig.send("GET", "\(path)?cursor=\(cursor)")
                #expect(response.status == 400)
                #expect(response.code == "invalid_cursor")
            }
            let other = try await rig.makeKey(.all, environment: rig.world.stranger.environmentID)
            #expect(try await rig.send("GET", "/v1/api-keys?cursor=\(cursor)", key: other).code == "invalid_cursor")
            #expect(try await rig.send("GET", "/v1/api-keys?cursor=\(cursor)").status == 200)
        }
    }

    private static func scope(_ number: UInt64) -> ReadScope {
        ReadScope(environmentID: EnvironmentID(high: number, low: number), tenantID: nil)
    }
}
