import Domain
@testable import Edge
import Testing

@Suite("A bad body is a clear 4xx, and nothing is stored")
struct BadBodyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let body: [UInt8]
        var status = 400
        var code = "invalid_request"
        var errors: [String]
        var path = "/v1/tenants"
        var type = "application/json"

        init(
            _ description: String, _ body: String, _ errors: [String], path: String = "/v1/tenants"
        ) {
            self.init(description, bytes: Array(body.utf8), errors)
            self.path = path
        }

        init(_ description: String, bytes: [UInt8], _ errors: [String]) {
            testDescription = description
            body = bytes
            self.errors = errors
        }

        init(_ description: String, _ body: String, type: String, status: Int, code: String) {
            self.init(description, body, [])
            self.type = type
            self.status = status
            self.code = code
        }
    }

    static let malformed = [" malformed_json"]

    static let cases: [Case] = [
        Case("empty", "", malformed),
        Case("cut off", #"{"name":"#, malformed),
        Case("a bare word", "name", malformed),
        Case("single quotes", "{'name':'x'}", malformed),
        Case("a trailing comma", #"{"name":"x",}"#, malformed),
        Case("something after the value", #"{"name":"x"}{}"#, malformed),
        Case("a comment", #"{"name":"x"/* */}"#, malformed),
        Case("a byte order mark", "\u{FEFF}{\"name\":\"x\"}", malformed),
        Case("a raw line break in a string", "{\"name\":\"x\ny\"}", malformed),
        Case("an array", #"[{"name":"x"}]"#, [" wrong_type"]),
        Case("a string", #""name""#, [" wrong_type"]),
        Case("null", "null", [" wrong_type"]),
        Case(
            "bytes that are not UTF-8", bytes: Array("{\"name\":\"".utf8) + [0xFF, 0xFE] + Array("\"}".utf8),
            [" invalid_utf8"]),
        Case(
            "an overlong form", bytes: Array("{\"name\":\"".utf8) + [0xC0, 0xAF] + Array("\"}".utf8), [" invalid_utf8"]),
        Case("half a surrogate pair", #"{"name":"\ud800"}"#, [" invalid_utf8"]),
        Case("U+0000", #"{"name":"a\u0000b"}"#, [" nul_character"]),
        Case("a member twice", #"{"name":"x","name":"y"}"#, [" duplicate_member"]),
        Case("a member twice by an escape", #"{"name":"x","n\u0061me":"y"}"#, [" duplicate_member"]),
        Case(
            "a nesting bomb",
            #"{"name":"# + String(repeating: "[", count: 20_000) + String(repeating: "]", count: 20_000) + "}",
            [" too_deep"]),
        Case("too many values", "{\"name\":[" + String(repeating: "1,", count: 12_000) + "1]}", [" too_many_values"]),
        Case("no name", "{}", ["/name missing"]),
        Case("null for a name", #"{"name":null}"#, ["/name missing"]),
        Case("a number for a name", #"{"name":1}"#, ["/name wrong_type"]),
        Case("an object for a name", #"{"name":{"a":1}}"#, ["/name wrong_type"]),
        Case("a blank name", #"{"name":"  "}"#, ["/name empty"]),
        Case("a long name", "{\"name\":\"\(String(repeating: "x", count: 201))\"}", ["/name too_long"]),
        Case("a very long name", "{\"name\":\"\(String(repeating: "x", count: 9_000))\"}", ["/name too_long"]),
        Case("an escape character in a name", #"{"name":"a\u001bb"}"#, ["/name malformed"]),
        Case("an unknown member", #"{"name":"x","colour":"red"}"#, ["/colour unknown_field"]),
        Case(
            "every fault at once", #"{"external_id":7,"colour":"red"}"#,
            ["/name missing", "/external_id wrong_type", "/colour unknown_field"]),
        Case("a member that looks like no name of ours", #"{"name":"x","Hunter2/~":1}"#, [" unknown_field"]),
        Case("no content type", #"{"name":"x"}"#, type: "", status: 415, code: "unsupported_media_type"),
        Case(
            "a form", "name=x", type: "application/x-www-form-urlencoded", status: 415, code: "unsupported_media_type"),
        Case(
            "another charset", #"{"name":"x"}"#, type: "application/json; charset=utf-16", status: 415,
            code: "unsupported_media_type"),
        Case(
            "a JSON-like type", #"{"name":"x"}"#, type: "application/json5", status: 415, code: "unsupported_media_type"
        ),
        Case(
            "too large", "{\"name\":\"\(String(repeating: "x", count: 70_000))\"}", type: "application/json",
            status: 413, code: "body_too_large"),
        Case(
            "an identifier of another kind", #"{"tenant_id":"conn_01kat0f1a2b3c4d5e6f7g8h9jk","integration":"x"}"#,
            ["/tenant_id malformed"], path: "/v1/connections"),
        Case(
            "wrong types all over a connection",
            #"{"tenant_id":1,"integration":"Not A Name","fields":{"host":1},"secrets":["x"],"verify":"yes","display_name":[]}"#,
            [
                "/tenant_id wrong_type", "/integration malformed", "/display_name wrong_type",
                "/fields/host wrong_type",
                "/secrets wrong_type", "/verify wrong_type",
            ], path: "/v1/connections"),
        Case(
            "a provider that is not there", #"{"name":"main","provider":"nope"}"#, ["/provider unknown"],
            path: "/v1/integrations"),
        Case(
            "wrong values of an integration",
            #"{"name":"Main","provider":"generic-basic","allowed_networks":["10.0.0.0/33"],"scopes":[1],"client_secret":7}"#,
            ["/name malformed", "/scopes/0 wrong_type", "/allowed_networks/0 malformed", "/client_secret wrong_type"],
            path: "/v1/integrations"),
        Case(
            "an API key with an unknown permission", #"{"name":"k","permissions":["tenants:read","root"]}"#,
            ["/permissions/1 unknown_value"], path: "/v1/api-keys"),
        Case(
            "an API key without permissions", #"{"name":"k","permissions":[]}"#, ["/permissions empty"],
            path: "/v1/api-keys"),
        Case(
            "an instant that the calendar lacks",
            #"{"name":"k","permissions":["proxy"],"expires_at":"2027-02-30T00:00:00Z"}"#, ["/expires_at malformed"],
            path: "/v1/api-keys"),
        Case(
            "an instant that has passed", #"{"name":"k","permissions":["proxy"],"expires_at":"2001-01-01T00:00:00Z"}"#,
            ["/expires_at in_the_past"], path: "/v1/api-keys"),
    ]

    @Test(arguments: cases)
    func `is refused by name and place`(_ example: Case) async throws {
        try await Rig.run { rig in
            let changes = rig.changes
            let bytes = rig.request("POST", example.path, body: example.body, type: example.type)
            let response = try #require(try await RawHTTP.exchange(bytes, port: rig.port))
            #expect(response.status == example.status)
            #expect(response.code == example.code)
            #expect(response.errors == example.errors)
            #expect(response.header("content-type") == "application/problem+json")
            #expect(rig.changes == changes, "something was stored")
        }
    }

    /// Operations that take no body.
    private static let bodiless = ["/verify", "/refresh"]

    @Test func `is refused by every operation that takes one`() async throws {
        try await Rig.run { rig in
            let targets = try await Fixtures.paths(rig)
            let changes = rig.changes
            for route in ControlPlaneRoute.all where route.method == .post || route.method == .patch {
                guard case .apiKey = route.access, !Self.bodiless.contains(where: route.template.hasSuffix)
                else { continue }
                let path = targets.path(of: route)
                for body in [
                    "", "{", "[]", "\"x\"", #"{"unheard_of":1}"#, #"{"name":{"deep":[[[[1]]]]},"unheard_of":true}"#,
                ] {
                    let response = try await rig.send(route.method.rawValue, path, body: body)
                    #expect(response.status == 400, "\(route.method) \(path) with \(body): \(response)")
                    #expect(response.code == "invalid_request")
                }
                let large = try await rig.send(
                    route.method.rawValue, path, body: "{\"a\":\"\(String(repeating: "x", count: 70_000))\"}")
                #expect(large.status == 413)
                let form = try await rig.send(route.method.rawValue, path, body: "a=b", type: "text/plain")
                #expect(form.status == 415)
            }
            #expect(rig.changes == changes, "something was stored")
        }
    }

    @Test func `of a query is refused by name`() async throws {
        try await Rig.run { rig in
            let cases: [(query: String, errors: [String])] = [
                ("limit=0", ["?limit out_of_range"]), ("limit=201", ["?limit out_of_range"]),
                ("limit=-1", ["?limit out_of_range"]), ("limit=ten", ["?limit malformed"]),
                ("limit=", ["?limit malformed"]),
                ("limit=99999999999999999999", ["?limit malformed"]), ("limit=5&limit=5", ["?limit duplicate"]),
                ("limit", ["?limit malformed"]), ("limit=%zz", ["?limit malformed"]),
                ("limit=%00", ["?limit malformed"]),
                ("colour=red", ["?colour unknown_field"]), ("%ff=1", ["? unknown_field"]),
                ("status=dead", ["?status unknown_value"]),
                ("tenant_id=x", ["?tenant_id malformed"]),
                ("integration_id=tnt_01kat0c3m0e9y8x4t5v6w7z8ab", ["?integration_id malformed"]),
            ]
            for (query, errors) in cases {
                let response = try await rig.send("GET", "/v1/connections?\(query)")
                #expect(response.status == 400, "\(query): \(response)")
                #expect(response.errors == errors, "\(query)")
            }
        }
    }
}
