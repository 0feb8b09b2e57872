import Domain
import Testing

@Suite("Small values of the domain")
struct ValueTests {
    @Test(arguments: ["a", "0", "a-b", "production", "a--b", String(repeating: "x", count: 63)])
    func `slugs take letters, digits and inner hyphens`(_ text: String) {
        #expect(Slug(text)?.description == text)
    }

    @Test(arguments: [
        "", "-", "-a", "a-", "A", "a b", "a_b", "a.b", "ä", "a\u{0}", "a\n", String(repeating: "x", count: 64), "１",
    ])
    func `slugs refuse everything else`(_ text: String) {
        #expect(Slug(text) == nil)
    }

    @Test func `permissions are named both ways, and an unknown name is never dropped`() {
        #expect(PermissionSet(names: PermissionSet.all.names) == .all)
        #expect(PermissionSet(names: ["proxy", "audit:read"]) == [.proxy, .readAudit])
        #expect(PermissionSet(names: ["proxy", "root"]) == nil)
        #expect(PermissionSet(names: ["Proxy"]) == nil)
        #expect(PermissionSet(names: [""]) == nil)
        #expect(PermissionSet(names: [String]())?.isEmpty == true)
        #expect(Set(PermissionSet.named.map(\.name)).count == PermissionSet.named.count)
    }

    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59.999999Z"),
        (951_782_399_000_000, "2000-02-28T23:59:59Z"), (951_868_799_500_000, "2000-02-29T23:59:59.500000Z"),
        (1_795_527_683_000_001, "2026-11-24T13:41:23.000001Z"), (4_107_542_399_000_000, "2100-02-28T23:59:59Z"),
        (4_107_542_400_000_000, "2100-03-01T00:00:00Z"), (253_402_300_799_000_000, "9999-12-31T23:59:59Z"),
    ])
    func `instants are written as RFC 3339 says`(_ microseconds: Int64, _ text: String) {
        #expect(Timestamp(microseconds: microseconds).rfc3339 == text)
    }

    @Test func `whole seconds of an instant are rounded down, before 1970 too`() {
        #expect(Timestamp(microseconds: 1_999_999).seconds == 1)
        #expect(Timestamp(microseconds: -1).seconds == -1)
        #expect(Timestamp(microseconds: -1_000_000).seconds == -1)
        #expect(Timestamp(seconds: 5) + .milliseconds(1) == Timestamp(microseconds: 5_001_000))
        #expect(Timestamp(seconds: 5) - Timestamp(seconds: 7) == .seconds(-2))
    }

    @Test(arguments: [Int.min, -1, 0, 201, Int.max])
    func `a page has a limit from 1 to 200`(_ limit: Int) {
        #expect(PageRequest<TenantKind>(limit: limit) == nil)
        #expect(PageRequest<TenantKind>(limit: 1) != nil && PageRequest<TenantKind>(limit: 200) != nil)
    }

    @Test func `a caller is named by its key in audit events, never by its token`() {
        let key = APIKeyID(high: 1, low: 2)
        let environment = EnvironmentID(high: 3, low: 4)
        func name(_ identity: Principal.Identity) -> String {
            Principal(identity: identity, environmentID: environment, tenantID: nil, permissions: []).auditName
        }
        #expect(name(.callerToken("jti", key)) == key.description)
        #expect(name(.apiKey(key)) == key.description)
        #expect(name(.commandLine) == "cli")
    }
}
