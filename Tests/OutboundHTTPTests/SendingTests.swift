import Domain
import OutboundHTTP
import Sodium
import Synchronization
import Testing

@Suite("Sending a request")
struct SendingTests {
    /// What a server was sent, byte for byte.
    private func wireText(_ prepare: (RawServer) throws -> OutboundRequest) async throws -> String {
        let seen = Mutex("")
        let server = try RawServer { connection in
            guard let head = connection.readHead() else { return }
            let length =
                head.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }
                .flatMap { Int($0.dropFirst(16)) } ?? 0
            let body = String(decoding: connection.read(length), as: UTF8.self)
            seen.withLock { $0 = head + body }
            connection.answer()
        }
        let request = try prepare(server)
        _ = try await withClient { try await $0.send(request) }
        return seen.withLock { $0 }
    }

    @Test func `sends a GET with the caller's headers and nothing that was not asked for`() async throws {
        var port: UInt16 = 0
        let text = try await wireText { server in
            port = server.port
            return try .to(
                server.url("/a/b;c?x='1%202'"),
                headers: [("X-One", .plain("1")), ("Authorization", .secret(SecretBytes(utf8: "Bearer s3")))])
        }
        #expect(
            text == "GET /a/b;c?x='1%202' HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nAccept: */*\r\nX-One: 1\r\n"
                + "Authorization: Bearer s3\r\n\r\n")
    }

    @Test func `sends a POST's body with its length, without Expect or a content type of its own`() async throws {
        let text = try await wireText { try .to($0.url(), .post, body: String(repeating: "x", count: 2_000_000)) }
        let head = try #require(text.split(separator: "\r\n\r\n").first).lowercased()
        #expect(head.contains("content-length: 2000000"))
        #expect(!head.contains("expect") && !head.contains("content-type") && !head.contains("user-agent"))
        #expect(text.hasSuffix("\r\n\r\n" + String(repeating: "x", count: 2_000_000)))
    }

    @Test func `sends an empty POST with a length of 0 and keeps the caller's content type`() async throws {
        let text = try await wireText {
            try .to($0.url(), .post, headers: [("Content-Type", .plain("application/json"))])
        }
        #expect(text.contains("\r\nContent-Length: 0\r\n"))
        #expect(text.contains("\r\nContent-Type: application/json\r\n"))
    }

    @Test func `sends a header without a value rather than dropping it`() async throws {
        let text = try await wireText {
            try .to($0.url(), headers: [("X-Empty", .plain("")), ("X-Secret", .secret(SecretBytes(utf8: "")))])
        }
        #expect(text.contains("\r\nX-Empty:\r\n") && text.contains("\r\nX-Secret:\r\n"))
    }

    @Test func `gives status, lower-case headers in order and the body`() async throws {
        let server = try RawServer { connection in
            _ = connection.readHead()
            connection.answer("{}", status: "418 Short", headers: "X-B:  two \r\nX-A: \u{e9}\r\nX-B: three\r\n")
        }
        let response = try await withClient { try await $0.send(.to(server.url())) }
        #expect(response.status == 418)
        #expect(response.headers.map(\.name) == ["x-b", "x-a", "x-b", "content-length"])
        #expect(response.headers.map(\.value) == ["two", "\u{e9}", "three", "2"])
        #expect(response.header("x-b") == "two")
        #expect(response.text == "{}")
    }

    @Test func `keeps a header that is not UTF-8 as one scalar a byte`() async throws {
        let server = try RawServer { connection in
            _ = connection.readHead()
            connection.write(
                Array("HTTP/1.1 200 OK\r\nX-Old: ".utf8) + [0xE9] + Array("\r\nContent-Length: 0\r\n\r\n".utf8))
        }
        let response = try await withClient { try await $0.send(.to(server.url())) }
        #expect(response.header("x-old") == "\u{e9}")
    }

    @Test func `drops interim answers and trailers`() async throws {
        let server = try RawServer { connection in
            _ = connection.readHead()
            connection.write(
                "HTTP/1.1 103 Early\r\nX-Interim: 1\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "2\r\nok\r\n0\r\nX-Trailer: 1\r\n\r\n")
        }
        let response = try await withClient { try await $0.send(.to(server.url())) }
        #expect(response.headers.map(\.name) == ["transfer-encoding"])
        #expect(response.text == "ok")
    }

    @Test func `takes an empty body and the head of a large one`() async throws {
        let server = try RawServer { connection in
            let head = connection.readHead() ?? ""
            connection.write(
                "HTTP/1.1 \(head.hasPrefix("HEAD") ? "200 OK\r\nContent-Length: 99999999" : "204 None")\r\n\r\n")
        }
        try await withClient { client async throws in
            let head = try await client.send(.to(server.url(), .head, poolKey: "h", maxBodyBytes: 10))
            #expect(head.status == 200 && head.body.count == 0)
            let empty = try await client.send(.to(server.url(), poolKey: "e"))
            #expect(empty.status == 204 && empty.body.count == 0)
        }
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func `returns a redirect instead of following it`(status: Int) async throws {
        let elsewhere = try RawServer { $0.answer() }
        let server = try RawServer { connection in
            _ = connection.readHead()
            connection.answer("", status: "\(status) Moved", headers: "Location: \(elsewhere.url())\r\n")
        }
        let response = try await withClient {
            try await $0.send(.to(server.url(), headers: [("X-API-Key", .secret(SecretBytes(utf8: "k")))]))
        }
        #expect(response.status == status && response.header("location") == elsewhere.url())
        #expect(elsewhere.connectionCount == 0)
    }

    @Test func `keeps no cookies`() async throws {
        let heads = Mutex<[String]>([])
        let server = try RawServer { connection in
            while let head = connection.readHead() {
                heads.withLock { $0.append(head) }
                connection.answer(headers: "Set-Cookie: session=1\r\n")
            }
        }
        try await withClient { client async throws in
            for _ in 0..<2 { _ = try await client.send(.to(server.url())) }
        }
        #expect(heads.withLock { $0 }.count == 2)
        #expect(heads.withLock { $0 }.allSatisfy { !$0.lowercased().contains("cookie") })
    }

    @Test func `uses no proxy and no netrc entry of the environment`() async throws {
        let text = try await wireText { try .to($0.url()) }
        #expect(!text.lowercased().contains("authorization"))
        #expect(try HostileEnvironment.trap.get().connectionCount == 0)
    }

    @Test func `doesn't undo a content coding that nobody asked for`() async throws {
        let server = try RawServer { connection in
            _ = connection.readHead()
            connection.answer("not gzip at all", headers: "Content-Encoding: gzip\r\n")
        }
        let response = try await withClient { try await $0.send(.to(server.url())) }
        #expect(response.text == "not gzip at all")
    }

    @Test func `talks to nginx`() async throws {
        let nginx = try NginxServer.shared.get()
        let response = try await withClient { try await $0.send(.to("http://127.0.0.1:\(nginx.plain)/hello")) }
        #expect(response.status == 200 && response.text == "hello")
    }
}

@Suite("Refusing a request before anything is sent")
struct RefusingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let value: OutboundRequest.HeaderValue
        let testDescription: String
    }

    static let cases: [Case] = [
        ("X-A", "a\r\nX-B: 1"), ("X-A", "a\n"), ("X-A", "a\r"), ("X-A", "a\0b"), ("X-A", "\u{1}"), ("X-A", "a\tb"),
        ("X-A", "\u{7F}"), ("", "a"), ("X A", "a"), ("X-A:", "a"), ("X-A\r\nX-B", "a"), ("X-\u{e9}", "a"),
        ("X-A\0", "a"),
        ("Host", "elsewhere"), ("content-length", "5"), ("Transfer-Encoding", "chunked"), ("Connection", "close"),
        ("Proxy-Authorization", "x"), ("Expect", "100-continue"), ("Upgrade", "h2c"), ("TE", "trailers"),
        ("X-Big", String(repeating: "x", count: 70_000)),
    ].flatMap { name, value in
        [
            Case(name: name, value: .plain(value), testDescription: "\(name.debugDescription), plain \(value.count)"),
            Case(
                name: name, value: .secret(SecretBytes(utf8: value)),
                testDescription: "\(name.debugDescription), secret \(value.count)"),
        ]
    }

    @Test(arguments: cases)
    func `refuses a header that could say more than it should (RFC 9110 §5)`(_ header: Case) async throws {
        let server = try RawServer { $0.answer() }
        let request = try OutboundRequest.to(server.url(), headers: [(header.name, header.value)])
        #expect(try await withClient { await failure($0, request) } == .invalidRequest)
        #expect(server.connectionCount == 0)
    }

    @Test func `refuses plain HTTP where the policy asks for TLS`() async throws {
        let server = try RawServer { $0.answer() }
        let policy = DestinationPolicy(
            allowedNetworks: DestinationPolicy.loopback.allowedNetworks, allowsPlainHTTP: false)
        let request = try OutboundRequest.to(server.url(), destination: policy)
        #expect(try await withClient { await failure($0, request) } == .invalidRequest)
        #expect(server.connectionCount == 0)
    }

    @Test func `refuses a body with GET and a negative bound`() async throws {
        try await withClient { client async throws in
            #expect(try await failure(client, .to("http://127.0.0.1:9/", body: "x")) == .invalidRequest)
            #expect(try await failure(client, .to("http://127.0.0.1:9/", maxBodyBytes: -1)) == .invalidRequest)
            #expect(try await failure(client, .to("http://127.0.0.1:9/", timeout: .zero)) == .timedOutBeforeSending)
        }
    }

    @Test func `is overloaded before it starts and after it stopped, and starts once`() async throws {
        let client = try CurlClient()
        #expect(try await failure(client, .to("http://127.0.0.1:9/")) == .overloaded)
        try client.start()
        #expect(throws: CurlClientError.alreadyStarted) { try client.start() }
        await client.shutdown(within: .seconds(1))
        #expect(try await failure(client, .to("http://127.0.0.1:9/")) == .overloaded)
        await client.shutdown(within: .seconds(1))
    }
}
