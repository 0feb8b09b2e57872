import Domain
import NIOCore
import Testing

@testable import Proxy

/// One test for each way in which a caller or an upstream could get at the credential or past the rules.
@Suite("Refusing what would leak or stray")
struct ThreatTests {
    @Test func `drops what a caller must not decide, and injects last`() async throws {
        let (upstream, recorded) = try await Upstream.answering { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(
                try Gate.usable(
                    port: upstream.port,
                    headers: [
                        ("authorization", "Bearer \(Gate.secret)"), ("x-api-key", "key-0123456789"),
                        ("sap-client", "100"),
                    ]))
            _ = try await gate.ask(
                headers: """
                    X-Sallyport-Token: good\r
                    X_Api_Key: mine\r
                    X-API-KEY: mine\r
                    x-api_key: mine\r
                    SAP-Client: 999\r
                    sap_client: 999\r
                    Cookie: a=b\r
                    Forwarded: for=1.2.3.4\r
                    X-Forwarded-For: 1.2.3.4\r
                    X-Forwarded-Host: evil\r
                    X_Forwarded_Host: evil\r
                    X_Sallyport_Token: good\r
                    Content_Length: 77\r
                    Transfer_Encoding: chunked\r
                    Proxy-Authorization: Basic x\r
                    Via: 1.1 x\r
                    X-Real-IP: 1.2.3.4\r
                    TE: trailers\r
                    Keep-Alive: timeout=5\r
                    X-Kept: 1\r\n
                    """)
            let sent = try #require(recorded.last)
            #expect(sent.all("authorization") == ["Bearer \(Gate.secret)"])
            #expect(sent.all("x-api-key") == ["key-0123456789"])
            #expect(sent.all("sap-client") == ["100"])
            let names = Set(sent.headers.map(\.name))
            #expect(
                names == [
                    "host", "authorization", "x-api-key", "sap-client", "x-kept", "x-request-id", "traceparent",
                ])
        }
        try await upstream.stop()
    }

    @Test(arguments: ["Authorization", "authorization, x-api-key", "host", "content-length", "X-Request-Id, close"])
    func `keeps what is injected when Connection names it`(_ named: String) async throws {
        let (upstream, recorded) = try await Upstream.answering { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let answer = try await gate.ask(
                "POST", headers: "Connection: \(named)\r\nConnection: X-Hop\r\nX-Hop: 1\r\n", body: "abc")
            #expect(answer.status == 200)
            let sent = try #require(recorded.last)
            #expect(sent.all("authorization") == ["Bearer \(Gate.secret)"])
            #expect(sent["host"] == "127.0.0.1:\(upstream.port)")
            #expect(sent["x-hop"] == nil)
            #expect(sent.body == "abc")
        }
        try await upstream.stop()
    }

    @Test func `sends to the connection's own host whatever Host says`() async throws {
        let (upstream, recorded) = try await Upstream.answering { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let peer = try await gate.connect()
            peer.send(
                "GET /proxy/\(Gate.connection)/a HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer good\r\n\r\n")
            #expect(try await peer.message().status == 200)
            #expect(recorded.last?.all("host") == ["127.0.0.1:\(upstream.port)"])
            peer.close()
        }
        try await upstream.stop()
    }

    @Test func `puts the key into the query, whatever the caller wrote there`() async throws {
        let (upstream, recorded) = try await Upstream.answering { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(
                try Gate.usable(port: upstream.port, headers: [], query: [(name: "api_key", value: "secret%2Bkey-1")]))
            let cases = [
                ("", "?api_key=secret%2Bkey-1"),
                ("?a=b", "?a=b&api_key=secret%2Bkey-1"),
                ("?api_key=mine", "?api_key=secret%2Bkey-1"),
                ("?a=b&API_KEY=mine&c=d", "?a=b&c=d&api_key=secret%2Bkey-1"),
                ("?api%5Fkey=mine&c", "?c&api_key=secret%2Bkey-1"),
                ("?a=b;api_key=mine;c=d", "?a=b;c=d&api_key=secret%2Bkey-1"),
            ]
            for (query, expected) in cases {
                _ = try await gate.ask("GET", "/a\(query)")
                #expect(recorded.last?.target == "/a\(expected)")
            }
        }
        try await upstream.stop()
    }

    @Test func `hands no credential back in a header`() async throws {
        let (upstream, _) = try await Upstream.answering { request in
            let sent = request["authorization"] ?? ""
            return ok(
                "ok",
                "Authorization: \(sent)\r\nX-Echo: \(sent)\r\nX-Part: token=\(Gate.secret);\r\nX-Fine: upstream\r\n"
                    + "Set-Cookie: session=1\r\nSet-Cookie2: x\r\nWWW-Authenticate: Basic\r\nProxy-Authenticate: Basic\r\n"
                    + "Authentication-Info: x\r\nAlt-Svc: h3=\":443\"\r\nStrict-Transport-Security: max-age=1\r\n"
                    + "Clear-Site-Data: \"*\"\r\nPublic-Key-Pins: x\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 1\r\n"
            )
        }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let answer = try await gate.ask()
            #expect(answer.status == 200)
            #expect(Set(answer.headers.map(\.name)) == ["x-fine", "x-request-id", "content-length"])
        }
        try await upstream.stop()
    }

    @Test func `finds a Basic password in each form in which it could come back`() async throws {
        // user:correct-horse
        let basic = "dXNlcjpjb3JyZWN0LWhvcnNl"
        let (upstream, _) = try await Upstream.answering { _ in
            ok(
                "ok",
                "X-A: Basic \(basic)\r\nX-B: \(basic)\r\nX-C: user:correct-horse\r\nX-D: <correct-horse>\r\nX-E: horse\r\n"
            )
        }
        try await Gate.with { gate in
            gate.opening.put(
                try Gate.usable(port: upstream.port, headers: [("authorization", "Basic \(basic)")], fetchable: false))
            let answer = try await gate.ask()
            #expect(Set(answer.headers.map(\.name)) == ["x-e", "x-request-id", "content-length"])
        }
        try await upstream.stop()
    }

    @Test(arguments: [
        ("/b?c=d#e", "/proxy/\(Gate.connection)/b?c=d#e"), ("b/c", "b/c"), ("?x", "?x"),
        ("http://127.0.0.1:PORT/base/b", "/proxy/\(Gate.connection)/b"),
        ("//127.0.0.1:PORT/base/b", "/proxy/\(Gate.connection)/b"),
        ("HTTP://127.0.0.1:PORT/base", "/proxy/\(Gate.connection)"),
    ])
    func `brings redirects of the same origin back to the proxy`(_ location: String, _ expected: String) async throws {
        let prefix = location == "/b?c=d#e" ? "/base" : ""
        let (upstream, _) = try await Upstream.answering { request in
            let port = request["host"]?.split(separator: ":").last ?? ""
            return
                "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: \(prefix)\(location.replacing("PORT", with: port))\r\n\r\n"
        }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port, path: "/base"))
            let answer = try await gate.ask()
            #expect(answer.status == 302)
            #expect(answer["location"] == expected)
        }
        try await upstream.stop()
    }

    @Test(arguments: [
        "http://evil.example/", "https://127.0.0.1:PORT/base/", "http://127.0.0.1:1/base/", "//evil.example/",
        "/outside",
        "/basement", "/base/../x", "http://u@127.0.0.1:PORT/base/", "javascript:alert(1)", "/base\\..\\x", "../x",
        "/base/%2e%2e/x",
    ])
    func `refuses redirects that lead elsewhere`(_ location: String) async throws {
        let (upstream, recorded) = try await Upstream.answering { request in
            let port = request["host"]?.split(separator: ":").last ?? ""
            let status = request.method == "POST" ? "201 Created" : "307 Temporary Redirect"
            return
                "HTTP/1.1 \(status)\r\nContent-Length: 0\r\nLocation: \(location.replacing("PORT", with: port))\r\n\r\n"
        }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port, path: "/base"))
            let answer = try await gate.ask()
            #expect(answer.status == 502)
            #expect(answer.body.contains("upstream_redirect_refused"))
            #expect(!answer.body.contains("evil"))
            let created = try await gate.ask("POST", body: "x")
            #expect(created.status == 201)
            #expect(created["location"] == nil)
            #expect(recorded.all.count == 2)
        }
        try await upstream.stop()
    }

    @Test(arguments: ["TRACE", "TRACK", "CONNECT", "PROPFIND", "get", "X"])
    func `refuses methods outside the list`(_ method: String) async throws {
        let (upstream, recorded) = try await Upstream.answering { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let answer = try await gate.ask(method)
            #expect(answer.status == 405)
            #expect(answer["allow"]?.contains("MERGE") == true)
            #expect(recorded.all.isEmpty)
        }
        try await upstream.stop()
    }

    @Test func `refuses to change the protocol`() async throws {
        try await Gate.with { gate in
            let answer = try await gate.ask(headers: "Connection: Upgrade\r\nUpgrade: websocket\r\n")
            #expect(answer.status == 400)
            #expect(answer.body.contains("upgrade_refused"))
        }
    }

    @Test(arguments: ["/..", "/a/%2e%2E/b", "//b", "/a%2fb", "/a\\b", "/a%00", "/..;/b"])
    func `sends no path that could mean another`(_ path: String) async throws {
        let (upstream, recorded) = try await Upstream.answering { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let answer = try await gate.ask("GET", path)
            #expect(answer.status == 400)
            #expect(answer.body.contains("bad_path"))
            #expect(recorded.all.isEmpty)
        }
        try await upstream.stop()
    }

    @Test(arguments: RequestParserTests.refused.filter { $0.refusal != .badChunk })
    func `answers a malformed request with 4xx or 505 and ends the connection`(
        _ message: RequestParserTests.Refused
    ) async throws {
        try await Gate.with { gate in
            let peer = try await gate.connect()
            peer.send(message.bytes)
            let answer = Message(head: try await peer.take(through: "\r\n\r\n"))
            #expect((400..<432).contains(answer.status) || answer.status == 505)
            #expect(answer["connection"] == "close")
            #expect(answer["content-type"] == "application/problem+json")
            peer.close()
        }
    }

    @Test func `cuts the upstream off when the caller's chunks break`() async throws {
        let upstream = try await Upstream.start { peer in
            try await peer.take(through: "abc")
            _ = try await peer.takeToEnd()
        }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let peer = try await gate.connect()
            peer.send(
                "POST /proxy/\(Gate.connection)/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            peer.send("zz\r\n")
            let answer = try await peer.message()
            #expect(answer.status == 400)
            #expect(answer["connection"] == "close")
            peer.close()
        }
        try await upstream.stop()
    }

    static let destinations: [(host: String, networks: [String], code: String)] = [
        ("127.0.0.1", [], "destination_refused"), ("127.0.0.1", ["10.0.0.0/8"], "destination_refused"),
        ("localhost", [], "destination_refused"), ("169.254.169.254", ["0.0.0.0/0"], "destination_refused"),
        ("::1", [], "destination_refused"), ("::ffff:127.0.0.1", [], "destination_refused"),
        ("no-such-host.invalid", ["0.0.0.0/0"], "upstream_unresolvable"),
    ]

    @Test(arguments: destinations)
    func `connects only where the destination policy allows`(
        _ destination: (host: String, networks: [String], code: String)
    ) async throws {
        try await Gate.with { gate in
            let usable = UsableConnectionMaker.to(destination.host, networks: destination.networks)
            gate.opening.put(usable)
            let answer = try await gate.ask()
            #expect(answer.status == 502)
            #expect(answer.body.contains(destination.code))
        }
    }

    @Test func `speaks plain HTTP only where it is allowed`() async throws {
        let (upstream, recorded) = try await Upstream.answering { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port, plainHTTP: false))
            let answer = try await gate.ask()
            #expect(answer.body.contains("destination_refused"))
            #expect(recorded.all.isEmpty)
        }
        try await upstream.stop()
    }

    @Test func `injects nothing that could end a header`() async throws {
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: 1, headers: [("authorization", "Bearer x\r\nX-Evil: 1")]))
            let answer = try await gate.ask()
            #expect(answer.status == 500)
            #expect(answer.body.contains("credential_unreadable"))
        }
    }
}
