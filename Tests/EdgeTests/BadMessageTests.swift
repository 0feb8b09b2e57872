import Connections
import Edge
import Sodium
import StrictJSON
import Testing

@Suite("A bad HTTP message is answered or cut off, never a 5xx, and the service goes on")
struct BadMessageTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let message: String
        /// 0: the connection is closed without an answer.
        let statuses: Set<Int>
        var endsInput = false

        init(_ description: String, _ message: String, _ statuses: Set<Int>, endsInput: Bool = false) {
            testDescription = description
            self.message = message
            self.statuses = statuses
            self.endsInput = endsInput
        }
    }

    private static func post(_ headers: String, _ body: String) -> String {
        "POST /v1/tenants HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer KEY\r\nContent-Type: application/json\r\n\(headers)\r\n\r\n\(body)"
    }

    static let cases: [Case] = [
        Case("not HTTP at all", "\u{16}\u{03}\u{01}\u{02}hello\r\n\r\n", [0, 400]),
        Case("a bad version", "GET / HTTP/9.9\r\nHost: h\r\n\r\n", [0, 400, 404, 505]),
        Case("a space before the colon", "GET /health/live HTTP/1.1\r\nHost : h\r\n\r\n", [0, 400]),
        Case("a folded header", "GET /health/live HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n", [0, 200, 400]),
        Case("a NUL in a header", "GET /health/live HTTP/1.1\r\nHost: h\r\nA: b\u{0}c\r\n\r\n", [0, 400]),
        Case(
            "length and chunks at once", post("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), [0, 400]),
        Case("two lengths", post("Content-Length: 5\r\nContent-Length: 6", "{}   "), [0, 400]),
        Case("a negative length", post("Content-Length: -1", ""), [0, 400]),
        Case("a length that overflows", post("Content-Length: 99999999999999999999", ""), [0, 400, 413]),
        Case("a length over the limit, before any byte", post("Content-Length: 100000000", ""), [413]),
        Case("a chunk size that is no number", post("Transfer-Encoding: chunked", "xyz\r\n{}\r\n0\r\n\r\n"), [0, 400]),
        Case(
            "chunks over the limit",
            post("Transfer-Encoding: chunked", "20000\r\n\(String(repeating: "x", count: 0x20000))\r\n0\r\n\r\n"), [413]
        ),
        Case("a body cut off", post("Content-Length: 50", "{\"name\":"), [0, 400], endsInput: true),
        Case("an unknown coding", post("Transfer-Encoding: gzip", "{}"), [0, 400], endsInput: true),
        Case("TRACE", "TRACE /v1/tenants HTTP/1.1\r\nHost: h\r\n\r\n", [405]),
        Case("CONNECT", "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n", [0, 400, 404, 405]),
        Case("PUT", "PUT /v1/tenants HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", [405]),
        Case("dot segments", "GET /v1/../v1/tenants HTTP/1.1\r\nHost: h\r\n\r\n", [404]),
        Case("an encoded slash", "GET /v1%2ftenants HTTP/1.1\r\nHost: h\r\n\r\n", [404]),
        Case("two slashes", "GET //v1/tenants HTTP/1.1\r\nHost: h\r\n\r\n", [404]),
        Case("a trailing slash", "GET /v1/tenants/ HTTP/1.1\r\nHost: h\r\n\r\n", [404, 405]),
        Case(
            "an absolute URL of another host", "GET http://evil.example/v1/tenants HTTP/1.1\r\nHost: h\r\n\r\n",
            [400, 401, 404]),
        Case(
            "line breaks in the path",
            "GET /v1/tenants/%0d%0aX:%20y HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer KEY\r\n\r\n", [404]),
        Case(
            "headers a little too large",
            "GET /health/live HTTP/1.1\r\nHost: h\r\n\((0..<9).map { "X-\($0): \(String(repeating: "a", count: 4_000))\r\n" }.joined())\r\n",
            [431]),
        Case(
            "too many headers",
            "GET /health/live HTTP/1.1\r\nHost: h\r\n\((0..<150).map { "X-\($0): a\r\n" }.joined())\r\n", [431]),
        Case(
            "headers far too large",
            "GET /health/live HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "a", count: 400_000))\r\n\r\n",
            [0, 400, 431]),
    ]

    @Test(arguments: cases)
    func `is refused`(_ example: Case) async throws {
        try await Rig.run { rig in
            let changes = rig.changes
            let key = rig.key.text.revealUTF8(for: .test) ?? ""
            let message = Array(example.message.replacing("KEY", with: key).utf8)
            let response = try await RawHTTP.exchange(message, port: rig.port, endsInput: example.endsInput)
            #expect(example.statuses.contains(response?.status ?? 0), "\(response?.description ?? "closed")")
            #expect(rig.changes == changes, "something was stored")
            #expect(try await rig.send("GET", "/health/live").status == 200)
        }
    }

    @Test func `whose body never ends gets a 408 and is cut off`() async throws {
        try await Rig.run { rig in
            let head = Rig.request(
                "POST", "/v1/tenants", bearer: rig.key.text.revealUTF8(for: .test),
                headers: ["Content-Type: application/json", "Content-Length: 20"],
                body: nil)
            let port = rig.port
            let (response, isClosed) = try await RawHTTP.onThread {
                let connection = try RawConnection(port: port)
                try connection.send(head + Array("{\"name\":".utf8))
                return (try connection.readResponse(), try connection.isClosedByServer())
            }
            #expect(response?.status == 408)
            #expect(response?.code == "request_timeout")
            #expect(isClosed)
        }
    }

    @Test(arguments: [
        "GET /health/live HTTP/1.1\r\nHost: h\r\nX-Slow: ", "\r\n\r\nGET /health/live HTTP/1.1\r\nHost: h\r\n", "G",
    ])
    func `whose head never ends gets a 408 and is cut off`(_ begun: String) async throws {
        try await Rig.run { rig in
            let port = rig.port
            let (response, isClosed) = try await RawHTTP.onThread {
                let connection = try RawConnection(port: port)
                try connection.send(Array(begun.utf8))
                return (try connection.readResponse(), try connection.isClosedByServer())
            }
            #expect(response?.status == 408)
            #expect(response?.code == "request_timeout")
            #expect(isClosed)
        }
    }

    @Test func `whose second head never ends is cut off without another answer`() async throws {
        try await Rig.run { rig in
            let port = rig.port
            let (first, isClosed) = try await RawHTTP.onThread {
                let connection = try RawConnection(port: port)
                try connection.send(Array("GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
                let first = try connection.readResponse()
                try connection.send(Array("GET /health/live HTTP/1.1\r\nX-Slow: ".utf8))
                return (first, try connection.isClosedByServer())
            }
            #expect(first?.status == 200)
            #expect(isClosed)
        }
    }

    @Test func `after a refused body leaves the connection closed, after a read one open`() async throws {
        try await Rig.run { rig in
            let port = rig.port
            let bad = rig.request("POST", "/v1/tenants", body: Array("{".utf8))
            let large = rig.request("POST", "/v1/tenants", body: Array(repeating: UInt8(ascii: " "), count: 70_000))
            let statuses = try await RawHTTP.onThread { () -> [Int] in
                let connection = try RawConnection(port: port)
                try connection.send(bad)
                let first = try connection.readResponse()
                try connection.send(large)
                let second = try connection.readResponse()
                return [first?.status ?? 0, second?.status ?? 0, try connection.isClosedByServer() ? 1 : 0]
            }
            #expect(statuses == [400, 413, 1])
        }
    }

    @Test func `that nobody answers to with a body keeps no connection`() async throws {
        try await Rig.run { rig in
            let port = rig.port
            for head in [
                "POST /v1/tenants HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                "GET /health/live HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                "POST /nowhere HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nhello",
            ] {
                let (status, isClosed) = try await RawHTTP.onThread {
                    let connection = try RawConnection(port: port)
                    try connection.send(Array(head.utf8))
                    return (try connection.readResponse()?.status, try connection.isClosedByServer())
                }
                #expect(status == 401 || status == 200 || status == 404)
                #expect(isClosed)
            }
        }
    }

    @Test func `whose answers nobody reads is cut off`() async throws {
        var limits = Rig.limits
        limits.requestTimeout = .seconds(1)
        try await Rig.run(limits: limits) { rig in
            let port = rig.port
            let request = Array("GET /openapi.yaml HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
            let sent = try await RawHTTP.onThread {
                let connection = try RawConnection(port: port)
                // Far more than the kernel's buffers take: the server stops reading while its answers lie unread, and
                // sending ends when it closes the connection.
                return try connection.send(Array(repeatElement(request, count: 400_000).joined()))
            }
            #expect(sent < 400_000 * request.count)
            #expect(try await rig.send("GET", "/health/live").status == 200)
        }
    }

    @Test func `can't bring a request id that isn't well-formed into an answer`() async throws {
        try await Rig.run { rig in
            for bad in ["a b", "a\"b", "<x>", String(repeating: "a", count: 65), "ü", ""] {
                let response = try await rig.send("GET", "/health/live", headers: ["X-Request-ID: \(bad)"])
                let id = try #require(response.header("x-request-id"))
                #expect(id != bad)
                #expect(id.count == 16)
            }
            let response = try await rig.send("GET", "/v1/nowhere", headers: ["X-Request-ID: my-id_1.2"])
            #expect(response.header("x-request-id") == "my-id_1.2")
            #expect(try response.json["instance"]?.string == "urn:sallyport:request:my-id_1.2")
        }
    }
}
