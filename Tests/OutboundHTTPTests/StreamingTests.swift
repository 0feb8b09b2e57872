import Domain
import Foundation
import OutboundHTTP
import Sodium
import Synchronization
import Testing

@Suite("Streaming bodies", .serialized)  // they measure the memory of the process
struct StreamingTests {
    private static let chunk = [UInt8](repeating: 0x5A, count: 64 << 10)
    private static let bigTotal = 64 << 20

    /// So many chunks; counts what was asked for.
    private struct Source: AsyncSequence, Sendable {
        let chunks: Int
        let asked: Counter
        var failsAt: Int?

        struct Broken: Error {}

        struct Iterator: AsyncIteratorProtocol {
            let source: Source
            var index = 0

            mutating func next() async throws -> [UInt8]? {
                if index == source.failsAt { throw Broken() }
                guard index < source.chunks else { return nil }
                index += 1
                source.asked.add(1)
                return StreamingTests.chunk
            }
        }

        func makeAsyncIterator() -> Iterator { Iterator(source: self) }
    }

    final class Counter: Sendable {
        private let count = Atomic(0)
        var value: Int { count.load(ordering: .sequentiallyConsistent) }
        func add(_ amount: Int) { count.add(amount, ordering: .sequentiallyConsistent) }
    }

    private func residentBytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return try #require(Int(fields[1])) * 4096
    }

    @Test(arguments: [true, false])
    func `uploads 64 MiB in bounded memory, counted or chunked`(isCounted: Bool) async throws {
        let received = Counter()
        let server = try RawServer { connection in
            guard let head = connection.readHead() else { return }
            if head.contains("Content-Length: \(Self.bigTotal)\r\n") {
                while received.value < Self.bigTotal {
                    let bytes = connection.receive()
                    if bytes.isEmpty { return }
                    received.add(bytes.count)
                }
            } else if head.contains("Transfer-Encoding: chunked\r\n") {
                readChunks(connection, into: received)
            }
            connection.answer()
        }
        let before = try residentBytes()
        try await withClient { client async throws in
            let source = Source(chunks: Self.bigTotal / Self.chunk.count, asked: Counter())
            let response = try await client.stream(
                .to(server.url(), .post, timeout: .seconds(60)), body: source,
                contentLength: isCounted ? Self.bigTotal : nil)
            #expect(response.status == 200)
            for try await _ in response.body {}
        }
        #expect(received.value == Self.bigTotal)
        #expect(try residentBytes() - before < 48 << 20)
    }

    @Test func `downloads 64 MiB in bounded memory, over TLS`() async throws {
        let nginx = try NginxServer.shared.get()
        let before = try residentBytes()
        try await withClient { client async throws in
            let response = try await client.stream(
                .to(
                    "https://localhost:\(nginx.good)/large", trusting: nginx.certificates.authority,
                    timeout: .seconds(60), maxBodyBytes: Self.bigTotal))
            #expect(response.header("content-length") == "\(Self.bigTotal)")
            var total = 0
            for try await chunk in response.body { total += chunk.count }
            #expect(total == Self.bigTotal)
        }
        #expect(try residentBytes() - before < 48 << 20)
    }

    @Test func `doesn't read on from the peer while nobody takes what came`() async throws {
        let written = Counter()
        let (stalled, stall) = AsyncStream.makeStream(of: Void.self)
        let server = try RawServer { connection in
            _ = connection.readHead()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(Self.bigTotal)\r\n\r\n")
            while written.value < Self.bigTotal, connection.canWriteWithin(milliseconds: 300) {
                written.add(connection.writeSome(Self.chunk))
            }
            stall.finish()
            while written.value < Self.bigTotal {
                let count = connection.writeSome(Array(Self.chunk.prefix(Self.bigTotal - written.value)))
                if count <= 0 { return }
                written.add(count)
            }
        }
        try await withClient { client async throws in
            let response = try await client.stream(
                .to(server.url(), timeout: .seconds(60), maxBodyBytes: Self.bigTotal))
            for await _ in stalled {}
            // The rest lies in the two sockets' buffers.
            #expect(written.value < 16 << 20)
            var total = 0
            for try await chunk in response.body { total += chunk.count }
            #expect(total == Self.bigTotal)
        }
    }

    @Test func `asks the source for no more while the peer takes nothing`() async throws {
        let asked = Counter()
        let (seen, see) = AsyncStream.makeStream(of: Void.self)
        let server = try RawServer { connection in
            _ = connection.readHead()
            see.finish()
            connection.waitUntil(milliseconds: 5000) { asked.value >= 4 }
            let early = asked.value
            connection.waitUntil(milliseconds: 500) { asked.value > early + 200 }
            var left = Self.bigTotal
            while left > 0 {
                let bytes = connection.receive()
                if bytes.isEmpty { return }
                left -= bytes.count
                if asked.value * Self.chunk.count > Self.bigTotal - left + (16 << 20) { return connection.armReset() }
            }
            connection.answer()
        }
        try await withClient { client async throws in
            let source = Source(chunks: Self.bigTotal / Self.chunk.count, asked: asked)
            let response = try await client.stream(
                .to(server.url(), .post, timeout: .seconds(60)), body: source, contentLength: Self.bigTotal)
            for await _ in seen {}
            #expect(response.status == 200)
        }
    }

    @Test func `gives the head before the body has come`() async throws {
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        let server = try RawServer { connection in
            _ = connection.readHead()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
            blockingWait(for: released)
            connection.write("ok")
        }
        try await withClient { client async throws in
            let response = try await client.stream(.to(server.url()))
            release.finish()
            var bytes: [UInt8] = []
            for try await chunk in response.body { bytes += chunk }
            #expect(bytes == Array("ok".utf8))
        }
    }

    @Test(arguments: [
        ("Content-Length: 10\r\n\r\nabc", OutboundError.outcomeUnknown),
        ("Transfer-Encoding: chunked\r\n\r\n5\r\nab", .outcomeUnknown),
        ("\r\n" + String(repeating: "x", count: 200), .responseTooLarge),
    ])
    func `says that a body is not whole`(rest: String, expected: OutboundError) async throws {
        let server = try RawServer { connection in
            _ = connection.readHead()
            connection.write("HTTP/1.1 200 OK\r\n" + rest)
        }
        try await withClient { client async throws in
            _ = await #expect(throws: expected) {
                let response = try await client.stream(.to(server.url(), maxBodyBytes: 100))
                for try await _ in response.body {}
            }
        }
    }

    @Test func `ends at the deadline where nobody reads the body`() async throws {
        let server = try RawServer { connection in
            _ = connection.readHead()
            connection.write("HTTP/1.1 200 OK\r\n\r\n")
            while connection.write(Self.chunk) {}
        }
        try await withClient { client async throws in
            let response = try await client.stream(
                .to(server.url(), timeout: .milliseconds(400), maxBodyBytes: .max))
            await #expect(throws: OutboundError.outcomeUnknown) {
                var iterator = response.body.makeAsyncIterator()
                // Slower than the peer: after each chunk the deadline comes nearer, and no chunk is the last.
                while try await iterator.next() != nil { await Task.yield() }
            }
        }
    }

    @Test func `aborts the transfer when the body is let go`() async throws {
        let (closed, signal) = AsyncStream.makeStream(of: Void.self)
        let server = try RawServer { connection in
            _ = connection.readHead()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx")
            connection.waitForClose()
            signal.finish()
        }
        try await withClient { client async throws in
            let status = try await client.stream(.to(server.url(), timeout: .seconds(30))).status
            #expect(status == 200)
            for await _ in closed {}
        }
    }

    @Test(arguments: [nil, 3 << 16, 1 << 16, 1 << 20])
    func `aborts an upload whose source fails or breaks its length`(announced: Int?) async throws {
        let server = try RawServer { connection in
            _ = connection.readHead()
            connection.waitForClose()
        }
        let source = Source(chunks: 2, asked: Counter(), failsAt: announced == nil ? 1 : nil)
        try await withClient { client async throws in
            _ = await #expect(throws: OutboundError.cancelled) {
                _ = try await client.stream(.to(server.url(), .post), body: source, contentLength: announced)
            }
        }
    }

    @Test func `ends an upload whose peer answers early and leaves`() async throws {
        let server = try RawServer { connection in
            _ = connection.readHead()
            connection.write("HTTP/1.1 413 Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        let asked = Counter()
        try await withClient { client async throws in
            let source = Source(chunks: 1 << 20, asked: asked)
            let request = try OutboundRequest.to(server.url(), .post)
            do throws(OutboundError) {
                let response = try await client.stream(request, body: source)
                #expect(response.status == 413)
            } catch {
                #expect(error == .outcomeUnknown)
            }
        }
        #expect(asked.value < 4096)
    }

    @Test func `sends no body with GET and none of a negative length`() async throws {
        let source = Source(chunks: 1, asked: Counter())
        try await withClient { client async throws in
            await #expect(throws: OutboundError.invalidRequest) {
                _ = try await client.stream(.to("http://127.0.0.1:9/"), body: source)
            }
            await #expect(throws: OutboundError.invalidRequest) {
                _ = try await client.stream(.to("http://127.0.0.1:9/", .post), body: source, contentLength: -1)
            }
        }
    }
}

/// Reads a chunked body to its end and counts its bytes.
private func readChunks(_ connection: RawConnection, into received: StreamingTests.Counter) {
    while let size = connection.readLine().flatMap({ Int($0, radix: 16) }), size > 0 {
        received.add(connection.read(size).count)
        _ = connection.readLine()
    }
    _ = connection.readLine()
}
