import Connections
import Domain
@testable import Edge
import Sodium
import StrictJSON
import TestSupport
import Testing

@Suite("POST /oauth2/token (RFC 6749 §4.4)")
struct TokenEndpointTests {
    private static func basic(_ user: String, _ password: String) -> String {
        "Authorization: Basic \(Base64.encode(Array("\(user):\(password)".utf8)))"
    }

    private static func post(
        _ rig: Rig, _ form: String, headers: [String] = [], type: String = "application/x-www-form-urlencoded"
    ) async throws -> RawResponse {
        try await rig.send("POST", "/oauth2/token", bearer: nil, headers: headers, body: form, type: type)
    }

    private static func text(_ key: CreatedAPIKey) -> String { key.text.revealUTF8(for: .test) ?? "" }

    /// Header and payload of a JWT, without a look at its signature.
    private static func claims(_ token: String) throws -> JSONValue {
        let parts = token.split(separator: ".")
        let payload = try #require(parts.count == 3 ? Base64URL.decode(String(parts[1])) : nil)
        return try #require(try JSONValue.parse(payload))
    }

    @Test func `issues a token by Basic and by body, and records it`() async throws {
        try await Rig.run { rig in
            let (key, tenant) = (Self.text(rig.key), rig.world.tenant.id)
            let form = "grant_type=client_credentials&tenant_id=\(tenant)"
            for (form, headers) in [
                (form, [Self.basic(rig.key.key.id.description, key)]),
                (form + "&client_id=\(rig.key.key.id)&client_secret=\(key)", []), (form + "&client_secret=\(key)", []),
            ] {
                let response = try await Self.post(rig, form, headers: headers)
                #expect(response.status == 200, "\(response)")
                #expect(response.header("cache-control") == "no-store")
                let body = try response.json
                #expect(body["token_type"]?.string == "Bearer")
                #expect(body["expires_in"]?.int == 300)
                #expect(body["scope"]?.string == "proxy tokens:fetch")
                let claims = try Self.claims(try #require(body["access_token"]?.string))
                #expect(claims["iss"]?.string == Rig.issuer)
                #expect(claims["tid"]?.string == tenant.description)
            }
            let events = rig.world.database.events.filter { $0.action == .callerTokenIssued }
            #expect(events.count == 3)
            #expect(events.allSatisfy { $0.tenantID == tenant && $0.actor == rig.key.key.id.description })
        }
    }

    @Test func `narrows by scope, lifetime and authorization_details`() async throws {
        try await Rig.run { rig in
            let connection: ConnectionID = rig.world.gate.identifiers.next()
            let details = """
                [{"type":"sallyport_connection","tenant_id":"\(rig.world.tenant.id)","connections":["\(connection)"],\
                "methods":["get"],"path_prefixes":["/sap/opu"]}]
                """
            let encoded = details.replacing("\"", with: "%22").replacing(" ", with: "%20")
            let response = try await Self.post(
                rig, "grant_type=client_credentials&scope=proxy&lifetime=60&authorization_details=\(encoded)",
                headers: [Self.basic(rig.key.key.id.description, Self.text(rig.key))])
            #expect(response.status == 200, "\(response)")
            #expect(try response.json["expires_in"]?.int == 60)
            let claims = try Self.claims(try #require(try response.json["access_token"]?.string))
            let entry = claims["authorization_details"]?.elements?.first
            #expect(entry?["connections"]?.elements?.first?.string == connection.description)
            #expect(entry?["methods"]?.elements?.first?.string == "GET")
            #expect(entry?["path_prefixes"]?.elements?.first?.string == "/sap/opu")
            #expect(claims["scope"]?.string == "proxy")
        }
    }

    @Test func `a tenant's key needs no tenant_id and gets no other's`() async throws {
        try await Rig.run { rig in
            let key = try await rig.makeKey(.all, tenant: rig.world.tenant.id)
            let own = try await Self.post(rig, "grant_type=client_credentials&client_secret=\(Self.text(key))")
            #expect(own.status == 200, "\(own)")
            let foreign = try await Self.post(
                rig, "grant_type=client_credentials&client_secret=\(Self.text(key))&tenant_id=\(rig.world.neighbour.id)"
            )
            let nowhere: TenantID = rig.world.gate.identifiers.next()
            let absent = try await Self.post(
                rig, "grant_type=client_credentials&client_secret=\(Self.text(rig.key))&tenant_id=\(nowhere)")
            let stranger = try await Self.post(
                rig,
                "grant_type=client_credentials&client_secret=\(Self.text(rig.key))&tenant_id=\(rig.world.stranger.id)")
            for response in [foreign, absent, stranger] {
                #expect(response.status == 400)
                #expect(response.text == foreign.text)
                #expect(try response.json["error"]?.string == "invalid_request")
            }
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// `KEY`, `ID` and `TENANT` stand for those of the rig.
        let form: String
        var basic: (user: String, password: String)?
        let status: Int
        let error: String

        init(
            _ description: String, _ form: String, basic: (user: String, password: String)? = nil, _ status: Int,
            _ error: String
        ) {
            testDescription = description
            self.form = form
            self.basic = basic
            self.status = status
            self.error = error
        }
    }

    private static let good = "grant_type=client_credentials&tenant_id=TENANT"

    static let refusals: [Refusal] = [
        Refusal("no client", good, 401, "invalid_client"),
        Refusal("an empty secret", good + "&client_secret=", 401, "invalid_client"),
        Refusal("a wrong secret", good + "&client_secret=sp_x", 401, "invalid_client"),
        Refusal("a client_id that is no identifier", good + "&client_id=me&client_secret=KEY", 401, "invalid_client"),
        Refusal(
            "another key's id", good + "&client_id=key_01kat0g5m6n7p8q9r0s1t2v3wx&client_secret=KEY", 401,
            "invalid_client"),
        Refusal(
            "Basic with another key's id", good, basic: ("key_01kat0g5m6n7p8q9r0s1t2v3wx", "KEY"), 401, "invalid_client"
        ),
        Refusal("Basic without a password", good, basic: ("ID", ""), 401, "invalid_client"),
        Refusal("two ways at once", good + "&client_secret=KEY", basic: ("ID", "KEY"), 400, "invalid_request"),
        Refusal("no grant type", "tenant_id=TENANT&client_secret=KEY", 400, "invalid_request"),
        Refusal(
            "another grant type", "grant_type=password&tenant_id=TENANT&client_secret=KEY", 400,
            "unsupported_grant_type"),
        Refusal("no tenant", "grant_type=client_credentials&client_secret=KEY", 400, "invalid_request"),
        Refusal(
            "a tenant that is none", "grant_type=client_credentials&tenant_id=x&client_secret=KEY", 400,
            "invalid_request"),
        Refusal("a parameter twice", good + "&client_secret=KEY&scope=proxy&scope=proxy", 400, "invalid_request"),
        Refusal("a broken escape", good + "&client_secret=KEY&scope=%z", 400, "invalid_request"),
        Refusal("an unknown scope", good + "&client_secret=KEY&scope=root", 400, "invalid_scope"),
        Refusal(
            "a scope that no caller token carries", good + "&client_secret=KEY&scope=tenants:write", 400,
            "invalid_scope"),
        Refusal("a lifetime that is too long", good + "&client_secret=KEY&lifetime=901", 400, "invalid_request"),
        Refusal("a lifetime that is too short", good + "&client_secret=KEY&lifetime=1", 400, "invalid_request"),
        Refusal("a lifetime that is no number", good + "&client_secret=KEY&lifetime=1e3", 400, "invalid_request"),
        Refusal("a negative lifetime", good + "&client_secret=KEY&lifetime=-60", 400, "invalid_request"),
        Refusal(
            "details that are no JSON", good + "&client_secret=KEY&authorization_details=x", 400,
            "invalid_authorization_details"),
        Refusal(
            "details that are no list", good + "&client_secret=KEY&authorization_details={}", 400,
            "invalid_authorization_details"),
        Refusal(
            "no details", good + "&client_secret=KEY&authorization_details=[]", 400, "invalid_authorization_details"),
        Refusal(
            "details of another type", good + "&client_secret=KEY&authorization_details=[{\"type\":\"x\"}]", 400,
            "invalid_authorization_details"),
        Refusal(
            "details with an unknown limit",
            good + "&client_secret=KEY&authorization_details=[{\"type\":\"sallyport_connection\",\"hosts\":[\"a\"]}]",
            400,
            "invalid_authorization_details"),
        Refusal(
            "details with an empty list",
            good + "&client_secret=KEY&authorization_details=[{\"type\":\"sallyport_connection\",\"connections\":[]}]",
            400,
            "invalid_authorization_details"),
        Refusal(
            "details with a path trick",
            good
                + "&client_secret=KEY&authorization_details=[{\"type\":\"sallyport_connection\",\"path_prefixes\":[\"/a/../b\"]}]",
            400, "invalid_authorization_details"),
        Refusal(
            "two tenants",
            good
                + "&client_secret=KEY&authorization_details=[{\"type\":\"sallyport_connection\",\"tenant_id\":\"tnt_01kat0c3m0e9y8x4t5v6w7z8ab\"}]",
            400, "invalid_request"),
    ]

    @Test(arguments: refusals)
    func `refuses`(_ refusal: Refusal) async throws {
        try await Rig.run { rig in
            let fill = { (text: String) in
                // The key last: it may hold any letters.
                text.replacing("ID", with: rig.key.key.id.description)
                    .replacing("TENANT", with: rig.world.tenant.id.description)
                    .replacing("KEY", with: Self.text(rig.key))
            }
            let headers = refusal.basic.map { [Self.basic(fill($0.user), fill($0.password))] } ?? []
            let response = try await Self.post(rig, fill(refusal.form), headers: headers)
            #expect(response.status == refusal.status, "\(response)")
            #expect(try response.json["error"]?.string == refusal.error)
            #expect(response.header("cache-control") == "no-store")
            #expect((response.header("www-authenticate") != nil) == (refusal.status == 401))
            #expect(!rig.world.database.events.contains { $0.action == .callerTokenIssued })
        }
    }

    @Test func `refuses a body of another type, and one that is too large`() async throws {
        try await Rig.run { rig in
            let json = try await Self.post(rig, "{}", type: "application/json")
            #expect(json.status == 415)
            #expect(try json.json["error"]?.string == "invalid_request")
            let large = try await Self.post(rig, "a=\(String(repeating: "x", count: 20_000))")
            #expect(large.status == 413)
            let many = try await Self.post(rig, (0..<100).map { "p\($0)=1" }.joined(separator: "&"))
            #expect(many.status == 400)
        }
    }

    @Test func `issues nothing that it can't record`() async throws {
        try await Rig.run { rig in
            rig.world.database.fail(.auditAppend, with: .unavailable)
            let response = try await Self.post(
                rig,
                "grant_type=client_credentials&tenant_id=\(rig.world.tenant.id)&client_secret=\(Self.text(rig.key))")
            #expect(response.status == 503)
            #expect(try response.json["error"]?.string == "temporarily_unavailable")
            #expect(response.header("retry-after") == "1")
            #expect(try response.json["access_token"] == nil)
        }
    }

    @Test func `a key without either permission gets no token`() async throws {
        try await Rig.run { rig in
            let key = try await rig.makeKey(.readTenants)
            let response = try await Self.post(
                rig, "grant_type=client_credentials&tenant_id=\(rig.world.tenant.id)&client_secret=\(Self.text(key))")
            #expect(try response.json["error"]?.string == "invalid_scope")
        }
    }
}
