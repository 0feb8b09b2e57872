import Connections
import Domain
import NIOCore
import Observability
import Synchronization
import Testing

@testable import Proxy

@Suite("When a side fails")
struct FailureTests {
    private func request(_ method: String = "GET", _ headers: String = "") -> String {
        "\(method) /proxy/\(Gate.connection)/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\(headers)\r\n"
    }

    @Test func `says so when nobody listens`() async throws {
        let (upstream, _) = try await Upstream.answering { _ in ok() }
        try await upstream.stop()
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let answer = try await gate.ask()
            #expect(answer.status == 502)
            #expect(answer.body.contains("upstream_unreachable"))
        }
    }

    @Test func `says so when the upstream closes without an answer, and doesn't repeat on a new connection`()
        async throws
    {
        let upstream = try await Upstream.start { peer in
            _ = try await peer.message()
            peer.close()
        }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let answer = try await gate.ask()
            #expect(answer.status == 502)
            #expect(answer.body.contains("upstream_closed"))
            #expect(upstream.acceptedCount == 1)
        }
        try await upstream.stop()
    }

    @Test(arguments: [
        "nonsense\r\n\r\n..........", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ])
    func `answers 502 for what isn't HTTP`(_ bytes: String) async throws {
        let (upstream, _) = try await Upstream.answering { _ in bytes }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let answer = try await gate.ask()
            #expect(answer.status == 502)
            #expect(answer.body.contains("upstream_malformed"))
        }
        try await upstream.stop()
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
    ])
    func `ends the caller's connection when an answer breaks off`(_ bytes: String) async throws {
        let upstream = try await Upstream.start { peer in
            _ = try await peer.message()
            peer.send(bytes)
            peer.close()
        }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let peer = try await gate.connect()
            peer.send(request())
            let whole = try await peer.takeToEnd()
            #expect(!whole.hasSuffix("0\r\n\r\n"))
            #expect(!whole.contains("problem"))
            peer.close()
        }
        try await upstream.stop()
    }

    @Test(arguments: [
        ("GET", "", true), ("DELETE", "", true), ("POST", "Content-Length: 0\r\n", false),
        ("PUT", "Content-Length: 1\r\n\r\nx", false),
    ])
    func `repeats once on a new connection what a dead one swallowed, if that can do no harm`(
        _ method: String, _ rest: String, _ repeats: Bool
    ) async throws {
        let upstream = try await Upstream.start { peer in
            // One answer for each connection; the next request finds it closing.
            _ = try await peer.message()
            peer.send(ok())
            _ = try await peer.take(through: "\r\n\r\n")
            peer.close()
        }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            #expect(try await gate.ask().status == 200)
            let peer = try await gate.connect()
            let body = rest.hasSuffix("x") ? rest : rest + "\r\n"
            peer.send(
                "\(method) /proxy/\(Gate.connection)/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\(body)")
            let answer = try await peer.message()
            #expect(answer.status == (repeats ? 200 : 502))
            #expect(upstream.acceptedCount == (repeats ? 2 : 1))
            peer.close()
        }
        try await upstream.stop()
    }

    @Test func `closes the upstream when the caller goes away`() async throws {
        let upstream = try await Upstream.start { peer in
            _ = try await peer.message()
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            _ = try await peer.takeToEnd()
        }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let peer = try await gate.connect()
            peer.send(request())
            try await peer.take(through: "hello")
            peer.close()
            try await eventually { upstream.closedCount == 1 }
        }
        try await upstream.stop()
    }

    @Test func `passes an early answer on and sends no more of the body`() async throws {
        let upstream = try await Upstream.start { peer in
            try await peer.take(through: "first")
            peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
        }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let peer = try await gate.connect()
            peer.send(request("POST", "Content-Length: 10000000\r\n") + "first")
            let answer = try await peer.message()
            #expect(answer.status == 413)
            #expect(answer.body == "big")
            #expect(answer["connection"] == "close")
            _ = try await peer.takeToEnd()
            peer.close()
        }
        try await upstream.stop()
    }

    @Test func `bounds the request body, announced or not`() async throws {
        let (upstream, recorded) = try await Upstream.answering { ok($0.body) }
        try await Gate.with({ $0.maxRequestBodyBytes = 8 }) { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            #expect(try await gate.ask("POST", body: "12345678").body == "12345678")
            let long = try await gate.ask("POST", body: "123456789")
            #expect(long.status == 413)
            let peer = try await gate.connect()
            peer.send(request("POST", "Transfer-Encoding: chunked\r\n") + "5\r\n12345\r\n")
            peer.send("4\r\n6789\r\n0\r\n\r\n")
            #expect(try await peer.message().status == 413)
            peer.close()
            #expect(recorded.all.count == 1)
        }
        try await upstream.stop()
    }

    @Test func `gives a slow head 408, and an idle connection nothing`() async throws {
        try await Gate.with({
            $0.timeouts.head = .seconds(1)
            $0.timeouts.keepAlive = .milliseconds(100)
        }) { gate in
            let silent = try await gate.connect()
            #expect(try await silent.takeToEnd() == "")
            let slow = try await gate.connect()
            slow.send("GET /health/live HTTP/1.1\r\nHo")
            #expect(try await slow.takeToEnd().hasPrefix("HTTP/1.1 408 "))
            let idle = try await gate.connect()
            idle.send("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await idle.message().status == 200)
            #expect(try await idle.takeToEnd() == "")
            for peer in [silent, slow, idle] { peer.close() }
        }
    }

    @Test func `gives a body that stalls 408`() async throws {
        let upstream = try await Upstream.start { peer in _ = try await peer.takeToEnd() }
        try await Gate.with({ $0.timeouts.bodyStall = .milliseconds(100) }) { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let peer = try await gate.connect()
            peer.send(request("POST", "Content-Length: 10\r\n") + "123")
            let answer = try await peer.message()
            #expect(answer.status == 408)
            #expect(answer["connection"] == "close")
            peer.close()
            try await eventually { upstream.closedCount == 1 }
        }
        try await upstream.stop()
    }

    @Test func `answers 504 when the upstream doesn't answer`() async throws {
        let upstream = try await Upstream.start { peer in _ = try await peer.takeToEnd() }
        try await Gate.with({ $0.timeouts.upstreamHead = .milliseconds(100) }) { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let late = try await gate.ask()
            #expect(late.status == 504)
            #expect(late.body.contains("upstream_timed_out"))
            try await eventually { upstream.closedCount == 1 }
        }
        try await upstream.stop()
    }

    @Test func `cuts an answer that stalls`() async throws {
        let upstream = try await Upstream.start { peer in
            _ = try await peer.message()
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123")
            _ = try await peer.takeToEnd()
        }
        try await Gate.with({ $0.timeouts.bodyStall = .milliseconds(100) }) { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let peer = try await gate.connect()
            peer.send(request())
            #expect(try await peer.takeToEnd().hasSuffix("\r\n\r\n123"))
            peer.close()
        }
        try await upstream.stop()
    }

    @Test func `answers 504 when opening takes too long`() async throws {
        try await Gate.with({ $0.timeouts.opening = .milliseconds(60) }) { gate in
            gate.opening.put(try Gate.usable(port: 1))
            gate.opening.hold()
            #expect(try await gate.ask().status == 504)
            gate.opening.release()
        }
    }

    @Test func `bounds the callers' connections`() async throws {
        try await Gate.with({ $0.maxConnections = 2 }) { gate in
            let one = try await gate.connect()
            let two = try await gate.connect()
            for peer in [one, two] {
                peer.send("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try await peer.message().status == 200)
            }
            let three = try await gate.connect()
            let refused = try await three.takeToEnd()
            #expect(refused.hasPrefix("HTTP/1.1 503 "))
            #expect(refused.contains("overloaded"))
            one.close()
            try await eventually { gate.metrics.prometheusText().contains("sallyport_data_plane_connections 1\n") }
            #expect(try await gate.send("GET", "/health/live").status == 200)
            two.close()
            three.close()
        }
    }

    @Test func `bounds connections and waiting requests of one upstream`() async throws {
        let upstream = try await Upstream.start { peer in
            while true {
                _ = try await peer.message()
                peer.hold.withLock { $0 = true }
            }
        }
        try await Gate.with({
            $0.upstream.maxPerConnection = 1
            $0.upstream.maxWaiting = 1
        }) { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let peers = [try await gate.connect(), try await gate.connect(), try await gate.connect()]
            peers[0].send(request())
            try await eventually { upstream.peers.first?.hold.withLock { $0 } == true }
            peers[1].send(request())
            peers[2].send(request())
            // Whichever of the two comes last finds the queue full.
            let busy = try await firstMessage(of: [peers[1], peers[2]])
            #expect(busy.1.status == 503)
            #expect(busy.1.body.contains("upstream_busy"))
            #expect(busy.1["retry-after"] == "1")
            upstream.peers.first?.send(ok("first"))
            #expect(try await peers[0].message().body == "first")
            try await eventually { upstream.peers.first?.hold.withLock { $0 } == true }
            upstream.peers.first?.send(ok("second"))
            let waiting = busy.0 == 0 ? peers[2] : peers[1]
            #expect(try await waiting.message().body == "second")
            #expect(upstream.acceptedCount == 1)
            for peer in peers { peer.close() }
        }
        try await upstream.stop()
    }

    private func firstMessage(of peers: [RawPeer]) async throws -> (Int, Message) {
        try await eventually { peers.contains { $0.text.contains("\r\n\r\n") } }
        let index = peers[0].text.contains("\r\n\r\n") ? 0 : 1
        return (index, try await peers[index].message())
    }

    @Test func `keeps the connection after a refusal when the body is short or absent`() async throws {
        try await Gate.with { gate in
            let peer = try await gate.connect()
            for _ in 0..<3 {
                peer.send("POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
                let answer = try await peer.message()
                #expect(answer.status == 404)
                #expect(answer["connection"] == nil)
            }
            peer.send("POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            #expect(try await peer.message()["connection"] == "close")
            _ = try await peer.takeToEnd()
            peer.close()
        }
    }

    @Test func `answers no more requests than a caller takes the answers of`() async throws {
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: 1))
            let peer = try await Sockets.connect(to: gate.port, countsOnly: true)
            try await peer.channel?.setOption(.autoRead, value: false).get()
            let count = 40_000
            let one =
                "POST /v1/connections/\(Gate.connection)/token HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\r\n"
            for _ in 0..<count / 100 { peer.send(String(repeating: one, count: 100)) }
            try await eventually { gate.metrics.prometheusText().contains("cache=\"connection\",result=\"hit\"") }
            let before = try ProcessMemory.residentBytes()
            try await peer.channel?.setOption(.autoRead, value: true).get()
            let answerBytes = 300
            try await peer.wait(within: .seconds(60)) { _, _ in
                peer.count.load(ordering: .relaxed) > count * answerBytes
            }
            #expect(try ProcessMemory.residentBytes() - before < 32 << 20)
            peer.close()
        }
    }

    @Test func `takes a reset for no end of a body`() async throws {
        let upstream = try await Upstream.start { peer in
            _ = try await peer.message()
            peer.send("HTTP/1.1 200 OK\r\n\r\npart")
            try await peer.wait { _, _ in peer.hold.withLock { $0 } }
            try await peer.reset()
        }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let peer = try await gate.connect()
            peer.send(request())
            try await peer.take(through: "part")
            upstream.peers.first?.wake()
            #expect(try await peer.takeToEnd().hasSuffix("0\r\n\r\n") == false)
            peer.close()
        }
        try await upstream.stop()
    }
}
