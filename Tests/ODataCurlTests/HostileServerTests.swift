import Glibc
import HTTPTypes
import OData
import ODataCurl
import Testing

@Suite("Servers that don't keep to the rules", .timeLimit(.minutes(1)))
struct CurlHostileServerTests {
    private func failure(
        _ script: @escaping CurlRawServer.Script, method: HTTPRequest.Method = .get, body: [UInt8]? = nil,
        options: CurlOptions = CurlOptions(), within: Duration = .seconds(20)
    ) async throws -> TransportError? {
        var failure: TransportError?
        try await CurlFixture.with(script, options: options) { server, transport in
            failure = await CurlFixture.failure(
                transport, CurlFixture.head(server, "/x", method), body: body, deadline: .now + within)
        }
        return failure
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n", "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ])
    func `an answer that breaks off is broken, not short`(text: String) async throws {
        let failure = try await failure { connection in
            _ = connection.request()
            connection.write(text)
        }
        #expect(failure == .broken(isSent: true) || failure == .malformed)
        #expect(failure?.isSent == true)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nbad name: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\u{1}b\r\n\r\n", "HTTP/1.1 999 What\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/3 200\r\n\r\n",
        "SSH-2.0-OpenSSH\r\n", "hello", "\u{0}\u{0}\u{0}\u{0}", "HTTP/0.9 200 OK\r\n\r\nbody",
    ])
    func `what isn't HTTP is refused`(text: String) async throws {
        let failure = try await failure { connection in
            _ = connection.request()
            connection.write(text)
        }
        #expect(failure == .malformed || failure == .broken(isSent: true))
    }

    @Test func `a connection that is closed before, while and after the request is read is broken`() async throws {
        #expect(try await failure({ _ in })?.isSent != nil)
        let body = [UInt8](repeating: 1, count: 5_000_000)
        #expect(try await failure({ _ = $0.read(atMost: 10) }, method: .post, body: body) == .broken(isSent: true))
        #expect(try await failure({ _ = $0.request() }, method: .post, body: [1]) == .broken(isSent: true))
    }

    @Test func `nobody there is unreachable, and nothing was sent`() async throws {
        let port = try CurlRawServer.closedPort()
        let transport = try CurlTransport()
        let head = HTTPRequest(method: .post, scheme: "http", authority: "127.0.0.1:\(port)", path: "/x")
        #expect(await CurlFixture.failure(transport, head, body: [1]) == .unreachable)
        await transport.shutdown()
    }

    @Test func `plain text where TLS was expected is untrusted, and nothing was sent`() async throws {
        try await CurlFixture.with({ connection in
            _ = connection.read()
            connection.write("HTTP/1.1 400 Bad Request\r\n\r\n")
        }) { server, transport in
            let head = HTTPRequest(method: .post, scheme: "https", authority: "127.0.0.1:\(server.port)", path: "/x")
            #expect(await CurlFixture.failure(transport, head, body: [1]) == .untrusted)
        }
    }

    @Test func `fields without end are refused at the bound`() async throws {
        let notes = CurlNotes<Int>()
        let failure = try await failure { connection in
            _ = connection.request()
            connection.write("HTTP/1.1 200 OK\r\n")
            let line = Array(
                (String(repeating: "X-Flood: " + String(repeating: "y", count: 990) + "\r\n", count: 16)).utf8)
            var count = 0
            while connection.write(line) == line.count, count < 1 << 30 { count += line.count }
            notes.add(count)
        }
        #expect(failure == .malformed)
        #expect(await notes.first()[0] < 64 << 20)
    }

    @Test func `one field without end is refused`() async throws {
        let failure = try await failure { connection in
            _ = connection.request()
            connection.write("HTTP/1.1 200 OK\r\nX: ")
            let piece = [UInt8](repeating: UInt8(ascii: "y"), count: 65_536)
            var count = 0
            while connection.write(piece) == piece.count, count < 1 << 30 { count += piece.count }
        }
        #expect(failure != nil)
        #expect(failure?.isSent == true)
    }

    @Test func `interim answers are passed over, and refused without end`() async throws {
        #expect(
            try await failure { connection in
                _ = connection.request()
                connection.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
                connection.answer()
            } == nil)
        let endless = try await failure { connection in
            _ = connection.request()
            while connection.write("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n") {}
        }
        #expect(endless == .malformed)
    }

    @Test func `trailers are no head`() async throws {
        try await CurlFixture.with({ connection in
            _ = connection.request()
            connection.write(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nSet-Cookie: a=1\r\n\r\n")
        }) { server, transport in
            let response = try await transport.send(CurlFixture.head(server), body: nil, deadline: CurlFixture.soon)
            #expect(try await response.body.collect(maxBytes: 10) == Array("abc".utf8))
            #expect(response.head.headerFields[.setCookie] == nil)
        }
    }

    @Test func `drops of a body don't stretch the deadline`() async throws {
        let start = ContinuousClock.now
        let failure = try await failure(
            { connection in
                _ = connection.request()
                connection.write("HTTP/1.1 200 OK\r\n\r\n")
                while connection.write("x"), !connection.pause(milliseconds: 20) {}
            }, within: .milliseconds(400))
        // On a machine that is slow enough, time is up before anything was sent.
        #expect(failure == .timedOut(isSent: true) || failure == .timedOut(isSent: false))
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    @Test func `silence ends with the deadline, before and after the head`() async throws {
        let before = try await failure(
            { connection in
                _ = connection.request()
                _ = connection.pause(milliseconds: 5_000)
            }, within: .milliseconds(1_000))
        #expect(before == .timedOut(isSent: true))
        let after = try await failure(
            { connection in
                _ = connection.request()
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
                _ = connection.pause(milliseconds: 5_000)
            }, within: .milliseconds(1_000))
        #expect(after == .timedOut(isSent: true))
    }

    @Test(arguments: ["", "Content-Length: 1000000000\r\n"])
    func `a body of a gigabyte or without end is given up at the reader's bound`(length: String) async throws {
        let notes = CurlNotes<Int>()
        try await CurlFixture.with({ connection in
            _ = connection.request()
            connection.write("HTTP/1.1 200 OK\r\n\(length)\r\n")
            let piece = [UInt8](repeating: 0, count: 1 << 20)
            var count = 0
            while count < 1_000_000_000 {
                let written = connection.write(piece)
                count += written
                if written < piece.count { break }
            }
            notes.add(count)
        }) { server, transport in
            let response = try await transport.send(CurlFixture.head(server), body: nil, deadline: CurlFixture.soon)
            await #expect(throws: ODataError.limit(.bodyBytes(1 << 20))) {
                try await response.body.collect(maxBytes: 1 << 20)
            }
            #expect(await notes.first()[0] < 64 << 20)
        }
    }

    @Test func `who doesn't read stops the sender, and gets all of it then`() async throws {
        let total = 48 << 20
        let stalls = CurlNotes<Int>()
        let ends = CurlNotes<Int>()
        try await CurlFixture.with({ connection in
            _ = connection.request()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            let piece = [UInt8](repeating: 0, count: 1 << 20)
            // A second without room is a stall.
            connection.setTimeout(SO_SNDTIMEO, milliseconds: 1_000)
            var count = 0
            var written = piece.count
            while count < total, written == piece.count {
                written = connection.write(piece)
                count += written
            }
            stalls.add(count)
            connection.setTimeout(SO_SNDTIMEO, milliseconds: 10_000)
            while count < total {
                let more = connection.write([UInt8](repeating: 0, count: min(1 << 20, total - count)))
                guard more > 0 else { break }
                count += more
            }
            ends.add(count)
        }) { server, transport in
            let response = try await transport.send(CurlFixture.head(server), body: nil, deadline: CurlFixture.soon)
            #expect(await stalls.first()[0] < 32 << 20)
            var count = 0
            for try await chunk in response.body { count += chunk.count }
            #expect(count == total)
            #expect(await ends.first()[0] == total)
        }
    }
}

@Suite("Requests that end before their answer", .timeLimit(.minutes(1)))
struct CurlEndingTests {
    @Test func `a cancelled task ends its request, and the server sees it`() async throws {
        let notes = CurlNotes<String>()
        try await CurlFixture.with({ connection in
            _ = connection.request()
            notes.add("asked")
            _ = connection.pause(milliseconds: 10_000)
            notes.add("gone")
        }) { server, transport in
            let head = CurlFixture.head(server)
            // Awaited below.
            let task = Task { await CurlFixture.failure(transport, head) }
            _ = await notes.first()
            task.cancel()
            #expect(await task.value == .cancelled(isSent: true))
            _ = await notes.first(2)
        }
    }

    @Test func `a cancelled reader ends its answer`() async throws {
        let notes = CurlNotes<String>()
        try await CurlFixture.with({ connection in
            _ = connection.request()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
            _ = connection.pause(milliseconds: 10_000)
            notes.add("gone")
        }) { server, transport in
            let response = try await transport.send(CurlFixture.head(server), body: nil, deadline: CurlFixture.soon)
            // Awaited below.
            let task = Task { () async -> ODataError? in
                do throws(ODataError) {
                    _ = try await response.body.collect(maxBytes: 10)
                    return nil
                } catch {
                    return error
                }
            }
            task.cancel()
            #expect(await task.value == .cancelled)
            _ = await notes.first()
        }
    }

    @Test func `an answer that nobody holds any more is ended`() async throws {
        let notes = CurlNotes<String>()
        try await CurlFixture.with({ connection in
            _ = connection.request()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
            _ = connection.pause(milliseconds: 10_000)
            notes.add("gone")
        }) { server, transport in
            _ = try await transport.send(CurlFixture.head(server), body: nil, deadline: CurlFixture.soon)
            _ = await notes.first()
        }
    }

    @Test func `requests over the bounds wait or are refused`() async throws {
        var options = CurlOptions()
        (options.maxTransfers, options.maxWaiting) = (1, 1)
        let notes = CurlNotes<String>()
        try await CurlFixture.with(
            { connection in
                _ = connection.request()
                notes.add("asked")
                _ = connection.pause(milliseconds: 10_000)
            }, options: options
        ) { server, transport in
            let head = CurlFixture.head(server)
            // Both are awaited below.
            let first = Task { await CurlFixture.failure(transport, head) }
            _ = await notes.first()
            let second = Task { await CurlFixture.failure(transport, head, deadline: .now + .milliseconds(300)) }
            #expect(await second.value == .timedOut(isSent: false))
            let waiting = Task { await CurlFixture.failure(transport, head) }
            var refused: TransportError?
            for _ in 0..<10_000 where refused != .overloaded {
                await Task.yield()
                refused = await CurlFixture.failure(transport, head, deadline: .now + .milliseconds(1))
            }
            #expect(refused == .overloaded)
            first.cancel()
            waiting.cancel()
            _ = await (first.value, waiting.value)
        }
    }

    @Test func `who waits for room goes on when an answer has ended, though nothing else happens`() async throws {
        var options = CurlOptions()
        options.maxTransfers = 1
        try await CurlFixture.with(
            { connection in
                while !connection.request().head.isEmpty { connection.answer() }
            }, options: options
        ) { server, transport in
            let head = CurlFixture.head(server)
            await withTaskGroup(of: TransportError?.self) { group in
                for _ in 0..<20 { group.addTask { await CurlFixture.failure(transport, head) } }
                for await failure in group { #expect(failure == nil) }
            }
        }
    }

    @Test func `after a shutdown nothing is taken, and what was under way has ended`() async throws {
        let notes = CurlNotes<String>()
        try await CurlFixture.with({ connection in
            _ = connection.request()
            notes.add("asked")
            _ = connection.pause(milliseconds: 10_000)
        }) { server, transport in
            let head = CurlFixture.head(server)
            // Awaited below.
            let task = Task { await CurlFixture.failure(transport, head) }
            _ = await notes.first()
            await transport.shutdown(within: .milliseconds(50))
            #expect(await task.value == .broken(isSent: true))
            #expect(await CurlFixture.failure(transport, head) == .overloaded)
            await transport.shutdown()
        }
    }

    @Test func `a hundred requests side by side all get their own answer`() async throws {
        try await CurlFixture.with({ connection in
            while true {
                let head = connection.request().head
                guard !head.isEmpty else { return }
                connection.answer("200 OK", "", String(head.split(separator: " ")[1]))
            }
        }) { server, transport in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    let head = CurlFixture.head(server, "/\(number)")
                    group.addTask {
                        let response = try await transport.send(head, body: nil, deadline: CurlFixture.soon)
                        #expect(try await response.body.collect(maxBytes: 10) == Array("/\(number)".utf8))
                    }
                }
                try await group.waitForAll()
            }
            #expect(server.accepted <= 16)
        }
    }
}
