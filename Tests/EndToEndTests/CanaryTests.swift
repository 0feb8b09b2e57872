import StrictJSON
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Marked secrets are sent through every route and every error, and found nowhere")
    struct CanaryTests {
        @Test func `in no answer, log line, metric, audit event, table, argument or variable`() async throws {
            let sap = try await Peers.basicSAP.value
            try await FakeUpstream.with { upstream in
                try await Site.with { site in
                    try await site.serving(["log.level": "trace", "limits.max_body_bytes": "64KiB"]) { instance in
                        var run = Canaries(instance: instance)
                        try await run.accounts(upstream, sap.port)
                        try await run.everyRoute(OpenAPIDocument())
                        try await run.brokenBodies()
                        try await run.tokenEndpoint()
                        try await run.dataPlane(OpenAPIDocument())
                        try await run.collect(site)
                        #expect(run.marks.count > 100)
                        // The marks were live: the upstream got them.
                        let sent = upstream.script.now.authorizations
                        #expect(sent.contains("Basic " + Base64Text.encoded("user:\(run.marks["new password"] ?? "")")))
                        #expect(sent.contains(run.marks["new api_key"] ?? ""))
                        #expect(
                            sent.contains("Basic " + Base64Text.encoded("own:\(run.marks["new client_secret"] ?? "")")))
                        #expect(run.places["log"]?.contains("sallyport") ?? false, "there is a log to search")
                        for place in run.places.keys.sorted() {
                            let text = run.places[place] ?? ""
                            let found = run.marks.filter { text.contains($0.value) }.map(\.key).sorted()
                            #expect(found == [], "\(place) holds \(found)")
                            for (name, form) in run.encodedMarks where text.contains(form) {
                                Issue.record("\(place) holds \(name), encoded")
                            }
                        }
                    }
                }
            }
        }

        /// The API key that is shown once, and nothing of it afterwards.
        @Test func `an API key is shown when it is made, and never again`() async throws {
            try await Site.with { site in
                try await site.serving(["log.level": "trace"]) { instance in
                    let created = try await instance.expect(
                        201, "POST", "/v1/api-keys", ["name": "k", "permissions": ["tenants:read"]])
                    let key = try #require(created["key"]?.string)
                    let secret = String(key.split(separator: "_").last ?? "")
                    try await instance.expect(200, "GET", "/v1/tenants", key: key)
                    let wrong = String(key.dropLast(3)) + "xyz"
                    for path in ["/v1/api-keys", "/v1/api-keys/\(created["id"]?.string ?? "")", "/v1/audit-events"] {
                        #expect(try await !instance.api("GET", path).text.contains(secret), "\(path)")
                    }
                    #expect(try await instance.api("GET", "/v1/tenants", key: wrong).status == 401)
                    let dump = try await Self.dump(site)
                    for (place, text) in ["log": instance.process.errors, "dump": dump] {
                        #expect(!text.contains(secret) && !text.contains(String(wrong.suffix(20))), "\(place)")
                    }
                }
            }
        }

        static func dump(_ site: Site) async throws -> String {
            let ending = try await TestProcess.run("pg_dump", ["--dbname=\(site.superuserURL)"])
            try #require(ending.status == 0, "\(ending)")
            try #require(ending.output.contains("COPY sallyport.credentials"))
            return ending.output
        }
    }
}

/// Sends marks and gathers what came back.
private struct Canaries {
    let instance: Instance
    /// Each mark by the place it was sent in; every one is unique.
    private(set) var marks: [String: String] = [:]
    /// What was found, by where.
    private(set) var places: [String: String] = [:]
    private var tenant = ""
    private var connections: [String] = []
    private var integration = ""
    private var token = ""

    init(instance: Instance) { self.instance = instance }

    /// What an encoder would make of a mark.
    var encodedMarks: [(name: String, form: String)] {
        marks.flatMap { mark in
            let base64 = Base64Text.encoded(mark.value)
            let hex = mark.value.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            // The end of a Base64 text depends on what follows; so it is left out.
            return [(mark.key, String(base64.dropLast(4))), (mark.key, hex)]
        }
    }

    private mutating func mark(_ place: String) -> String {
        let text =
            "Canary\(String(UInt64.random(in: 0 ... .max), radix: 36))\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        marks[place] = text
        return text
    }

    private mutating func note(_ place: String, _ answer: WireAnswer?) {
        places[place, default: ""] += answer.map { "\($0.head)\n\n\($0.text)\n" } ?? ""
    }

    // MARK: Accounts that hold marks

    mutating func accounts(_ upstream: FakeUpstream, _ sapPort: Int) async throws {
        tenant = try await instance.tenant("t")
        for provider in ["generic-basic", "generic-api-key"] { _ = try await instance.integration(provider, provider) }
        integration = try await instance.integration(
            "generic-oauth2-client-credentials", "generic-oauth2-client-credentials",
            [
                ("allows_token_fetch", true), ("client_id", "shared"), ("client_secret", .string(mark("integration"))),
                ("base_url", .string(upstream.base)), ("token_url", .string(upstream.base + "/token")),
            ])
        _ = try await instance.integration("s4", "sap-s4hana-basic", [("base_url", "http://{host}")])
        connections.append(
            try await instance.fakeBasic(tenant, "generic-basic", upstream, password: mark("basic password")))
        connections.append(
            try await instance.create(
                "/v1/connections",
                [
                    "tenant_id": .string(tenant), "integration": "generic-api-key",
                    "fields": ["base_url": .string(upstream.base)], "secrets": ["api_key": .string(mark("api key"))],
                ]))
        connections.append(
            try await instance.create(
                "/v1/connections",
                [
                    "tenant_id": .string(tenant), "integration": "generic-oauth2-client-credentials",
                    "fields": [
                        "base_url": .string(upstream.base), "token_url": .string(upstream.base + "/token"),
                        "client_id": "own",
                    ],
                    "secrets": ["client_secret": .string(mark("client secret"))],
                ]))
        note(
            "refused account",
            try await instance.api(
                "POST", "/v1/connections",
                instance.basicAccount(tenant, "s4", port: sapPort, password: mark("refused password"))))
        for connection in connections {
            let field = ["password", "api_key", "client_secret"][connections.firstIndex(of: connection) ?? 0]
            let change: JSONValue = [
                "secrets": .object([JSONMember(field, .string(mark("new \(field)")))]), "verify": true,
            ]
            note("change", try await instance.api("PATCH", "/v1/connections/\(connection)", change))
            note("verify", try await instance.api("POST", "/v1/connections/\(connection)/verify"))
        }
        upstream.script.withLock { $0.status = 500 }
        for connection in connections {
            note("failed verify", try await instance.api("POST", "/v1/connections/\(connection)/verify"))
        }
        upstream.script.withLock { $0.status = 0 }
    }

    // MARK: Every route, in headers, path, query and body

    mutating func everyRoute(_ document: OpenAPIDocument) async throws {
        for operation in document.operations where !operation.isDataPlane {
            let path = operation.filled()
            let name = operation.description
            note(
                name,
                try await WireHTTP.send(
                    operation.method, path, port: instance.control,
                    headers: [
                        "Authorization: Bearer \(mark("\(name) bearer"))", "Cookie: session=\(mark("\(name) cookie"))",
                        "X-Api-Key: \(mark("\(name) field"))",
                        "traceparent: 00-\(mark("\(name) trace"))-0000000000000001-01",
                        "If-Match: \"\(mark("\(name) etag"))\"",
                    ]))
            note(name, try await instance.api(operation.method, "\(path)?token=\(mark("\(name) query"))"))
            note(name, try await instance.api(operation.method, "\(path)/\(mark("\(name) path"))"))
            guard operation.method == "POST" || operation.method == "PATCH" else { continue }
            let body: JSONValue = [
                "password": .string(mark("\(name) unknown member")), "secrets": .string(mark("\(name) wrong type")),
                "client_secret": [.string(mark("\(name) nested"))],
                "fields": .object([
                    JSONMember(mark("\(name) key"), "x"), JSONMember("host", .string(mark("\(name) host"))),
                ]),
                "integration": .string(mark("\(name) reference")), "tenant_id": .string(mark("\(name) tenant")),
            ]
            note(name, try await instance.api(operation.method, path, body))
        }
    }

    mutating func brokenBodies() async throws {
        let whole: [(String, String)] = [
            ("cut short", "{\"secrets\":{\"password\":\"MARK"), ("raw", "MARK"), ("twice", "{\"MARK\":1,\"MARK\":2}"),
            ("bad escape", "{\"password\":\"\\qMARK\"}"), ("control character", "{\"password\":\"MARK\u{1}\"}"),
            ("too large", "{\"password\":\"MARK" + String(repeating: "a", count: 70_000) + "\"}"),
        ]
        for (name, text) in whole {
            for path in ["/v1/connections", "/v1/integrations", "/v1/api-keys"] {
                let body = Array(text.replacing("MARK", with: mark("\(name) \(path)")).utf8)
                note(
                    "broken body",
                    try await WireHTTP.send(
                        "POST", path, port: instance.control,
                        headers: ["Authorization: Bearer \(instance.key)", "Content-Type: application/json"], body: body
                    ))
            }
        }
        let misplaced: JSONValue = [
            "tenant_id": .string(tenant), "integration": "generic-basic",
            "fields": [
                "base_url": .string("http://\(mark("a host that isn't there")).invalid"), "username": "u",
                "password": .string(mark("a secret under fields")),
            ],
            "secrets": [
                "username": .string(mark("a plain field under secrets")),
                "nonsense": .string(mark("an unknown secret")),
            ],
        ]
        note("misplaced", try await instance.api("POST", "/v1/connections", misplaced))
        let unreachable: JSONValue = [
            "tenant_id": .string(tenant), "integration": "generic-basic",
            "fields": ["base_url": "http://127.0.0.1:1", "username": "u"],
            "secrets": ["password": .string(mark("an unreachable host"))],
        ]
        note("unreachable", try await instance.api("POST", "/v1/connections", unreachable))
        let refused: JSONValue = [
            "tenant_id": .string(tenant), "integration": "generic-basic",
            "fields": ["base_url": "http://10.0.0.1", "username": "u"],
            "secrets": ["password": .string(mark("a refused address"))],
        ]
        note("refused", try await instance.api("POST", "/v1/connections", refused))
    }

    mutating func tokenEndpoint() async throws {
        let forms = [
            "grant_type=client_credentials&client_secret=\(mark("form secret"))",
            "grant_type=\(mark("grant type"))&client_secret=\(instance.key)",
            "grant_type=client_credentials&client_secret=\(instance.key)&scope=\(mark("scope"))&tenant_id=\(tenant)",
            "grant_type=client_credentials&client_secret=\(instance.key)&tenant_id=\(mark("form tenant"))",
            "grant_type=client_credentials&client_secret=\(instance.key)&authorization_details=\(mark("details"))",
            "\(mark("parameter"))=1", "client_secret=%zz\(mark("bad escape"))",
        ]
        for form in forms {
            note(
                "token endpoint",
                try await WireHTTP.send(
                    "POST", "/oauth2/token", port: instance.control,
                    headers: ["Content-Type: application/x-www-form-urlencoded"], body: Array(form.utf8)))
        }
        let basic = Base64Text.encoded("key_01kat0g5m6n7p8q9r0s1t2v3wx:\(mark("basic secret"))")
        note(
            "token endpoint",
            try await WireHTTP.send(
                "POST", "/oauth2/token", port: instance.control,
                headers: ["Content-Type: application/x-www-form-urlencoded", "Authorization: Basic \(basic)"],
                body: Array("grant_type=client_credentials".utf8)))
    }

    mutating func dataPlane(_ document: OpenAPIDocument) async throws {
        token = try await instance.callerToken(tenant)
        marks["caller token"] = String(token.split(separator: ".").last ?? "")
        for (index, connection) in connections.enumerated() {
            for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
                let path = "/a?secret=\(mark("proxy query \(index) \(method)"))"
                let answer = try await instance.proxy(
                    connection, path, method: method, token: token,
                    headers: [
                        "X-Secret: \(mark("proxy field \(index) \(method)"))",
                        "Cookie: a=\(mark("proxy cookie \(index) \(method)"))",
                    ],
                    body: method == "POST" ? Array(mark("proxy body \(index)").utf8) : nil)
                // The fake upstream's answer shows the target, which is the caller's own.
                note("proxy", answer.header("content-type") == "application/json" ? nil : answer)
            }
            note("bad path", try await instance.proxy(connection, "/../\(mark("bad path \(index)"))", token: token))
            note("bad token", try await instance.proxy(connection, "/a", token: mark("bad token \(index)")))
            note(
                "token fetch",
                try await instance.fetchToken(connection, token: mark("token fetch bearer \(index)")))
        }
        let garbage =
            "GET /\(mark("garbage")) HTTP/1.1\r\nHost: a\r\nAuthorization : \(mark("malformed field"))\r\n\r\n"
        note("garbage", try await WireHTTP.exchange(Array(garbage.utf8), port: instance.data))
        note("garbage", try await WireHTTP.exchange(Array(garbage.utf8), port: instance.control))
    }

    // MARK: Looking

    mutating func collect(_ site: Site) async throws {
        // What the data plane counted is written with the next tick.
        try await eventually(within: .seconds(20)) { try await !instance.auditEvents("proxy.used").isEmpty }
        places["metrics"] = try await WireHTTP.send("GET", "/metrics", port: instance.control).text
        places["audit events"] = String(
            decoding: JSONValue.array(try await instance.auditEvents()).encoded, as: UTF8.self)
        places["connections"] = try await instance.api("GET", "/v1/connections?limit=200").text
        places["integrations"] = try await instance.api("GET", "/v1/integrations?limit=200").text
        places["dump"] = try await EndToEnd.CanaryTests.dump(site)
        places["log"] = instance.process.errors + instance.process.output
        let id = instance.process.id
        places["command line"] = String(decoding: TextFiles.bytes("/proc/\(id)/cmdline"), as: UTF8.self)
        places["environment"] = String(decoding: TextFiles.bytes("/proc/\(id)/environ"), as: UTF8.self)
        marks["API key"] = String(instance.key.split(separator: "_").last ?? "")
    }
}
