import StrictJSON
import TestSupport
import Testing

extension EndToEnd {
    @Suite("docs/openapi.yaml is true: the binary answers each operation as it says")
    struct OpenAPIReplayTests {
        @Test func `every operation, replayed from its example, answers by its schema`() async throws {
            let document = try OpenAPIDocument()
            try await FakeUpstream.with { upstream in
                try await Site.with { site in
                    try await site.serving { instance in
                        var replay = Replay(document: document, instance: instance, upstream: upstream)
                        try await replay.runAll()
                        #expect(replay.answered == document.operations.count)
                        #expect(replay.faults == [])
                    }
                }
            }
        }

        @Test func `the document that is served is the one in docs, to the byte`() async throws {
            try await Site.with { site in
                try await site.serving { instance in
                    let answer = try await WireHTTP.send("GET", "/openapi.yaml", port: instance.control)
                    #expect(answer.status == 200)
                    #expect(answer.body == TextFiles.bytes(OpenAPIDocument.file))
                }
            }
        }

        @Test func `the checker refuses what a schema forbids`() throws {
            let document = try OpenAPIDocument()
            func faults(_ value: JSONValue, _ schema: String) -> Int {
                var check = SchemaCheck(document: document)
                check.check(value, ["$ref": .string("#/components/schemas/\(schema)")], "")
                return check.faults.count
            }
            let id: JSONValue = "tnt_01kat0c3m0e9y8x4t5v6w7z8ab"
            let good: JSONValue = ["id": id, "name": "a", "external_id": .null, "created_at": "2026-11-24T09:00:00Z"]
            #expect(faults(good, "Tenant") == 0)
            #expect(faults(["id": id, "name": "a", "external_id": .null], "Tenant") == 1)
            #expect(
                faults(["id": "tnt_x", "name": "", "external_id": 1, "created_at": "now", "more": 1], "Tenant") == 5)
            #expect(faults(["status": "fine"], "Health") == 1)
            #expect(faults([1], "Tenant") > 0)
        }
    }
}

/// Sends the examples, in the order that the head of the document tells.
private struct Replay {
    let document: OpenAPIDocument
    let instance: Instance
    let upstream: FakeUpstream
    /// What the identifiers of the examples are in this run.
    private var actual: [String: String] = [:]
    private var callerToken = ""
    private var tokenConnection = ""
    private(set) var answered = 0
    private(set) var faults: [String] = []

    init(document: OpenAPIDocument, instance: Instance, upstream: FakeUpstream) {
        self.document = document
        self.instance = instance
        self.upstream = upstream
        actual["127.0.0.1:8443"] = "127.0.0.1:\(upstream.port)"
    }

    mutating func runAll() async throws {
        let operations = document.operations
        for operation in operations where operation.method != "DELETE" || operation.isDataPlane {
            try await run(operation)
            if operation.method == "POST", operation.path == "/v1/connections" { try await linkWithToken() }
            if operation.path == "/oauth2/token" { try await takeToken() }
        }
        try await instance.expect(204, "DELETE", "/v1/connections/\(tokenConnection)")
        for operation in operations.reversed() where operation.method == "DELETE" && !operation.isDataPlane {
            try await run(operation)
        }
    }

    /// The account of the examples has no token to fetch; this one has.
    private mutating func linkWithToken() async throws {
        _ = try await instance.integration(
            "token", "generic-oauth2-client-credentials", [("allows_token_fetch", true)])
        let base = JSONValue.string(upstream.base)
        let tenant = actual["tnt_01kat0c3m0e9y8x4t5v6w7z8ab"] ?? ""
        tokenConnection = try await instance.create(
            "/v1/connections",
            [
                "tenant_id": .string(tenant), "integration": "token",
                "fields": ["base_url": base, "token_url": .string(upstream.base + "/token"), "client_id": "c"],
                "secrets": ["client_secret": "s"],
            ])
    }

    private mutating func takeToken() async throws {
        callerToken = try await instance.callerToken(actual["tnt_01kat0c3m0e9y8x4t5v6w7z8ab"] ?? "")
    }

    private mutating func run(_ operation: OpenAPIDocument.Operation) async throws {
        let answer = try await send(operation)
        answered += 1
        if operation.path.hasPrefix("/proxy/") {
            // Whatever the upstream answers; it must be the upstream that answered.
            if answer.status != 200 || answer.header("content-type") == "application/problem+json" {
                faults.append("\(operation): \(answer)")
            }
            return
        }
        let expected = document.success(operation)
        if answer.status != expected {
            faults.append("\(operation): \(answer.status), not \(expected ?? 0): \(answer)")
        }
        try check(answer, operation)
    }

    private mutating func check(_ answer: WireAnswer, _ operation: OpenAPIDocument.Operation) throws {
        guard let response = document.response(operation, answer.status) else {
            faults.append("\(operation): \(answer.status) is not documented")
            return
        }
        checkHeaders(answer, response, operation)
        guard let content = response["content"]?.members?.first else {
            if !answer.body.isEmpty { faults.append("\(operation): a body that is not documented") }
            return
        }
        let type = answer.header("content-type")?.prefix { $0 != ";" }
        if type.map(String.init) != content.key {
            faults.append("\(operation): \(type ?? "no type"), not \(content.key)")
        }
        guard content.key.hasSuffix("json") else { return }
        let json = try answer.json
        var check = SchemaCheck(document: document)
        check.check(json, content.value["schema"] ?? .null, operation.description)
        faults += check.faults
        if let example = content.value["example"] {
            learn(json, example)
            check = SchemaCheck(document: document)
            check.check(example, content.value["schema"] ?? .null, "the example of \(operation)")
            faults += check.faults
            compareKeys(json, example, operation.description)
        }
    }

    private mutating func checkHeaders(
        _ answer: WireAnswer, _ response: JSONValue, _ operation: OpenAPIDocument.Operation
    ) {
        if answer.header("x-request-id") == nil { faults.append("\(operation): no x-request-id") }
        for member in response["headers"]?.members ?? [] where member.key != "retry-after" || answer.status == 503 {
            let schema = document.resolved(member.value)["schema"] ?? .null
            guard let value = answer.header(member.key) else {
                faults.append("\(operation): no \(member.key)")
                continue
            }
            var check = SchemaCheck(document: document)
            check.check(.string(value), schema, "\(operation) \(member.key)")
            faults += check.faults
        }
    }

    /// An example shows each member that the answer has, and no other.
    private mutating func compareKeys(_ answer: JSONValue, _ example: JSONValue, _ place: String) {
        switch (answer, example) {
        case (.object(let members), .object(let expected)):
            if Set(members.map(\.key)) != Set(expected.map(\.key)), !place.hasSuffix("/fields") {
                faults.append("\(place): the example has other members")
            }
            for member in members where example[member.key] != nil {
                compareKeys(member.value, example[member.key] ?? .null, "\(place)/\(member.key)")
            }
        case (.array(let elements), .array(let expected)):
            if let element = elements.first, let first = expected.first { compareKeys(element, first, "\(place)/0") }
        default: return
        }
    }

    /// Remembers what the identifiers of an example are here.
    private mutating func learn(_ answer: JSONValue, _ example: JSONValue) {
        for member in example.members ?? [] {
            guard let value = answer[member.key] else { continue }
            let expected = member.value.string ?? ""
            if member.key == "id", actual[expected] == nil, let text = value.string { actual[expected] = text }
        }
    }

    // MARK: Sending

    private func send(_ operation: OpenAPIDocument.Operation) async throws -> WireAnswer {
        var path = substituted(operation.filled())
        // The account of the examples has no token to refresh or to fetch.
        if operation.path.hasSuffix("/refresh") || (operation.path.hasSuffix("/token") && operation.isDataPlane) {
            path = operation.filled(["connection_id": tokenConnection])
        }
        let body = body(of: operation)
        var headers: [String] = []
        if let type = body?.type { headers.append("Content-Type: \(type)") }
        if operation.isDataPlane {
            headers.append("Authorization: Bearer \(callerToken)")
            return try await WireHTTP.send(
                operation.method, path, port: instance.data, headers: headers, body: body?.bytes)
        }
        let isOpen = operation.node["security"]?.elements?.isEmpty ?? false
        if !isOpen { headers.append(authorization(operation)) }
        return try await WireHTTP.send(
            operation.method, path, port: instance.control, headers: headers, body: body?.bytes)
    }

    private func authorization(_ operation: OpenAPIDocument.Operation) -> String {
        guard operation.path == "/oauth2/token" else { return "Authorization: Bearer \(instance.key)" }
        let id = String(instance.key.dropFirst(3).prefix { $0 != "_" })
        return "Authorization: Basic " + Base64Text.encoded("key_\(id):\(instance.key)")
    }

    private func body(of operation: OpenAPIDocument.Operation) -> (type: String, bytes: [UInt8])? {
        guard let content = operation.node["requestBody"].map(document.resolved)?["content"]?.members?.first else {
            return nil
        }
        if content.key == "*/*" { return ("application/json", Array("{}".utf8)) }
        guard let example = content.value["example"] else { return (content.key, []) }
        if content.key == "application/json" {
            return (content.key, Array(substituted(String(decoding: example.encoded, as: UTF8.self)).utf8))
        }
        let pairs = (example.members ?? []).map { "\($0.key)=\($0.value.string ?? "")" }
        return (content.key, Array(substituted(pairs.joined(separator: "&")).utf8))
    }

    private func substituted(_ text: String) -> String {
        actual.reduce(text) { $0.replacing($1.key, with: $1.value) }
    }
}
