import Domain
import NIOCore
import Observability
import Synchronization
import Testing

@testable import Proxy

@Suite("Proxying a request")
struct ProxyingTests {
    @Test func `passes method, path, query, body, status and headers through`() async throws {
        let (upstream, recorded) = try await Upstream.answering { request in
            "HTTP/1.1 207 Multi-Status\r\nContent-Length: \(request.body.utf8.count)\r\nX-Up: one\r\nX-Up: two\r\n"
                + "ETag: W/\"1\"\r\n\r\n\(request.body)"
        }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port, path: "/base"))
            let answer = try await gate.ask(
                "MERGE", "/sap/A('1%27')?$top=1&x=%2f", headers: "X-Mine: yes\r\nAccept-Encoding: gzip\r\n",
                body: "hello")
            #expect(answer.status == 207)
            #expect(answer.body == "hello")
            #expect(answer.all("x-up") == ["one", "two"])
            #expect(answer["etag"] == "W/\"1\"")
            let sent = try #require(recorded.last)
            #expect(sent.first == "MERGE /base/sap/A('1%27')?$top=1&x=%2f HTTP/1.1")
            #expect(sent["host"] == "127.0.0.1:\(upstream.port)")
            #expect(sent["x-mine"] == "yes")
            #expect(sent["accept-encoding"] == "gzip")
            #expect(sent.all("authorization") == ["Bearer \(Gate.secret)"])
            #expect(sent.body == "hello")
        }
        try await upstream.stop()
    }

    @Test(arguments: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "MERGE"])
    func `knows every method of the list`(_ method: String) async throws {
        let (upstream, recorded) = try await Upstream.answering { request in
            request.method == "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n" : ok()
        }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let answer = try await gate.ask(method)
            #expect(answer.status == 200)
            if method == "HEAD" { #expect(answer["content-length"] == "20") }
            #expect(recorded.last?.method == method)
        }
        try await upstream.stop()
    }

    @Test func `reuses caller's and upstream's connections, and verifies and opens once`() async throws {
        let (upstream, recorded) = try await Upstream.answering { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let peer = try await gate.connect()
            for number in 0..<20 {
                peer.send(
                    "GET /proxy/\(Gate.connection)/\(number) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\r\n")
                #expect(try await peer.message().status == 200)
            }
            #expect(recorded.all.map(\.target) == (0..<20).map { "/\($0)" })
            #expect(upstream.acceptedCount == 1)
            #expect(gate.tokens.verifications.load(ordering: .relaxed) == 1)
            #expect(gate.opening.opens == 1)
            peer.close()
        }
        try await upstream.stop()
    }

    @Test func `answers pipelined requests in order`() async throws {
        let (upstream, _) = try await Upstream.answering { ok($0.target) }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let peer = try await gate.connect()
            let one = { (number: Int) in
                "POST /proxy/\(Gate.connection)/\(number) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\nContent-Length: 3\r\n\r\nabc"
            }
            peer.send((0..<10).map(one).joined() + "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            for number in 0..<10 { #expect(try await peer.message().body == "/\(number)") }
            #expect(try await peer.message().body == "{\"status\":\"ok\"}")
            peer.close()
        }
        try await upstream.stop()
    }

    @Test func `re-frames chunked bodies both ways and drops trailers`() async throws {
        let (upstream, recorded) = try await Upstream.answering { request in
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nX-T: t\r\n\r\n"
        }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let peer = try await gate.connect()
            peer.send(
                "PUT /proxy/\(Gate.connection)/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n"
                    + "Transfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n3\r\nabc\r\n")
            peer.send("2;x\r\nde\r\n0\r\nX-T: t\r\n\r\n")
            let answer = try await peer.message()
            #expect(answer.body == "hello!")
            #expect(answer["trailer"] == nil)
            #expect(answer["x-t"] == nil)
            #expect(recorded.last?.body == "abcde")
            #expect(recorded.last?["content-length"] == nil)
            peer.close()
        }
        try await upstream.stop()
    }

    @Test func `turns a body that ends with the connection into chunks`() async throws {
        let upstream = try await Upstream.start { peer in
            _ = try await peer.message()
            peer.send("HTTP/1.1 200 OK\r\nX: y\r\n\r\nuntil ")
            peer.send("the end")
            peer.close()
        }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let answer = try await gate.ask()
            #expect(answer.body == "until the end")
            #expect(answer["transfer-encoding"] == "chunked")
        }
        try await upstream.stop()
    }

    @Test func `serves HTTP/1.0 without chunks and without keeping the connection`() async throws {
        let (upstream, recorded) = try await Upstream.answering { _ in
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let peer = try await gate.connect()
            peer.send(
                "GET /proxy/\(Gate.connection)/a HTTP/1.0\r\nAuthorization: Bearer good\r\nConnection: keep-alive\r\n\r\n"
            )
            let whole = try await peer.takeToEnd()
            #expect(whole.hasSuffix("\r\n\r\nhello"))
            #expect(!whole.lowercased().contains("chunked"))
            #expect(recorded.last?.first.hasSuffix("HTTP/1.1") == true)
            peer.close()
        }
        try await upstream.stop()
    }

    @Test func `says Continue itself, after it knows the caller`() async throws {
        let (upstream, recorded) = try await Upstream.answering { ok($0.body) }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let peer = try await gate.connect()
            let head =
                "PUT /proxy/\(Gate.connection)/a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n"
            peer.send(head + "Authorization: Bearer good\r\n\r\n")
            #expect(try await peer.take(through: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            peer.send("abc")
            #expect(try await peer.message().body == "abc")
            #expect(recorded.last?["expect"] == nil)
            let refused = try await gate.connect()
            refused.send(head + "Authorization: Bearer bad\r\n\r\n")
            let answer = try await refused.message()
            #expect(answer.status == 401)
            #expect(answer["connection"] == "close")
            peer.close()
            refused.close()
        }
        try await upstream.stop()
    }

    @Test func `drops interim responses and refuses an upgrade of the upstream`() async throws {
        let (upstream, _) = try await Upstream.answering { request in
            request.target == "/a"
                ? "HTTP/1.1 102 Processing\r\nX: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + ok()
                : "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
        }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let answer = try await gate.ask()
            #expect(answer.status == 200)
            #expect(answer["link"] == nil)
            let refused = try await gate.ask("GET", "/b")
            #expect(refused.status == 502)
            #expect(refused.body.contains("upstream_upgrade_refused"))
        }
        try await upstream.stop()
    }

    @Test func `passes request identifiers and traces on, and makes them where they are missing`() async throws {
        let (upstream, recorded) = try await Upstream.answering { _ in ok("ok", "X-Request-Id: theirs\r\n") }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            let given = try await gate.ask(headers: "X-Request-Id: my.id-1_\r\ntraceparent: \(trace)\r\n")
            #expect(given.all("x-request-id") == ["my.id-1_"])
            #expect(recorded.last?.all("x-request-id") == ["my.id-1_"])
            #expect(recorded.last?.all("traceparent") == [trace])
            let made = try await gate.ask(headers: "X-Request-Id: a b\r\ntraceparent: 00-00-00-00\r\n")
            let id = try #require(recorded.last?["x-request-id"])
            #expect(id.count == 32)
            #expect(made["x-request-id"] == id)
            let second = try #require(recorded.last?["traceparent"])
            #expect(second.count == 55 && second.hasPrefix("00-"))
        }
        try await upstream.stop()
    }
}
