import Domain
import OutboundHTTP
import Testing

@Suite("Ending transfers early")
struct EndingTests {
    /// Takes requests and never answers; tells of each, and of each connection that was closed.
    private func silentServer() throws -> (server: RawServer, requests: AsyncStream<Void>, closes: AsyncStream<Void>) {
        let (requests, request) = AsyncStream.makeStream(of: Void.self)
        let (closes, close) = AsyncStream.makeStream(of: Void.self)
        let server = try RawServer { connection in
            guard connection.readHead() != nil else { return }
            request.yield()
            connection.waitForClose()
            close.yield()
        }
        return (server, requests, closes)
    }

    @Test func `aborts the transfer when the calling task is cancelled`() async throws {
        let (server, requests, closes) = try silentServer()
        let request = try OutboundRequest.to(server.url(), timeout: .seconds(30))
        try await withClient { client async throws in
            let error = await withTaskGroup(of: OutboundError?.self) { group in
                group.addTask { await failure(client, request) }
                for await _ in requests { break }
                group.cancelAll()
                return await group.next() ?? nil
            }
            #expect(error == .cancelled)
            for await _ in closes { break }
        }
    }

    @Test func `sends nothing for a task that is cancelled already`() async throws {
        let (server, _, _) = try silentServer()
        let request = try OutboundRequest.to(server.url())
        try await withClient { client async throws in
            let error = await withTaskGroup(of: OutboundError?.self) { group in
                group.cancelAll()
                group.addTask { await failure(client, request) }
                return await group.next() ?? nil
            }
            #expect(error == .cancelled)
        }
        #expect(server.connectionCount == 0)
    }

    @Test func `refuses more than its queue holds and times out what waits too long`() async throws {
        let (server, requests, _) = try silentServer()
        var limits = CurlLimits()
        limits.maxActiveTransfers = 1
        limits.maxWaitingTransfers = 1
        let (long, short) = (
            try OutboundRequest.to(server.url(), timeout: .seconds(30)),
            try OutboundRequest.to(server.url(), timeout: .milliseconds(200))
        )
        try await withClient(limits) { client async throws in
            await withTaskGroup(of: OutboundError?.self) { group in
                group.addTask { await failure(client, long) }
                for await _ in requests { break }
                #expect(await failure(client, short) == .timedOutBeforeSending)
                let pair = await withTaskGroup(of: OutboundError?.self) { waiting in
                    for _ in 0..<2 { waiting.addTask { await failure(client, short) } }
                    return await waiting.reduce(into: Set<OutboundError?>()) { $0.insert($1) }
                }
                #expect(pair == [.timedOutBeforeSending, .overloaded])
                group.cancelAll()
            }
        }
        #expect(server.connectionCount == 1)
    }

    @Test func `ends transfers in flight at the deadline of the shutdown`() async throws {
        let (server, requests, closes) = try silentServer()
        let client = try CurlClient()
        try client.start()
        let request = try OutboundRequest.to(server.url(), timeout: .seconds(30))
        let start = ContinuousClock.now
        let errors = await withTaskGroup(of: OutboundError?.self) { group in
            for _ in 0..<3 { group.addTask { await failure(client, request) } }
            var seen = 0
            for await _ in requests {
                seen += 1
                if seen == 3 { break }
            }
            await client.shutdown(within: .milliseconds(200))
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(errors == [.outcomeUnknown, .outcomeUnknown, .outcomeUnknown])
        #expect(ContinuousClock.now - start < .seconds(10))
        for await _ in closes { break }
    }

    @Test func `lets a transfer finish within the shutdown's grace`() async throws {
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        let (requests, request) = AsyncStream.makeStream(of: Void.self)
        let server = try RawServer { connection in
            _ = connection.readHead()
            request.yield()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
            blockingWait(for: released)
            connection.write("k")
        }
        let client = try CurlClient()
        try client.start()
        let outbound = try OutboundRequest.to(server.url())
        try await withThrowingTaskGroup(of: OutboundResponse?.self) { group in
            group.addTask { try await client.send(outbound) }
            for await _ in requests { break }
            group.addTask {
                await client.shutdown(within: .seconds(20))
                return nil
            }
            release.finish()
            for try await response in group where response != nil { #expect(response?.text == "ok") }
        }
    }

    @Test func `closes its connections when it is let go without a shutdown`() async throws {
        let (closed, signal) = AsyncStream.makeStream(of: Void.self)
        let server = try RawServer { connection in
            _ = connection.readHead()
            connection.answer()
            connection.waitForClose()
            signal.finish()
        }
        do {
            let client = try CurlClient()
            try client.start()
            _ = try await client.send(.to(server.url()))
        }
        for await _ in closed {}
    }
}
