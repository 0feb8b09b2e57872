import Connections
import Domain
import NIOCore
import Observability
import Synchronization
import Testing

@testable import Proxy

@Suite("Letting callers in")
struct CallerAccessTests {
    static let protected = DataPlaneRoute.allCases.filter(\.needsCaller)

    static func request(_ route: DataPlaneRoute, _ connection: ConnectionID = Gate.connection) -> (String, String) {
        switch route {
        case .proxy: ("GET", "/proxy/\(connection)/a")
        case .tokenFetch: ("POST", "/v1/connections/\(connection)/token")
        case .live: ("GET", "/health/live")
        case .issue: ("POST", "/oauth2/token")
        }
    }

    @Test(arguments: protected)
    func `asks every route's caller for a token`(_ route: DataPlaneRoute) async throws {
        try await Gate.with { gate in
            let (method, target) = Self.request(route)
            for headers in [
                "", "Authorization: Basic Z29vZA==\r\n", "Authorization: Bearer\r\n", "Authorization: good\r\n",
            ] {
                let answer = try await gate.send(method, target, token: nil, headers: headers)
                #expect(answer.status == 401)
                #expect(answer["www-authenticate"] == "Bearer")
            }
            let query = try await gate.send(method, target + "?access_token=good&token=good", token: nil)
            #expect(query.status == 401)
        }
    }

    @Test(arguments: protected)
    func `refuses a token that isn't valid`(_ route: DataPlaneRoute) async throws {
        try await Gate.with { gate in
            let (method, target) = Self.request(route)
            gate.tokens.set("old", Gate.token(expiresAt: Timestamp(seconds: 1_799_999_999)))
            for (token, headers) in [
                ("wrong", ""), ("old", ""), ("good", "Authorization: Bearer good\r\n"),
                ("good", "X-Sallyport-Token: bad\r\n"),
                ("good", "X-Sallyport-Token: good\r\nX-Sallyport-Token: good\r\n"),
                ("good", "X-Sallyport-Token:\r\n"), (String(repeating: "x", count: 5_000), ""), ("good,good", ""),
                ("good good", ""),
            ] {
                let answer = try await gate.send(method, target, token: token, headers: headers)
                #expect(answer.status == 401, "\(token.prefix(20)) \(headers)")
                #expect(answer["www-authenticate"] == "Bearer error=\"invalid_token\"")
                #expect(!answer.body.contains(token))
            }
        }
    }

    @Test func `takes the token from its own header, and neither reaches the upstream`() async throws {
        let (upstream, recorded) = try await Upstream.answering { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port, headers: [("x-api-key", "0123456789")]))
            for (token, headers) in [
                (nil, "X-Sallyport-Token: good\r\n"), ("upstream", "x-sallyport-token: good\r\n"), ("good", ""),
            ] as [(String?, String)] {
                #expect(try await gate.ask(token: token, headers: headers).status == 200)
                #expect(recorded.last?["authorization"] == nil)
                #expect(recorded.last?["x-sallyport-token"] == nil)
            }
        }
        try await upstream.stop()
    }

    @Test(arguments: protected)
    func `knows nothing of another tenant's connection, cached or not`(_ route: DataPlaneRoute) async throws {
        let (upstream, recorded) = try await Upstream.answering { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            gate.tokens.set("elsewhere", Gate.token(environment: EnvironmentID(high: 9, low: 9)))
            gate.tokens.set(
                "every-tenant-elsewhere", Gate.token(tenant: nil, environment: EnvironmentID(high: 9, low: 9)))
            // Of the same API key as the owner's token.
            gate.tokens.set("same-key", Gate.token(tenant: Gate.otherTenant))
            let (method, target) = Self.request(route)
            func check() async throws {
                for token in ["other", "elsewhere", "every-tenant-elsewhere", "same-key"] {
                    let answer = try await gate.send(method, target, token: token)
                    #expect(answer.status == 404, "\(token)")
                    #expect(answer.body.contains("connection_not_found"))
                }
            }
            try await check()
            #expect(try await gate.send(method, target).status == 200)
            try await check()
            #expect(recorded.all.count <= 1)
            let (_, unknown) = Self.request(route, ConnectionID(high: 3, low: 99))
            #expect(try await gate.send(method, unknown).status == 404)
        }
        try await upstream.stop()
    }

    @Test func `serves an environment's token for every tenant of it`() async throws {
        let (upstream, _) = try await Upstream.answering { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            gate.tokens.set("all", Gate.token(tenant: nil))
            #expect(try await gate.ask(token: "all").status == 200)
        }
        try await upstream.stop()
    }

    @Test func `asks for the permission of the route, and audits the refusal`() async throws {
        let (upstream, recorded) = try await Upstream.answering { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            gate.tokens.set("fetch", Gate.token(permissions: .fetchTokens))
            gate.tokens.set("proxy", Gate.token(permissions: .proxy))
            let proxied = try await gate.ask(token: "fetch", headers: "X-Request-Id: r1\r\n")
            #expect(proxied.status == 403)
            #expect(proxied.body.contains("permission_denied"))
            let fetched = try await gate.send("POST", "/v1/connections/\(Gate.connection)/token", token: "proxy")
            #expect(fetched.status == 403)
            #expect(recorded.all.isEmpty)
            #expect(gate.opening.opens == 0)
            try await eventually { gate.audit.all.filter { $0.outcome == .denied }.count == 2 }
            let event = try #require(gate.audit.all.first { $0.action == .proxyUsed })
            #expect(event.requestID == "r1")
            #expect(event.reason == "permission_denied")
            #expect(event.object == Gate.connection.description)
        }
        try await upstream.stop()
    }

    static let restrictions: [(CallerRestriction, method: String, path: String, headers: String, status: Int)] = [
        (.init(methods: ["GET"]), "GET", "/a", "", 200), (.init(methods: ["GET"]), "POST", "/a", "", 403),
        (.init(methods: ["GET"]), "HEAD", "/a", "", 403),
        (.init(methods: ["GET", "POST"]), "POST", "/a", "X-HTTP-Method: DELETE\r\n", 403),
        (.init(methods: ["GET", "POST"]), "POST", "/a", "X-HTTP-Method-Override: DELETE\r\n", 403),
        (.init(methods: ["POST"]), "POST", "/a", "X-Method-Override: DELETE\r\n", 403),
        (.init(methods: ["POST"]), "POST", "/a", "X_HTTP_METHOD: DELETE\r\n", 403),
        (.init(pathPrefixes: ["/sap/a"]), "GET", "/sap/a/b", "", 200),
        (.init(pathPrefixes: ["/sap/a"]), "GET", "/sap/a", "", 200),
        (.init(pathPrefixes: ["/sap/a"]), "GET", "/sap/ab", "", 403),
        (.init(pathPrefixes: ["/sap/a"]), "GET", "/", "", 403),
        (.init(pathPrefixes: ["/sap/a"]), "GET", "/%73ap/a", "", 200),
        (.init(pathPrefixes: ["/sap/a"]), "GET", "/SAP/a", "", 403),
        (.init(pathPrefixes: ["/sap/a"]), "GET", "/sap/a/%2e%2e/b", "", 400),
        (.init(connections: [Gate.connection]), "GET", "/a", "", 200),
        (.init(connections: [ConnectionID(high: 3, low: 9)]), "GET", "/a", "", 404),
    ]

    @Test(arguments: restrictions)
    func `keeps a restricted token within its limits`(
        _ restriction: CallerRestriction, _ method: String, _ path: String, _ headers: String, _ status: Int
    ) async throws {
        let (upstream, recorded) = try await Upstream.answering {
            $0.method == "HEAD" ? "HTTP/1.1 200 OK\r\n\r\n" : ok()
        }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            gate.tokens.set("narrow", Gate.token(restriction: restriction))
            // Cached by an unrestricted caller first.
            #expect(try await gate.ask().status == 200)
            let answer = try await gate.ask(method, path, token: "narrow", headers: headers)
            #expect(answer.status == status)
            #expect(recorded.all.count == (status == 200 ? 2 : 1))
        }
        try await upstream.stop()
    }

    @Test func `gives no whole token to a caller that may send less`() async throws {
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: 1))
            for restriction in [CallerRestriction(methods: ["GET"]), CallerRestriction(pathPrefixes: ["/"])] {
                gate.tokens.set("narrow", Gate.token(restriction: restriction))
                let answer = try await gate.send("POST", "/v1/connections/\(Gate.connection)/token", token: "narrow")
                #expect(answer.status == 403)
                #expect(!answer.body.contains(Gate.secret))
            }
        }
    }

    static let openingFailures: [(UseError, Int, String)] = [
        (.notFound, 404, "connection_not_found"), (.denied, 403, "permission_denied"),
        (.reauthRequired(.invalidGrant), 409, "reauth_required"), (.suspended, 409, "connection_suspended"),
        (.notVerified, 409, "connection_not_verified"), (.backingOff(remaining: .seconds(7)), 503, "token_unavailable"),
        (.notFetchable, 403, "token_not_fetchable"), (.storeUnavailable, 503, "store_unavailable"),
        (.envelopeRefused, 500, "credential_unreadable"), (.timedOut, 504, "timed_out"),
        (.internalFailure, 500, "internal_failure"),
    ]

    @Test(arguments: openingFailures)
    func `says why a connection can't be used`(_ error: UseError, _ status: Int, _ code: String) async throws {
        try await Gate.with { gate in
            gate.opening.state.withLock { $0.failure = error }
            for route in Self.protected {
                let (method, target) = Self.request(route)
                let answer = try await gate.send(method, target)
                #expect(answer.status == status)
                #expect(answer.body.contains("\"code\":\"\(code)\""))
                #expect(answer["content-type"] == "application/problem+json")
                if status == 503 { #expect(answer["retry-after"] == (code == "token_unavailable" ? "7" : "1")) }
            }
        }
    }

    @Test func `opens once for many who ask at the same time`() async throws {
        let (upstream, _) = try await Upstream.answering { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            gate.opening.hold()
            var peers: [RawPeer] = []
            for _ in 0..<20 {
                let peer = try await gate.connect()
                peer.send("GET /proxy/\(Gate.connection)/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\r\n")
                peers.append(peer)
            }
            try await eventually { gate.opening.opens == 1 && gate.opening.state.withLock { $0.gate != nil } }
            try await eventually { gate.metrics.prometheusText().contains("sallyport_data_plane_connections 20") }
            gate.opening.release()
            for peer in peers {
                #expect(try await peer.message().status == 200)
                peer.close()
            }
            #expect(gate.opening.opens == 1)
        }
        try await upstream.stop()
    }

    @Test func `fetches the token in RFC 6749's form`() async throws {
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: 1))
            let answer = try await gate.send("POST", "/v1/connections/\(Gate.connection)/token", body: "{}")
            #expect(answer.status == 200)
            #expect(answer["cache-control"] == "no-store")
            #expect(answer["content-type"] == "application/json")
            #expect(
                answer.body == "{\"access_token\":\"\(Gate.secret)\",\"token_type\":\"Bearer\",\"expires_in\":3600,"
                    + "\"expires_at\":\"2027-01-15T09:00:00Z\"}")
            gate.clock.advance(.seconds(10))
            let later = try await gate.send("POST", "/v1/connections/\(Gate.connection)/token")
            #expect(later.body.contains("\"expires_in\":3590,"))
            #expect(gate.opening.opens == 1)
        }
    }

    @Test func `fetches no token where there is none`() async throws {
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: 1, fetchable: false))
            let answer = try await gate.send("POST", "/v1/connections/\(Gate.connection)/token")
            #expect(answer.status == 403)
            #expect(answer.body.contains("token_not_fetchable"))
        }
    }

    @Test func `answers 404 and 405 with problems`() async throws {
        try await Gate.with { gate in
            let missing = try await gate.send("GET", "/nowhere")
            #expect(missing.status == 404)
            #expect(missing.body.contains("\"type\":\"urn:sallyport:problem:not_found\""))
            #expect(missing.body.contains("\"instance\":\"urn:sallyport:request:"))
            let method = try await gate.send("GET", "/v1/connections/\(Gate.connection)/token")
            #expect(method.status == 405)
            #expect(method["allow"] == "POST")
            let head = try await gate.send("HEAD", "/nowhere")
            #expect(head.status == 404)
        }
    }
}
