import Connections
import Domain
@testable import Edge
import EmbeddedFiles
import Foundation
import Sodium
import StrictJSON
import TestSupport
import Testing
import Yams

/// `docs/openapi.yaml`, read without a schema: the tests know its few shapes.
struct OpenAPIDocument {
    struct Operation {
        let method: String
        let path: String
        let isDataPlane: Bool
        let id: String
        let node: Node
        var name: String { "\(method) \(path)" }
    }

    let root: Node

    init() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/openapi.yaml")
        root = try #require(try Yams.compose(yaml: try String(contentsOf: file, encoding: .utf8)))
    }

    static let methods = ["get", "post", "put", "patch", "delete", "head", "options"]

    /// In the order of the file.
    var operations: [Operation] {
        (root["paths"]?.mapping ?? [:]).flatMap { path, item in
            item.mapping?.compactMap { key, node -> Operation? in
                guard let method = key.string, Self.methods.contains(method) else { return nil }
                return Operation(
                    method: method.uppercased(), path: path.string ?? "", isDataPlane: item["servers"] != nil,
                    id: node["operationId"]?.string ?? "", node: node)
            } ?? []
        }
    }

    /// The node itself, or what its `$ref` names.
    func resolved(_ node: Node?) -> Node? {
        guard let reference = node?["$ref"]?.string else { return node }
        return reference.dropFirst(2).split(separator: "/").reduce(Optional(root)) { $0?[String($1)] }
    }

    /// Schema of the 2xx answer, and its status.
    func success(of operation: Operation) -> (status: Int, schema: Node?, example: Node?)? {
        for (status, node) in operation.node["responses"]?.mapping ?? [:] {
            guard let code = status.string.flatMap({ Int($0) }), (200...299).contains(code) else { continue }
            let content = resolved(node)?["content"]?.mapping?.first?.value
            return (code, resolved(content?["schema"]), content?["example"])
        }
        return nil
    }
}

extension Node {
    /// The node as JSON, by YAML's core schema.
    var json: JSONValue {
        switch self {
        case .scalar(let scalar):
            if scalar.style == .plain {
                if scalar.string == "null" { return .null }
                if let bool = Bool(scalar.string) { return .bool(bool) }
                if let int = Int64(scalar.string) { return .int(int) }
            }
            return .string(scalar.string)
        case .sequence(let elements): return .array(elements.map(\.json))
        case .mapping(let members): return .object(members.map { JSONMember($0.key.string ?? "", $0.value.json) })
        case .alias: return .null
        }
    }
}

@Suite("docs/openapi.yaml says what is served, no more and no less")
struct OpenAPITests {
    @Test func `has each route of the table, and the table has each operation`() throws {
        let document = try OpenAPIDocument()
        let written = document.operations.filter { !$0.isDataPlane }.map(\.name)
        #expect(written.count == Set(written).count)
        #expect(Set(written) == Set(ControlPlaneRoute.all.map(\.name)))
        let ids = document.operations.map(\.id)
        #expect(ids.count == Set(ids).count && !ids.contains(""))
    }

    @Test func `names the parameters of each path and query, and who may call`() throws {
        let document = try OpenAPIDocument()
        for operation in document.operations where !operation.isDataPlane {
            let route = try #require(ControlPlaneRoute.all.first { $0.name == operation.name })
            let item = document.root["paths"]?[operation.path]
            let parameters =
                ((item?["parameters"]?.sequence.map(Array.init) ?? [])
                + (operation.node["parameters"]?.sequence.map(Array.init) ?? [])).compactMap { document.resolved($0) }
            let query = parameters.filter { $0["in"]?.string == "query" }.compactMap { $0["name"]?.string }
            #expect(Set(query) == Set(route.queryNames), "\(route.name)")
            let path = parameters.filter { $0["in"]?.string == "path" }.compactMap { $0["name"]?.string }
            #expect(path.allSatisfy { route.template.contains("{\($0)}") }, "\(route.name)")
            #expect(path.count == route.template.count { $0 == "{" }, "\(route.name)")
            let isOpen = operation.node["security"]?.sequence?.isEmpty ?? false
            #expect(isOpen == (route.access == .open), "\(route.name)")
            for permission in route.permission?.names ?? [] {
                #expect(
                    operation.node["description"]?.string?.contains("`\(permission)`") ?? false,
                    "\(route.name): \(permission)")
            }
        }
    }

    @Test func `has the same lists of values as the code`() throws {
        let schemas = try #require(try OpenAPIDocument().root["components"]?["schemas"])
        func values(_ node: Node?) -> Set<String> { Set(node?["enum"]?.sequence?.compactMap(\.string) ?? []) }
        #expect(values(schemas["Permission"]) == Set(PermissionSet.named.map(\.name)))
        #expect(values(schemas["AuditAction"]) == Set(AuditEvent.Action.allCases.map(\.rawValue)))
        #expect(values(schemas["ConnectionStatus"]) == Set(ConnectionStatus.allCases.map(\.rawValue)))
        #expect(
            values(schemas["StatusReason"]).subtracting(["null"]) == Set(StatusReason.allCases.map(\.rawValue)))
        #expect(
            values(schemas["TokenError"]?["properties"]?["error"]) == Set(TokenError.Code.allCases.map(\.rawValue)))
    }

    @Test func `is what the binary serves`() async throws {
        try await Rig.run { rig in
            let response = try await rig.send("GET", "/openapi.yaml", bearer: nil)
            #expect(response.status == 200)
            #expect(response.header("content-type") == "application/yaml")
            #expect(response.body == EmbeddedFiles.openAPI)
        }
    }

    /// Runs every control-plane operation from its example, as the head of the document says.
    @Test func `has examples that are true`() async throws {
        let document = try OpenAPIDocument()
        try await Rig.run { rig in
            rig.world.outbound.answer { (_) throws(OutboundError) in .test(200) }
            var replay = Replay(document: document, rig: rig)
            let operations = document.operations.filter { !$0.isDataPlane }
            for operation in operations where operation.method != "DELETE" {
                guard operation.path.hasSuffix("/refresh") else {
                    try await replay.run(operation)
                    continue
                }
                try await replay.linkWithToken()
                try await replay.run(operation)
                try await replay.unlink()
            }
            for operation in operations.reversed() where operation.method == "DELETE" {
                try await replay.run(operation)
            }
            #expect(replay.count == ControlPlaneRoute.all.count)
        }
    }

    /// The two shapes of a connection are one, but for how its refreshes stand.
    @Test func `a connection's detail has what a connection has, and its refreshes`() throws {
        let schemas = try #require(try OpenAPIDocument().root["components"]?["schemas"])
        func names(_ schema: String) -> [String] {
            schemas[schema]?["properties"]?.mapping?.compactMap { $0.key.string } ?? []
        }
        #expect(names("ConnectionDetail") == names("Connection") + ["refresh"])
        for name in names("Connection") {
            #expect(
                schemas["Connection"]?["properties"]?[name] == schemas["ConnectionDetail"]?["properties"]?[name],
                "\(name)")
        }
    }
}

/// Sends examples and compares the answers with theirs: the same members, the same kinds of values, the same texts but for
/// identifiers, instants and secrets.
private struct Replay {
    let document: OpenAPIDocument
    let rig: Rig
    /// Identifiers of the examples, and what they are in this run.
    var actual: [String: String] = [:]
    /// The connection that has a token.
    private var refreshed = ""
    var count = 0

    init(document: OpenAPIDocument, rig: Rig) {
        self.document = document
        self.rig = rig
    }

    mutating func run(_ operation: OpenAPIDocument.Operation) async throws {
        count += 1
        // Newest first is by the millisecond.
        rig.world.clock.advance(by: .milliseconds(2))
        let response = try await send(operation)
        let expected = try #require(document.success(of: operation), "\(operation.name)")
        #expect(response.status == expected.status, "\(operation.name): \(response)")
        guard expected.status != 204 else { return }
        guard operation.path.hasSuffix(".json") || !(operation.path == "/metrics" || operation.path == "/openapi.yaml")
        else {
            return
        }
        let answer = try response.json
        if let schema = expected.schema { checkMembers(answer, schema, operation.name) }
        if let example = expected.example?.json { compare(answer, example, operation.name) }
    }

    /// The account of the examples has nothing to refresh; this one has, and it goes again.
    mutating func linkWithToken() async throws {
        rig.world.outbound.answer { (sent) throws(OutboundError) in
            sent.request.url.path == "/token" ? .token("token-1", expiresIn: 3_600) : .test(200)
        }
        let integration = try await rig.send(
            "POST", "/v1/integrations",
            body: #"""
                {"name": "token", "provider": "generic-oauth2-client-credentials", "allows_plain_http": true,
                "allowed_networks": ["127.0.0.0/8"]}
                """#)
        actual["intg_01kat0d9r3g9s0t1v2w3x4y5z6"] = try #require(try integration.json["id"]?.string)
        let tenant = actual["tnt_01kat0c3m0e9y8x4t5v6w7z8ab"] ?? ""
        let connection = try await rig.send(
            "POST", "/v1/connections",
            body: #"""
                {"tenant_id": "\#(tenant)", "integration": "token", "secrets": {"client_secret": "s"}, "fields":
                {"base_url": "http://127.0.0.1:8443", "token_url": "http://127.0.0.1:8443/token", "client_id": "c"}}
                """#)
        refreshed = try #require(try connection.json["id"]?.string, "\(connection)")
        let now = rig.world.clock.wall.now()
        rig.world.refresher.answer { (stored) throws(RefreshError) in .test("token-2", of: stored, obtainedAt: now) }
    }

    /// Lists show the objects of the examples alone.
    mutating func unlink() async throws {
        #expect(try await rig.send("DELETE", "/v1/connections/\(refreshed)").status == 204)
        let integration = actual["intg_01kat0d9r3g9s0t1v2w3x4y5z6"] ?? ""
        #expect(try await rig.send("DELETE", "/v1/integrations/\(integration)").status == 204)
    }

    private func send(_ operation: OpenAPIDocument.Operation) async throws -> RawResponse {
        let filled =
            operation.path.hasSuffix("/refresh")
            ? "/v1/connections/\(refreshed)/refresh" : try filled(operation)
        let path = actual.reduce(filled) { $0.replacing($1.key, with: $1.value) }
        guard let content = operation.node["requestBody"]?["content"]?.mapping?.first else {
            return try await rig.send(operation.method, path)
        }
        let example = try #require(content.value["example"], "\(operation.name) has no example")
        let type = try #require(content.key.string)
        let text = type == "application/json" ? String(decoding: example.json.encoded, as: UTF8.self) : form(example)
        let body = actual.reduce(text) { $0.replacing($1.key, with: $1.value) }
        guard operation.path == "/oauth2/token" else {
            return try await rig.send(operation.method, path, body: body, type: type)
        }
        let key = rig.key.text.revealUTF8(for: .test) ?? ""
        return try await rig.send("POST", path, bearer: nil, body: body + "&client_secret=\(key)", type: type)
    }

    private func form(_ example: Node) -> String {
        (example.mapping ?? [:]).map { "\($0.key.string ?? "")=\($0.value.string ?? "")" }.joined(separator: "&")
    }

    /// The path with the example of its parameter.
    private func filled(_ operation: OpenAPIDocument.Operation) throws -> String {
        let parameters = document.root["paths"]?[operation.path]?["parameters"]?.sequence ?? []
        return parameters.compactMap { document.resolved($0) }.reduce(operation.path) { path, parameter in
            path.replacing("{\(parameter["name"]?.string ?? "")}", with: parameter["example"]?.string ?? "")
        }
    }

    /// Required members are there, and none that the schema lacks.
    private func checkMembers(_ answer: JSONValue, _ schema: Node, _ name: String) {
        let sent = Set((answer.members ?? []).map(\.key))
        let required = Set(schema["required"]?.sequence?.compactMap(\.string) ?? [])
        #expect(required.isSubset(of: sent), "\(name): \(required.subtracting(sent)) missing")
        guard schema["additionalProperties"]?.bool == false else { return }
        let known = Set(schema["properties"]?.mapping?.compactMap { $0.key.string } ?? [])
        #expect(sent.isSubset(of: known), "\(name): \(sent.subtracting(known)) unknown")
        for (key, property) in schema["properties"]?.mapping ?? [:] {
            guard let value = answer[key.string ?? ""], let schema = document.resolved(property) else { continue }
            if value.members != nil { checkMembers(value, schema, "\(name).\(key.string ?? "")") }
            guard let item = document.resolved(schema["items"]) else { continue }
            for element in value.elements ?? [] where element.members != nil { checkMembers(element, item, name) }
        }
    }

    private mutating func compare(_ answer: JSONValue, _ example: JSONValue, _ place: String) {
        switch (answer, example) {
        case (.object(let members), .object(let expected)):
            let (sent, wanted) = (Set(members.map(\.key)), Set(expected.map(\.key)))
            #expect(sent == wanted, "\(place): \(sent.symmetricDifference(wanted))")
            for member in expected {
                guard let value = answer[member.key] else { continue }
                compare(value, member.value, "\(place).\(member.key)")
            }
        case (.array(let elements), .array(let expected)):
            // A list may hold more than the example, which then stands for the newest.
            for (element, expected) in zip(elements, expected) { compare(element, expected, place) }
        case (.string(let text), .string(let expected)):
            compareText(text, expected, place)
        case (.int, .int), (.bool, .bool), (.null, .null):
            #expect(
                answer == example || place.hasSuffix(".version") || place.hasSuffix(".count"),
                "\(place): \(answer), not \(example)")
        case (_, .null), (.null, _):
            #expect(
                place.hasSuffix("_cursor") || place.hasSuffix("tenant_id") || place.hasSuffix("_at"),
                "\(place): \(answer), not \(example)")
        case (_, _):
            Issue.record("\(place): \(answer), not \(example)")
        }
    }

    private mutating func compareText(_ text: String, _ expected: String, _ place: String) {
        let isOurs = ["tnt_", "intg_", "conn_", "key_", "evt_", "sp_"].first { expected.hasPrefix($0) }
        if let isOurs {
            #expect(text.hasPrefix(isOurs), "\(place): \(text)")
            if actual[expected] == nil { actual[expected] = text }
        } else if place.hasSuffix("_at") || place.hasSuffix(".at") {
            #expect(text.hasSuffix("Z"), "\(place): \(text)")
        } else if !place.hasSuffix("access_token"), !place.hasSuffix("request_id"), !place.contains("listAuditEvents"),
            !place.contains("/v1/audit-events")
        {
            #expect(text == expected, "\(place)")
        }
    }
}
