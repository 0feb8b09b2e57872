import Glibc
import HTTPTypes
import OData
import ODataCurl
import Testing

enum CurlFixture {
    static func head(
        _ server: CurlRawServer, _ path: String = "/x", _ method: HTTPRequest.Method = .get, _ fields: HTTPFields = [:]
    ) -> HTTPRequest {
        HTTPRequest(
            method: method, scheme: "http", authority: "127.0.0.1:\(server.port)", path: path, headerFields: fields)
    }

    /// Runs with a server and a transport, and ends both.
    static func with(
        _ script: @escaping CurlRawServer.Script, options: CurlOptions = CurlOptions(),
        _ body: (CurlRawServer, CurlTransport) async throws -> Void
    ) async throws {
        let server = try CurlRawServer(script)
        let transport = try CurlTransport(options: options)
        do {
            try await body(server, transport)
        } catch {
            server.stop()
            await transport.shutdown(within: .zero)
            throw error
        }
        server.stop()
        await transport.shutdown(within: .zero)
    }

    static var soon: ContinuousClock.Instant { .now + .seconds(20) }

    /// The error of a whole exchange, body included; nil where it succeeded.
    static func failure(
        _ transport: CurlTransport, _ head: HTTPRequest, body: [UInt8]? = nil, deadline: ContinuousClock.Instant = soon
    ) async -> TransportError? {
        do throws(TransportError) {
            let response = try await transport.send(head, body: body, deadline: deadline)
            for try await _ in response.body {}
            return nil
        } catch {
            return error
        }
    }
}

@Suite("What libcurl's transport sends", .timeLimit(.minutes(1)))
struct CurlSendingTests {
    private func sent(
        _ method: HTTPRequest.Method, _ path: String = "/x", _ fields: HTTPFields = [:], body: [UInt8]? = nil,
        options: CurlOptions = CurlOptions()
    ) async throws -> (head: String, body: [UInt8]) {
        let notes = CurlNotes<(head: String, body: [UInt8])>()
        try await CurlFixture.with(
            { connection in
                notes.add(connection.request())
                connection.answer()
            }, options: options
        ) { server, transport in
            let head = CurlFixture.head(server, path, method, fields)
            #expect(await CurlFixture.failure(transport, head, body: body) == nil)
        }
        return try #require(notes.values.first)
    }

    private func lines(_ head: String) -> [String] { head.split(separator: "\r\n").map(String.init) }

    @Test func `path and query go byte for byte, with the request's fields and the host alone`() async throws {
        let path = "/a/./b/../c//A_X('O''N%2F')?$filter=A%20eq%20'%C3%A4'&x=%7B&$skiptoken=a+b'(),;:@!*"
        let lines = lines(try await sent(.get, path, [.accept: "application/json", .acceptLanguage: "de"]).head)
        #expect(lines[0] == "GET \(path) HTTP/1.1")
        #expect(
            lines.dropFirst().map { $0.prefix { $0 != ":" }.lowercased() }.sorted() == [
                "accept", "accept-language", "host",
            ])
    }

    @Test(arguments: ["POST", "PUT", "PATCH", "MERGE", "DELETE"])
    func `a body goes with its length under any method`(name: String) async throws {
        let method = try #require(HTTPRequest.Method(name))
        let body = [UInt8](repeating: 7, count: 300_000)
        let sent = try await sent(method, "/x", [.contentType: "application/json"], body: body)
        #expect(lines(sent.head)[0] == "\(name) /x HTTP/1.1")
        #expect(sent.head.lowercased().contains("content-length: 300000"))
        #expect(!sent.head.lowercased().contains("expect:"))
        #expect(sent.body == body)
    }

    @Test(arguments: ["POST", "PUT", "PATCH"])
    func `a method that has a body says that there is none`(name: String) async throws {
        let sent = try await sent(try #require(HTTPRequest.Method(name)))
        #expect(sent.head.lowercased().contains("content-length: 0"))
        #expect(!sent.head.lowercased().contains("content-type"))
    }

    @Test(arguments: ["GET", "DELETE", "OPTIONS", "HEAD"])
    func `other methods have no length`(name: String) async throws {
        let sent = try await sent(try #require(HTTPRequest.Method(name)))
        #expect(lines(sent.head)[0] == "\(name) /x HTTP/1.1")
        #expect(!sent.head.lowercased().contains("content-length"))
    }

    @Test func `an empty field and one that comes twice go as they are`() async throws {
        var fields = HTTPFields()
        fields[.acceptLanguage] = ""
        fields.append(HTTPField(name: .accept, value: "a/b"))
        fields.append(HTTPField(name: .accept, value: "c/d"))
        let lines = lines(try await sent(.get, "/x", fields).head).map { $0.lowercased() }
        #expect(lines.contains("accept: a/b"))
        #expect(lines.contains("accept: c/d"))
        #expect(lines.contains { $0.hasPrefix("accept-language:") })
    }

    @Test func `gzip is asked for and undone on demand alone`() async throws {
        let packed: [UInt8] = [
            0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x86, 0xa6, 0x10, 0x36,
            0x05,
            0, 0, 0,
        ]
        let script: CurlRawServer.Script = { connection in
            let isAsked = connection.request().head.lowercased().contains("accept-encoding: gzip")
            connection.write(
                "HTTP/1.1 200 OK\r\nX-Asked: \(isAsked)\r\nContent-Encoding: gzip\r\nContent-Length: \(packed.count)\r\n\r\n"
            )
            _ = connection.write(packed)
        }
        try await CurlFixture.with(script) { server, transport in
            let response = try await transport.send(CurlFixture.head(server), body: nil, deadline: CurlFixture.soon)
            #expect(response.head.headerFields[HTTPField.Name("X-Asked") ?? .accept] == "false")
            #expect(try await response.body.collect(maxBytes: 100) == packed)
        }
        var options = CurlOptions()
        options.asksForGzip = true
        try await CurlFixture.with(script, options: options) { server, transport in
            let response = try await transport.send(CurlFixture.head(server), body: nil, deadline: CurlFixture.soon)
            #expect(response.head.headerFields[HTTPField.Name("X-Asked") ?? .accept] == "true")
            #expect(response.head.headerFields[.contentEncoding] == nil)
            #expect(response.head.headerFields[.contentLength] == nil)
            #expect(try await response.body.collect(maxBytes: 100) == Array("hello".utf8))
        }
    }

    @Test func `proxies of the environment are not asked`() async throws {
        let closed = try CurlRawServer.closedPort()
        for name in ["http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"] {
            _ = unsafe setenv(name, "http://127.0.0.1:\(closed)", 1)
        }
        _ = try await sent(.get)
        for name in ["http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"] { _ = unsafe unsetenv(name) }
    }

    @Test func `a redirect is an answer, and its target isn't contacted`() async throws {
        let other = try CurlRawServer { $0.answer() }
        defer { other.stop() }
        let location = other.url + "/stolen"
        try await CurlFixture.with({ connection in
            _ = connection.request()
            connection.answer("302 Found", "Location: \(location)\r\n")
        }) { server, transport in
            let response = try await transport.send(
                CurlFixture.head(server, "/x", .get, [.authorization: "Basic x"]), body: nil, deadline: CurlFixture.soon
            )
            #expect(response.head.status.code == 302)
            #expect(response.head.headerFields[.location] == location)
        }
        #expect(other.accepted == 0)
    }

    @Test func `cookies come line by line, and none is sent back`() async throws {
        let notes = CurlNotes<String>()
        try await CurlFixture.with({ connection in
            notes.add(connection.request().head)
            connection.answer(
                "200 OK", (0..<1_000).map { "Set-Cookie: c\($0)=v; expires=Wed, 09 Jun 2100 10:18:14 GMT\r\n" }.joined()
            )
            notes.add(connection.request().head)
            connection.answer()
        }) { server, transport in
            let response = try await transport.send(CurlFixture.head(server), body: nil, deadline: CurlFixture.soon)
            #expect(response.head.headerFields[values: .setCookie].count == 1_000)
            for try await _ in response.body {}
            #expect(await CurlFixture.failure(transport, CurlFixture.head(server)) == nil)
        }
        #expect(notes.values.count == 2)
        #expect(!notes.values[1].lowercased().contains("cookie:"))
    }

    @Test func `a connection is kept for the next request`() async throws {
        try await CurlFixture.with({ connection in
            while !connection.request().head.isEmpty { connection.answer("200 OK", "", "x") }
        }) { server, transport in
            for _ in 0..<5 { #expect(await CurlFixture.failure(transport, CurlFixture.head(server)) == nil) }
            #expect(server.accepted == 1)
        }
    }

    @Test func `a write on a kept connection that dies is not written again`() async throws {
        let heads = CurlNotes<String>()
        try await CurlFixture.with({ connection in
            _ = connection.request()
            connection.answer()
            let head = connection.request().head
            if !head.isEmpty { heads.add(head) }
        }) { server, transport in
            #expect(await CurlFixture.failure(transport, CurlFixture.head(server)) == nil)
            let post = CurlFixture.head(server, "/write", .post)
            #expect(await CurlFixture.failure(transport, post, body: Array("{}".utf8)) == .broken(isSent: true))
        }
        #expect(heads.values.filter { $0.hasPrefix("POST") }.count == 1)
    }

    @Test func `a delete gets a connection of its own and is written once`() async throws {
        let heads = CurlNotes<String>()
        try await CurlFixture.with({ connection in
            let head = connection.request().head
            heads.add(head)
            if head.hasPrefix("GET") {
                connection.answer()
                _ = connection.request()
            }
        }) { server, transport in
            #expect(await CurlFixture.failure(transport, CurlFixture.head(server)) == nil)
            #expect(
                await CurlFixture.failure(transport, CurlFixture.head(server, "/x", .delete)) == .broken(isSent: true))
        }
        #expect(heads.values.filter { $0.hasPrefix("DELETE") }.count == 1)
    }

    @Test(arguments: [
        ("ftp", "127.0.0.1", "/x"), ("http", "", "/x"), ("http", "a@b", "/x"), ("http", "a/b", "/x"),
        ("http", "a", "x"), ("http", "a", "/x y"), ("http", "a", "/x#y"), ("http", "a", "/\u{e4}"),
    ])
    func `a head that is no request is not sent`(scheme: String, authority: String, path: String) async throws {
        let transport = try CurlTransport()
        let head = HTTPRequest(method: .get, scheme: scheme, authority: authority, path: path)
        #expect(await CurlFixture.failure(transport, head) == .unreachable)
        await transport.shutdown()
    }
}
