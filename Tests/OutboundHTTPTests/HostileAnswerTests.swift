import Domain
import OutboundHTTP
import Sodium
import Synchronization
import Testing

@Suite("Reading a hostile answer")
struct HostileAnswerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let answer: String
        let expected: [OutboundError]
    }

    static let ok = "HTTP/1.1 200 OK\r\n"
    static let cases = [
        Case(testDescription: "HTTP/0.9", answer: "hello", expected: [.malformedResponse]),
        Case(testDescription: "no HTTP", answer: "SSH-2.0-OpenSSH\r\n\r\n", expected: [.malformedResponse]),
        Case(testDescription: "HTTP/2 status line", answer: "HTTP/2 200\r\n\r\n", expected: [.malformedResponse]),
        Case(testDescription: "HTTP/3.0", answer: "HTTP/3.0 200 OK\r\n\r\n", expected: [.malformedResponse]),
        Case(testDescription: "status of letters", answer: "HTTP/1.1 abc\r\n\r\n", expected: [.malformedResponse]),
        Case(
            testDescription: "status 999", answer: "HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n",
            expected: [.malformedResponse]),
        Case(testDescription: "status 000", answer: "HTTP/1.1 000 X\r\n\r\n", expected: [.malformedResponse]),
        Case(testDescription: "NUL in a header", answer: ok + "X: a\0b\r\n\r\n", expected: [.malformedResponse]),
        Case(
            testDescription: "CR in a header", answer: ok + "X: a\rb\r\nContent-Length: 0\r\n\r\n",
            expected: [.malformedResponse]),
        Case(
            testDescription: "escape in a header", answer: ok + "X: \u{1B}[1m\r\nContent-Length: 0\r\n\r\n",
            expected: [.malformedResponse]),
        Case(
            testDescription: "line without a colon", answer: ok + "nonsense\r\nContent-Length: 0\r\n\r\n",
            expected: [.malformedResponse]),
        Case(
            testDescription: "space before the colon", answer: ok + "X : 1\r\nContent-Length: 0\r\n\r\n",
            expected: [.malformedResponse]),
        Case(
            testDescription: "folded header", answer: ok + "X: 1\r\n 2\r\nContent-Length: 0\r\n\r\n",
            expected: [.malformedResponse]),
        Case(
            testDescription: "two lengths", answer: ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
            expected: [.malformedResponse]),
        Case(
            testDescription: "negative length", answer: ok + "Content-Length: -1\r\n\r\n",
            expected: [.malformedResponse]),
        Case(
            testDescription: "length list", answer: ok + "Content-Length: 2, 3\r\n\r\nabc",
            expected: [.malformedResponse]),
        Case(
            testDescription: "length of 2^70", answer: ok + "Content-Length: 1180591620717411303424\r\n\r\n",
            expected: [.malformedResponse, .responseTooLarge]),
        Case(
            testDescription: "interim only", answer: "HTTP/1.1 100 Continue\r\n\r\n",
            expected: [.malformedResponse, .outcomeUnknown]),
        Case(
            testDescription: "switching protocols", answer: "HTTP/1.1 101 Switch\r\nUpgrade: x\r\n\r\nabc",
            expected: [.malformedResponse, .outcomeUnknown]),
        Case(
            testDescription: "chunked garbage", answer: ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            expected: [.malformedResponse, .outcomeUnknown]),
        Case(
            testDescription: "chunk size overflow",
            answer: ok + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
            expected: [.malformedResponse, .outcomeUnknown, .responseTooLarge]),
        Case(
            testDescription: "chunked, cut", answer: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nab",
            expected: [.outcomeUnknown]),
        Case(
            testDescription: "cut in the headers", answer: ok + "X: 1\r\n",
            expected: [.malformedResponse, .outcomeUnknown]),
        Case(
            testDescription: "body shorter than its length", answer: ok + "Content-Length: 10\r\n\r\nabc",
            expected: [.outcomeUnknown]),
        Case(testDescription: "nothing", answer: "", expected: [.outcomeUnknown]),
        Case(
            testDescription: "length beyond the bound", answer: ok + "Content-Length: 2000\r\n\r\n",
            expected: [.responseTooLarge]),
        Case(
            testDescription: "body beyond the bound", answer: ok + "\r\n" + String(repeating: "x", count: 1001),
            expected: [.responseTooLarge]),
        Case(
            testDescription: "chunks beyond the bound",
            answer: ok + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + String(repeating: "x", count: 1001)
                + "\r\n0\r\n\r\n", expected: [.responseTooLarge]),
        Case(
            testDescription: "one long header", answer: ok + "X: " + String(repeating: "x", count: 70_000) + "\r\n\r\n",
            expected: [.responseTooLarge]),
        Case(
            testDescription: "many headers", answer: ok + String(repeating: "X: 1\r\n", count: 20_000) + "\r\n",
            expected: [.responseTooLarge]),
        Case(
            testDescription: "endless interim answers",
            answer: String(repeating: "HTTP/1.1 103 X\r\nX: 1\r\n\r\n", count: 10_000), expected: [.responseTooLarge]),
    ]

    @Test(arguments: cases)
    func `ends with a closed error, unsafe to retry`(_ hostile: Case) async throws {
        let server = try RawServer { connection in
            _ = connection.readHead()
            connection.write(hostile.answer)
        }
        let request = try OutboundRequest.to(server.url(), timeout: .seconds(8), maxBodyBytes: 1000)
        let error = try #require(try await withClient { await failure($0, request) })
        #expect(hostile.expected.contains(error))
        #expect(!error.isSafeToRetry)
    }

    @Test func `takes a body of exactly the bound`() async throws {
        let server = try RawServer { connection in
            _ = connection.readHead()
            connection.answer(String(repeating: "x", count: 1000))
        }
        let response = try await withClient { try await $0.send(.to(server.url(), maxBodyBytes: 1000)) }
        #expect(response.body.count == 1000)
    }

    @Test func `ignores what follows the announced length`() async throws {
        let server = try RawServer { connection in
            _ = connection.readHead()
            connection.write(Self.ok + "Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
            _ = connection.readHead()
        }
        try await withClient { client async throws in
            #expect(try await client.send(.to(server.url())).text == "ok")
            // The leftover must not answer the next request.
            let next = try? await client.send(.to(server.url("/next"), timeout: .seconds(2)))
            #expect(next?.text != "evil")
        }
    }

    @Test func `gives up at the deadline of a request whose answer drips`() async throws {
        let server = try RawServer { connection in
            _ = connection.readHead()
            connection.write(Self.ok + "Content-Length: 1000000\r\n\r\n")
            connection.waitForClose()
        }
        let start = ContinuousClock.now
        let request = try OutboundRequest.to(server.url(), timeout: .milliseconds(300))
        #expect(try await withClient { await failure($0, request) } == .outcomeUnknown)
        #expect(ContinuousClock.now - start < .seconds(15))
    }

    @Test func `knows that nothing was sent where the handshake never ends`() async throws {
        let server = try RawServer { $0.waitForClose() }
        let request = try OutboundRequest.to("https://127.0.0.1:\(server.port)/", timeout: .milliseconds(300))
        #expect(try await withClient { await failure($0, request) } == .timedOutBeforeSending)
    }

    @Test func `doesn't know the outcome where the peer resets after it read the request`() async throws {
        let server = try RawServer { connection in
            _ = connection.readHead()
            connection.armReset()
        }
        let request = try OutboundRequest.to(server.url(), .post, body: "grant")
        #expect(try await withClient { await failure($0, request) } == .outcomeUnknown)
    }

    @Test func `never sends a POST twice where a kept connection dies under it (RFC 9110 §9.2.2)`() async throws {
        let bodies = Mutex<[String]>([])
        let server = try RawServer { connection in
            for isLast in [false, true] {
                guard connection.readHead() != nil else { return }
                let body = String(decoding: connection.read(5), as: UTF8.self)
                bodies.withLock { $0.append(body) }
                if !isLast { connection.answer() }
            }
        }
        try await withClient { client async throws in
            #expect(try await client.send(.to(server.url(), .post, body: "first")).status == 200)
            #expect(try await failure(client, .to(server.url(), .post, body: "spend")) == .outcomeUnknown)
        }
        #expect(bodies.withLock { $0 } == ["first", "spend"])
    }

    @Test func `sends a POST without a body on a connection of its own`() async throws {
        let server = try RawServer { connection in
            while connection.readHead() != nil { connection.answer() }
        }
        try await withClient { client async throws in
            for _ in 0..<3 { #expect(try await client.send(.to(server.url(), .post)).status == 200) }
        }
        #expect(server.connectionCount == 3)
    }
}
