import Domain
import Logging
import NIOCore
import Observability
import ServiceLifecycle
import Synchronization
import Testing

@testable import Proxy

@Suite("Shutting down")
struct DrainTests {
    @Test func `lets requests in flight finish, ends idle connections, accepts no more`() async throws {
        let upstream = try await Upstream.start { peer in
            _ = try await peer.message()
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
            try await peer.wait { _, _ in peer.hold.withLock { $0 } }
            peer.send("world")
        }
        let (idle, busy) = try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let idle = try await gate.connect()
            idle.send("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try await idle.message()
            let busy = try await gate.connect()
            busy.send("GET /proxy/\(Gate.connection)/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\r\n")
            try await busy.take(through: "hello")
            Self.later(after: idle) { upstream.peers.first?.wake() }
            // Returning begins the graceful shutdown.
            return (idle, busy)
        }
        #expect(try await idle.takeToEnd() == "")
        #expect(try await busy.takeToEnd() == "world")
        try await upstream.stop()
    }

    /// Runs the body when the idle connection has ended, which is the drain's first act.
    private static func later(after idle: RawPeer, _ body: @escaping @Sendable () -> Void) {
        // Ends with the connection, at the latest by the wait's own deadline.
        Task {
            // A wait that is late shows in the test's own expectations.
            try? await idle.wait { _, isClosed in isClosed }
            body()
        }
    }

    @Test func `an answer that the caller hasn't read to its end is not cut`() async throws {
        let size = 12 << 20
        let upstream = try await Upstream.start { peer in
            _ = try await peer.message()
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
            peer.send(ByteBuffer(repeating: 0x61, count: size))
        }
        let slow = try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let slow = try await Sockets.connect(to: gate.port, countsOnly: true)
            try await slow.channel?.setOption(.autoRead, value: false).get()
            slow.send("GET /proxy/\(Gate.connection)/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\r\n")
            // Reads no more than it takes the data plane to be done with the answer.
            try await eventually {
                let isDone = gate.metrics.prometheusText().contains("sallyport_data_plane_request_seconds_count 1\n")
                if !isDone { slow.channel?.read() }
                return isDone
            }
            _ = slow.channel?.eventLoop.scheduleTask(in: .milliseconds(200)) {
                slow.channel?.setOption(.autoRead, value: true).whenComplete { _ in slow.channel?.read() }
            }
            return slow
        }
        try await slow.wait { _, isClosed in isClosed }
        #expect(slow.count.load(ordering: .relaxed) > size)
        try await upstream.stop()
    }

    @Test func `cuts what is left at the deadline`() async throws {
        let upstream = try await Upstream.start { peer in
            _ = try await peer.message()
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
            _ = try await peer.takeToEnd(within: .seconds(30))
        }
        let busy = try await Gate.with({ $0.timeouts.drain = .milliseconds(100) }) { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let peer = try await gate.connect()
            peer.send("GET /proxy/\(Gate.connection)/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\r\n")
            try await peer.take(through: "hello")
            return peer
        }
        #expect(try await busy.takeToEnd() == "")
        try await upstream.stop()
    }

    @Test func `fails clearly when the address is taken`() async throws {
        try await Gate.with { gate in
            await #expect(throws: DataPlaneError.cannotBind(host: "127.0.0.1", port: gate.port)) {
                try await Gate.with({ $0.port = gate.port }) { _ in }
            }
        }
    }

    @Test func `writes the last uses before it ends`() async throws {
        let (upstream, _) = try await Upstream.answering { _ in ok() }
        let audit = try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            _ = try await gate.ask()
            return gate.audit
        }
        #expect(audit.all.reduce(0) { $0 + ($1.action == .proxyUsed ? $1.count : 0) } == 1)
        try await upstream.stop()
    }
}
