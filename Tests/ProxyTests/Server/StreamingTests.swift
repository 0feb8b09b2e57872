import Domain
import NIOCore
import Synchronization
import Testing

@testable import Proxy

@Suite("Streaming bodies")
struct StreamingTests {
    private static let size = 32 << 20

    private final class Tally: Sendable {
        let count = Atomic<Int>(0)
    }

    private static func residentBytes() throws -> Int {
        try ProcessMemory.residentBytes()
    }

    /// Sends `total` bytes, a piece whenever the last one was taken.
    private static func pour(_ total: Int, into peer: RawPeer) async throws {
        guard let channel = peer.channel else { return }
        let piece = ByteBuffer(repeating: UInt8(ascii: "x"), count: 65_536)
        for _ in 0..<total / piece.readableBytes { try await channel.writeAndFlush(piece) }
    }

    @Test func `streams a long answer in bounded memory`() async throws {
        let upstream = try await Upstream.start { peer in
            _ = try await peer.message()
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.size)\r\n\r\n")
            try await Self.pour(Self.size, into: peer)
        }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let before = try Self.residentBytes()
            let peer = try await Sockets.connect(to: gate.port, countsOnly: true)
            peer.send("GET /proxy/\(Gate.connection)/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\r\n")
            try await peer.wait(within: .seconds(60)) { _, _ in peer.count.load(ordering: .relaxed) >= Self.size }
            #expect(try Self.residentBytes() - before < 16 << 20)
            peer.close()
        }
        try await upstream.stop()
    }

    @Test func `streams a long request in bounded memory`() async throws {
        let upstream = try await Upstream.start(countsOnly: true) { peer in
            try await peer.wait(within: .seconds(60)) { _, _ in peer.count.load(ordering: .relaxed) >= Self.size }
            peer.send(ok("all"))
        }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port, refreshable: true))
            let before = try Self.residentBytes()
            let peer = try await gate.connect()
            peer.send(
                "PUT /proxy/\(Gate.connection)/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\nContent-Length: \(Self.size)\r\n\r\n"
            )
            try await Self.pour(Self.size, into: peer)
            #expect(try await peer.message().body == "all")
            #expect(try Self.residentBytes() - before < 16 << 20)
            peer.close()
        }
        try await upstream.stop()
    }

    @Test func `reads no more of an upstream than a slow caller takes`() async throws {
        let sent = Tally()
        let upstream = try await Upstream.start { peer in
            _ = try await peer.message()
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            guard let channel = peer.channel else { return }
            let piece = ByteBuffer(string: "10000\r\n" + String(repeating: "x", count: 65_536) + "\r\n")
            for _ in 0..<Self.size / 65_536 {
                try await channel.writeAndFlush(piece)
                sent.count.wrappingAdd(65_536, ordering: .relaxed)
            }
            peer.send("0\r\n\r\n")
        }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let peer = try await Sockets.connect(to: gate.port, countsOnly: true)
            try await peer.channel?.setOption(.autoRead, value: false).get()
            peer.send("GET /proxy/\(Gate.connection)/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\r\n")
            // It stands still when the sockets' buffers are full, far below the whole.
            try await settled { sent.count.load(ordering: .relaxed) }
            #expect(sent.count.load(ordering: .relaxed) > 0)
            #expect(sent.count.load(ordering: .relaxed) < Self.size * 3 / 4)
            try await peer.channel?.setOption(.autoRead, value: true).get()
            try await peer.wait(within: .seconds(60)) { _, _ in peer.count.load(ordering: .relaxed) >= Self.size }
            peer.close()
        }
        try await upstream.stop()
    }

    @Test func `reads no more of a caller than a slow upstream takes`() async throws {
        let upstream = try await Upstream.start(countsOnly: true, reads: false) { peer in
            try await peer.wait(within: .seconds(60)) { _, _ in peer.hold.withLock { $0 } }
            try await peer.channel?.setOption(.autoRead, value: true).get()
            try await peer.wait(within: .seconds(60)) { _, _ in peer.count.load(ordering: .relaxed) >= Self.size }
            peer.send(ok("all"))
        }
        try await Gate.with { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let peer = try await gate.connect()
            let sent = Tally()
            peer.send(
                "PUT /proxy/\(Gate.connection)/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\nContent-Length: \(Self.size)\r\n\r\n"
            )
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    guard let channel = peer.channel else { return }
                    let piece = ByteBuffer(repeating: UInt8(ascii: "x"), count: 65_536)
                    for _ in 0..<Self.size / 65_536 {
                        try await channel.writeAndFlush(piece)
                        sent.count.wrappingAdd(65_536, ordering: .relaxed)
                    }
                }
                try await settled { sent.count.load(ordering: .relaxed) }
                #expect(sent.count.load(ordering: .relaxed) < Self.size * 3 / 4)
                upstream.peers.first?.wake()
                try await tasks.waitForAll()
            }
            #expect(try await peer.message().body == "all")
            peer.close()
        }
        try await upstream.stop()
    }

    /// Waits until the number is above 0 and hasn't changed for a fifth of a second.
    private func settled(_ number: @escaping @Sendable () -> Int) async throws {
        let state = Mutex((last: -1, since: NIODeadline.now()))
        try await eventually {
            let now = number()
            return state.withLock { state in
                if now != state.last || now == 0 { state = (now, NIODeadline.now()) }
                return NIODeadline.now() - state.since > .milliseconds(200)
            }
        }
    }
}
