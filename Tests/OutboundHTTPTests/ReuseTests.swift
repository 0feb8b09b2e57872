import Domain
import OutboundHTTP
import Synchronization
import Testing

@Suite("Reusing connections")
struct ReuseTests {
    private func keepAliveServer() throws -> RawServer {
        try RawServer { connection in
            while connection.readHead() != nil { connection.answer() }
        }
    }

    @Test func `reuses a connection for the same key`() async throws {
        let server = try keepAliveServer()
        try await withClient { client async throws in
            for _ in 0..<5 { _ = try await client.send(.to(server.url())) }
        }
        #expect(server.connectionCount == 1)
    }

    @Test func `never shares a connection between two keys`() async throws {
        let server = try keepAliveServer()
        try await withClient { client async throws in
            for number in 0..<12 { _ = try await client.send(.to(server.url(), poolKey: "tenant \(number % 3)")) }
        }
        #expect(server.connectionCount == 3)
    }

    @Test func `reuses TLS connections per key, as the server counts them`() async throws {
        let nginx = try NginxServer.shared.get()
        let url = "https://localhost:\(nginx.good)/hello"
        let numbers = try await withClient { client async throws in
            var numbers: [String] = []
            for key in ["a", "a", "b", "b", "a"] {
                let request = try OutboundRequest.to(url, poolKey: key, trusting: nginx.certificates.authority)
                numbers.append(try await client.send(request).header("x-connection") ?? "")
            }
            return numbers
        }
        #expect(Set(numbers).count == 2)
        #expect(numbers[0] == numbers[1] && numbers[0] == numbers[4] && numbers[2] == numbers[3])
    }

    @Test func `closes the least recently used of too many idle pools`() async throws {
        let server = try keepAliveServer()
        var limits = CurlLimits()
        limits.maxIdlePools = 2
        try await withClient(limits) { client async throws in
            for key in ["a", "b", "c", "a"] { _ = try await client.send(.to(server.url(), poolKey: key)) }
        }
        #expect(server.connectionCount == 4)
    }

    @Test func `closes a connection that was idle for long enough`() async throws {
        let (closed, signal) = AsyncStream.makeStream(of: Void.self)
        let server = try RawServer { connection in
            _ = connection.readHead()
            connection.answer()
            connection.waitForClose()
            signal.finish()
        }
        var limits = CurlLimits()
        limits.idleTime = .milliseconds(100)
        try await withClient(limits) { client async throws in
            _ = try await client.send(.to(server.url()))
            for await _ in closed {}
        }
    }

    @Test func `answers 200 requests at once, over one key and over many`() async throws {
        let server = try keepAliveServer()
        try await withClient { client async throws in
            for keys in [1, 200] {
                let answered = try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<200 {
                        let request = try OutboundRequest.to(server.url(), poolKey: "k\(number % keys)")
                        group.addTask { try await client.send(request).status == 200 ? 1 : 0 }
                    }
                    return try await group.reduce(0, +)
                }
                #expect(answered == 200)
            }
        }
    }

    @Test func `lets no more transfers of one key run than its share`() async throws {
        let running = Mutex(0)
        let most = Mutex(0)
        let server = try RawServer { connection in
            while connection.readHead() != nil {
                let now = running.withLock { count in
                    count += 1
                    return count
                }
                most.withLock { $0 = max($0, now) }
                running.withLock { $0 -= 1 }
                connection.answer()
            }
        }
        var limits = CurlLimits()
        limits.maxActiveTransfersPerPool = 2
        try await withClient(limits) { client async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<40 {
                    let request = try OutboundRequest.to(server.url())
                    group.addTask { _ = try await client.send(request) }
                }
                try await group.waitForAll()
            }
        }
        #expect(server.connectionCount <= 2)
        #expect(most.withLock { $0 } <= 2)
    }
}
