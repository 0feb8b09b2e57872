import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

enum SocketFailure: Error {
    /// Nothing more came before the deadline; with what had come.
    case late(String)
}

/// One end of a connection under test: collects what comes and lets tests wait for it, each wait with a deadline.
final class RawPeer: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private struct State {
        var received: [UInt8] = []
        var isClosed = false
        var waiting:
            [(id: Int, isDone: @Sendable ([UInt8], Bool) -> Bool, continuation: CheckedContinuation<Bool, Never>)] = []
        var nextID = 0
        var channel: (any Channel)?
    }

    private let state = Mutex(State())
    /// Counts instead of keeping: for bodies larger than a test wants to hold.
    private let countsOnly: Bool
    let count = Atomic<Int>(0)
    /// A mark that a script leaves for its test.
    let hold = Mutex(false)

    init(countsOnly: Bool = false) { self.countsOnly = countsOnly }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        state.withLock { $0.channel = channel }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        count.wrappingAdd(bytes.readableBytes, ordering: .relaxed)
        change { if !countsOnly { $0.received.append(contentsOf: bytes.readableBytesView) } }
    }

    func channelInactive(context: ChannelHandlerContext) { change { $0.isClosed = true } }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { change { $0.isClosed = true } }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func change(_ body: (inout State) -> Void) {
        let done = state.withLock { state in
            body(&state)
            let ready = state.waiting.filter { $0.isDone(state.received, state.isClosed) }
            state.waiting.removeAll { waiting in ready.contains { $0.id == waiting.id } }
            return ready
        }
        for waiting in done { waiting.continuation.resume(returning: true) }
    }

    var channel: (any Channel)? { state.withLock { $0.channel } }
    var isClosed: Bool { state.withLock { $0.isClosed } }
    var text: String { state.withLock { String(decoding: $0.received, as: UTF8.self) } }

    func send(_ text: String) { send(ByteBuffer(string: text)) }

    func send(_ bytes: ByteBuffer) { channel?.writeAndFlush(bytes, promise: nil) }

    func close() { channel?.close(promise: nil) }

    /// Ends the connection as a crashed process does.
    func reset() async throws {
        let provider = channel as? any SocketOptionProvider
        try await provider?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        close()
    }

    /// Sets the mark, and looks at what waits for it.
    func wake() {
        hold.withLock { $0 = true }
        change { _ in }
    }

    /// Waits for the condition over everything received and not taken yet.
    func wait(
        within limit: TimeAmount = .seconds(10), until isDone: @escaping @Sendable ([UInt8], Bool) -> Bool
    ) async throws {
        guard let channel else { throw SocketFailure.late("no channel") }
        let met = await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
            let id: Int? = state.withLock { state in
                if isDone(state.received, state.isClosed) { return nil }
                state.nextID += 1
                state.waiting.append((state.nextID, isDone, continuation))
                return state.nextID
            }
            guard let id else { return continuation.resume(returning: true) }
            channel.eventLoop.scheduleTask(in: limit) { self.giveUp(id) }
        }
        guard met else { throw SocketFailure.late(text) }
    }

    private func giveUp(_ id: Int) {
        let late = state.withLock { state in
            let late = state.waiting.first { $0.id == id }
            state.waiting.removeAll { $0.id == id }
            return late
        }
        late?.continuation.resume(returning: false)
    }

    /// Waits for the text, and takes everything up to its end.
    @discardableResult
    func take(through marker: String) async throws -> String {
        let bytes = Array(marker.utf8)
        try await wait { received, isClosed in isClosed || received.firstRange(of: bytes) != nil }
        return try state.withLock { state in
            guard let range = state.received.firstRange(of: bytes) else {
                throw SocketFailure.late(String(decoding: state.received, as: UTF8.self))
            }
            let taken = String(decoding: state.received[..<range.upperBound], as: UTF8.self)
            state.received.removeFirst(range.upperBound)
            return taken
        }
    }

    func take(count: Int) async throws -> String {
        try await wait { received, isClosed in isClosed || received.count >= count }
        return try state.withLock { state in
            guard state.received.count >= count else {
                throw SocketFailure.late(String(decoding: state.received, as: UTF8.self))
            }
            defer { state.received.removeFirst(count) }
            return String(decoding: state.received[..<count], as: UTF8.self)
        }
    }

    /// Waits for the peer's end and takes all that came before it.
    func takeToEnd(within limit: TimeAmount = .seconds(10)) async throws -> String {
        try await wait(within: limit) { _, isClosed in isClosed }
        return state.withLock { state in
            defer { state.received = [] }
            return String(decoding: state.received, as: UTF8.self)
        }
    }
}

/// A message as a test reads it.
struct Message: Sendable {
    /// Status line or request line.
    let first: String
    /// Names in lower case, in order.
    let headers: [(name: String, value: String)]
    var body: String

    var status: Int { Int(first.split(separator: " ").dropFirst().first ?? "") ?? 0 }
    var method: String { String(first.split(separator: " ").first ?? "") }
    var target: String { String(first.split(separator: " ").dropFirst().first ?? "") }

    func all(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }
    subscript(name: String) -> String? { all(name).first }

    init(head: String) {
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: true)
        first = String(lines.first ?? "")
        headers = lines.dropFirst().map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            let value = line[colon...].dropFirst()
            return (line[..<colon].lowercased(), value.trimmingPrefix(" ").description)
        }
        body = ""
    }
}

extension RawPeer {
    /// Reads one whole message. `isAnswerToHead`: no body follows, whatever the head says.
    func message(isAnswerToHead: Bool = false) async throws -> Message {
        var message = Message(head: try await take(through: "\r\n\r\n"))
        guard !isAnswerToHead, message.status != 204, message.status != 304 else { return message }
        if let length = message["content-length"].flatMap({ Int($0) }) {
            message.body = try await take(count: length)
        } else if message["transfer-encoding"] != nil {
            while true {
                // CR and LF are one character of a string.
                let line = try await take(through: "\r\n").dropLast()
                guard let size = Int(line, radix: 16) else { throw SocketFailure.late(String(line)) }
                let piece = try await take(count: size + 2)
                if size == 0 { break }
                message.body += piece.dropLast()
            }
        }
        return message
    }
}

enum Sockets {
    static let group = MultiThreadedEventLoopGroup.singleton

    static func connect(
        to port: Int, countsOnly: Bool = false, tls: NIOSSLContext? = nil, serverName: String? = nil
    ) async throws -> RawPeer {
        let peer = RawPeer(countsOnly: countsOnly)
        _ = try await ClientBootstrap(group: group)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: serverName))
                    }
                    try channel.pipeline.syncOperations.addHandler(peer)
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return peer
    }
}

/// An upstream whose every connection is handed to the test.
final class Upstream: Sendable {
    private let listener: any Channel
    let port: Int
    private let list: Accepted

    private init(_ listener: any Channel, _ accepted: Accepted) {
        self.listener = listener
        port = listener.localAddress?.port ?? 0
        list = accepted
    }

    /// The peers that were accepted so far.
    private final class Accepted: Sendable {
        let peers = Mutex<[RawPeer]>([])
    }

    var peers: [RawPeer] { list.peers.withLock { $0 } }
    var acceptedCount: Int { peers.count }
    var closedCount: Int { peers.count { $0.isClosed } }

    /// - Parameter serve: runs for each connection until it throws, which closing the connection makes it do.
    static func start(
        tls: NIOSSLContext? = nil, countsOnly: Bool = false, reads: Bool = true,
        serve: @escaping @Sendable (RawPeer) async throws -> Void
    ) async throws -> Upstream {
        let accepted = Accepted()
        let listener = try await ServerBootstrap(group: Sockets.group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // From the start, where a script wants it so: what is read before it says so can't be unread.
            .childChannelOption(.autoRead, value: reads)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let peer = RawPeer(countsOnly: countsOnly)
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.addHandler(peer)
                    accepted.peers.withLock { $0.append(peer) }
                    // Ends when the connection does: every wait in it throws then.
                    Task {
                        // A broken connection ends the script; the test looks at what came of it.
                        try? await serve(peer)
                    }
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return Upstream(listener, accepted)
    }

    /// Answers every request by the closure, keeping connections alive; requests are recorded.
    static func answering(
        tls: NIOSSLContext? = nil, _ answer: @escaping @Sendable (Message) -> String
    ) async throws -> (Upstream, Recorded) {
        let recorded = Recorded()
        let upstream = try await start(tls: tls) { peer in
            while true {
                let request = try await peer.message()
                recorded.add(request)
                peer.send(answer(request))
            }
        }
        return (upstream, recorded)
    }

    final class Recorded: Sendable {
        private let messages = Mutex<[Message]>([])
        func add(_ message: Message) { messages.withLock { $0.append(message) } }
        var all: [Message] { messages.withLock { $0 } }
        var last: Message? { all.last }
    }

    func stop() async throws { try await listener.close() }
}

func ok(_ body: String = "ok", _ headers: String = "") -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
}
