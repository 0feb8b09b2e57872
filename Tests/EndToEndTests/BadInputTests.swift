import StrictJSON
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Bad input over real sockets: a clear 4xx or a closed connection, never a 5xx, nothing half-stored")
    struct BadInputTests {
        private enum Plane: String { case control, data }

        /// What is sent, byte for byte. `TOKEN` and `ID` stand for a caller token or API key and a connection's id.
        private static let messages: [(name: String, plane: Plane?, text: String)] = [
            ("nothing but a line end", nil, "\r\n\r\n"),
            ("no version", nil, "GET /\r\n\r\n"),
            ("another protocol", nil, "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}"),
            ("HTTP/2 preface", nil, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            ("HTTP/0.9", nil, "GET /health/live HTTP/0.9\r\nHost: a\r\n\r\n"),
            ("a version of the future", nil, "GET /health/live HTTP/3.0\r\nHost: a\r\n\r\n"),
            ("two spaces", .data, "GET  /health/live HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("a space in the target", nil, "GET /health /live HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("no host", .data, "GET /v1/tenants HTTP/1.1\r\nAuthorization: Bearer TOKEN\r\n\r\n"),
            ("two hosts", nil, "GET /v1/tenants HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
            ("bare line feeds with a hidden field", nil, "GET /proxy/ID/a HTTP/1.1\r\nHost: a\nX: \u{0}\r\n\r\n"),
            ("a carriage return in a value", nil, "GET /proxy/ID/a HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"),
            ("a NUL in a value", nil, "GET /proxy/ID/a HTTP/1.1\r\nHost: a\r\nX: a\u{0}b\r\n\r\n"),
            ("a folded field", nil, "GET /proxy/ID/a HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"),
            ("a space before the colon", nil, "GET /proxy/ID/a HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n"),
            ("a field without a name", nil, "GET /proxy/ID/a HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n"),
            ("a field without a colon", nil, "GET /proxy/ID/a HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n"),
            (
                "a length and chunks", nil,
                "POST /proxy/ID/a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer TOKEN\r\nContent-Length: 4\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            (
                "two lengths", nil,
                "POST /proxy/ID/a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer TOKEN\r\nContent-Length: 4\r\n"
                    + "Content-Length: 5\r\n\r\nabcde"
            ),
            ("a negative length", nil, "POST /v1/tenants HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"),
            (
                "a length beyond 64 bits", nil,
                "POST /v1/tenants HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"
            ),
            (
                "an unknown coding", nil,
                "POST /v1/tenants HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
            ),
            (
                "a malformed chunk", .data,
                "POST /proxy/ID/a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer TOKEN\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "zz\r\nabc\r\n0\r\n\r\n"
            ),
            ("CONNECT", nil, "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n"),
            ("TRACE", nil, "TRACE /proxy/ID/a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer TOKEN\r\n\r\n"),
            (
                "an upgrade", .data,
                "GET /proxy/ID/a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer TOKEN\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
            ),
        ]

        /// Targets that try to leave the connection's origin, the prefix or the API.
        private static let targets = [
            "/proxy/ID/../../admin", "/proxy/ID/%2e%2e/admin", "/proxy/ID/.%2E/a", "/proxy/ID/a/./b",
            "/proxy/ID//host/a",
            "/proxy/ID/a%2fb", "/proxy/ID/a%5Cb", "/proxy/ID/a\\b", "/proxy/ID/%00", "/proxy/ID/%", "/proxy/ID/%zz",
            "/proxy/ID/%c0%ae%c0%ae/a", "http://169.254.169.254/latest", "//169.254.169.254/", "/proxy/ID@evil/a",
            "/proxy//a", "/proxy/../v1/tenants", "/proxy/conn_0/a", "/proxy/'OR'1/a", "/v1/tenants/../tenants",
            "/v1//tenants", "/v1/tenants/%2e%2e", "/v1/tenants/tnt_0", "/v1/connections?limit=0",
            "/v1/connections?limit=x",
            "/v1/connections?limit=201", "/v1/connections?cursor=AAAA", "/v1/connections?unknown=1",
            "/v1/connections?limit=1&limit=2", "/v1/connections?status=nope", "/v1/connections?tenant_id='", "*", "a",
        ]

        /// Bodies of `POST /v1/tenants`.
        private static let bodies: [(name: String, bytes: [UInt8])] = [
            ("nothing", []), ("no JSON", Array("name=a".utf8)), ("cut short", Array(#"{"name":"#.utf8)),
            ("a number", Array("1".utf8)), ("a list", Array("[]".utf8)), ("null", Array("null".utf8)),
            ("two documents", Array(#"{"name":"a"}{"name":"b"}"#.utf8)),
            ("a member twice", Array(#"{"name":"a","name":"b"}"#.utf8)),
            ("an unknown member", Array(#"{"name":"a","admin":true}"#.utf8)),
            ("a wrong type", Array(#"{"name":1}"#.utf8)),
            ("an empty name", Array(#"{"name":""}"#.utf8)),
            ("a NUL", Array(#"{"name":"a\u0000b"}"#.utf8)),
            ("a control character", Array("{\"name\":\"a\u{1}b\"}".utf8)),
            ("a line break", Array(#"{"name":"a\nb"}"#.utf8)), ("half a surrogate", Array(#"{"name":"\ud800"}"#.utf8)),
            ("bad UTF-8", Array(#"{"name":""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8)),
            ("overlong UTF-8", Array(#"{"name":""#.utf8) + [0xC0, 0xAF] + Array(#""}"#.utf8)),
            ("UTF-16", [0xFF, 0xFE] + Array("{".utf8) + [0]),
            ("too long a name", Array(#"{"name":"\#(String(repeating: "a", count: 201))"}"#.utf8)),
            ("too deep", Array(#"{"name":\#(String(repeating: "[", count: 5_000))"#.utf8)),
            ("a NaN", Array(#"{"name":NaN}"#.utf8)), ("a comment", Array(#"{"name":"a"/**/}"#.utf8)),
        ]

        @Test func `on both listeners, whatever is sent`() async throws {
            try await Self.run { rig in
                for message in Self.messages {
                    let bytes = Array(rig.filled(message.text).utf8)
                    for (plane, port) in [(Plane.control, rig.instance.control), (.data, rig.instance.data)]
                    where message.plane == nil || message.plane == plane {
                        let filled =
                            plane == .data ? bytes : Array(rig.filled(message.text, key: rig.instance.key).utf8)
                        let answer = try await WireHTTP.exchange(
                            filled, port: port, endsInput: true, within: .seconds(30))
                        // 505 is what a version that isn't spoken is answered with.
                        let isClear = answer.map { (400..<500).contains($0.status) || $0.status == 505 } ?? true
                        #expect(isClear, "\(message.name) on \(plane): \(answer?.description ?? "")")
                    }
                }
                try await rig.expectNothingHappened()
            }
        }

        @Test func `targets that try to get elsewhere`() async throws {
            try await Self.run { rig in
                for target in Self.targets {
                    for (port, bearer) in [(rig.instance.control, rig.instance.key), (rig.instance.data, rig.token)] {
                        let text =
                            "GET \(rig.filled(target)) HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer \(bearer)\r\n"
                            + "Connection: close\r\n\r\n"
                        let answer = try await WireHTTP.exchange(Array(text.utf8), port: port, within: .seconds(30))
                        #expect(
                            answer.map { (400..<500).contains($0.status) } ?? true,
                            "\(target) on \(port): \(answer?.description ?? "")")
                    }
                }
                try await rig.expectNothingHappened()
            }
        }

        @Test func `bodies of every broken kind`() async throws {
            try await Self.run { rig in
                for body in Self.bodies {
                    let answer = try await WireHTTP.send(
                        "POST", "/v1/tenants", port: rig.instance.control,
                        headers: ["Authorization: Bearer \(rig.instance.key)", "Content-Type: application/json"],
                        body: body.bytes)
                    #expect(answer.status == 400, "\(body.name): \(answer)")
                    #expect(answer.code == "invalid_request", "\(body.name): \(answer)")
                }
                for type in ["text/plain", "application/json; charset=utf-16", "application/xml", ""] {
                    let answer = try await WireHTTP.send(
                        "POST", "/v1/tenants", port: rig.instance.control,
                        headers: ["Authorization: Bearer \(rig.instance.key)", "Content-Type: \(type)"],
                        body: Array(#"{"name":"a"}"#.utf8))
                    #expect(answer.status == 415, "\(type): \(answer)")
                }
                try await rig.expectNothingHappened()
            }
        }

        @Test func `what is too large or too slow`() async throws {
            try await Self.run([
                "limits.max_body_bytes": "64KiB", "timeouts.header": "1s", "timeouts.idle": "2s",
                "timeouts.request": "3s",
            ]) { rig in
                for port in [rig.instance.control, rig.instance.data] {
                    let long = WireHTTP.request("GET", "/" + String(repeating: "a", count: 70_000))
                    let line = try await WireHTTP.exchange(long, port: port, within: .seconds(30))
                    #expect(line.map { (400..<500).contains($0.status) } ?? true, "\(line?.description ?? "")")
                    let fields = (0..<2_000).map { "X-\($0): \(String(repeating: "v", count: 50))" }
                    let many = WireHTTP.request("GET", "/health/live", headers: fields)
                    let head = try await WireHTTP.exchange(many, port: port, within: .seconds(30))
                    #expect(head.map { (400..<500).contains($0.status) } ?? true, "\(head?.description ?? "")")
                    let slow = try await WireHTTP.exchange(
                        Array("GET /health/live HT".utf8), port: port, within: .seconds(30))
                    #expect(slow.map { $0.status == 408 } ?? true, "\(slow?.description ?? "")")
                }
                let key = ["Authorization: Bearer \(rig.instance.key)", "Content-Type: application/json"]
                let large = try await WireHTTP.send(
                    "POST", "/v1/tenants", port: rig.instance.control, headers: key,
                    body: Array(#"{"name":"\#(String(repeating: "a", count: 70_000))"}"#.utf8))
                #expect(large.status == 413 && large.code == "body_too_large", "\(large)")
                let declared = WireHTTP.request("POST", "/v1/tenants", headers: key + ["Content-Length: 9999999999"])
                let refused = try await WireHTTP.exchange(declared, port: rig.instance.control, within: .seconds(30))
                #expect(refused.map { $0.status == 413 } ?? true, "\(refused?.description ?? "")")
                let stalled = WireHTTP.request("POST", "/v1/tenants", headers: key + ["Content-Length: 12"])
                let timedOut = try await WireHTTP.exchange(
                    stalled + Array(#"{"name""#.utf8), port: rig.instance.control, within: .seconds(30))
                #expect(timedOut.map { $0.status == 408 } ?? true, "\(timedOut?.description ?? "")")
                try await rig.expectNothingHappened()
            }
        }

        @Test func `an upstream's hidden headers don't come in with the caller's`() async throws {
            try await Self.run { rig in
                let names = ["Authorization", "authorization", "X-Sallyport-Token", "Proxy-Authorization", "Cookie"]
                for name in names {
                    let answer = try await rig.instance.proxy(
                        rig.connection, "/a", token: rig.token, headers: ["Connection: \(name)"])
                    #expect(answer.status < 500, "\(name): \(answer)")
                    guard answer.status == 200 else { continue }
                    #expect(try answer.json["is_authorized"]?.bool == true, "\(name): the credential was stripped")
                }
            }
        }

        private struct Rig {
            let site: Site
            let instance: Instance
            let upstream: FakeUpstream
            let tenant: String
            let connection: String
            let token: String
            let rows: Int64
            let requests: Int

            static func rows(_ site: Site) async throws -> Int64 {
                try await site.count(
                    """
                    SELECT (SELECT count(*) FROM sallyport.tenants) + (SELECT count(*) FROM sallyport.connections)
                    + (SELECT count(*) FROM sallyport.credentials) + (SELECT count(*) FROM sallyport.integrations)
                    + (SELECT count(*) FROM sallyport.api_keys)
                    """)
            }

            func filled(_ text: String, key: String? = nil) -> String {
                text.replacing("TOKEN", with: key ?? token).replacing("ID", with: connection)
            }

            /// No row more, nothing sent upstream, and the process serves as before.
            func expectNothingHappened() async throws {
                #expect(try await Self.rows(site) == rows)
                #expect(upstream.script.now.requests == requests)
                #expect(instance.process.running(), "\(instance.process.errors)")
                try await instance.expect(200, "GET", "/v1/tenants/\(tenant)")
                #expect(try await instance.proxy(connection, "/a", token: token).status == 200)
            }
        }

        private static func run(_ settings: [String: String] = [:], _ body: (Rig) async throws -> Void) async throws {
            try await FakeUpstream.with { upstream in
                try await Site.with { site in
                    try await site.serving(settings) { instance in
                        let tenant = try await instance.tenant("t")
                        _ = try await instance.integration("fake", "generic-basic")
                        let connection = try await instance.fakeBasic(tenant, "fake", upstream)
                        let rig = Rig(
                            site: site, instance: instance, upstream: upstream, tenant: tenant, connection: connection,
                            token: try await instance.callerToken(tenant), rows: try await Rig.rows(site),
                            requests: upstream.script.now.requests)
                        try await body(rig)
                    }
                }
            }
        }
    }
}
