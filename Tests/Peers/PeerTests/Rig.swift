import NIOCore
import NIOPosix
import PeerTokens
import StrictJSON
import Synchronization
import Testing

@testable import TokenPeer

/// A token endpoint on a free port, at second 1,000 of its clock for ever, and a client that speaks bytes.
struct Rig {
    struct Answer {
        let status: Int
        let json: JSONValue?
    }

    let tokens: TokenService
    let listener: PeerListener
    private let made: PeerTokens
    private let group: any EventLoopGroup

    static func run(_ body: (Rig) async throws -> Void) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let tokens = try TokenService(PeerSettings(seed: "seed"), log: RequestLog(path: nil)) { 1_000_000_000 }
        let listener = PeerListener(tokens, port: 0, on: group.next())
        let rig = Rig(tokens: tokens, listener: listener, made: try PeerTokens(seed: "seed"), group: group)
        try await listener.open().get()
        do {
            try await body(rig)
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
        try await group.shutdownGracefully()
    }

    func text(_ family: String, _ generation: Int) -> String {
        made.text(of: PeerRefreshToken(family: family, generation: generation))
    }

    func refresh(_ family: String, _ generation: Int) -> String {
        Self.post("grant_type=refresh_token&refresh_token=\(text(family, generation))")
    }

    static func post(_ form: String) -> String {
        "POST /token HTTP/1.1\r\nHost: peer\r\nContent-Length: \(form.utf8.count)\r\n\r\n\(form)"
    }

    func setFaults(_ json: String) throws {
        tokens.plan = try #require(FaultPlan(json: Array(json.utf8), keeping: .zero))
    }

    /// One request, its answer.
    func send(_ request: String) async throws -> Answer {
        let text = try await exchange(request, until: 1)
        let parts = text.components("\r\n\r\n")
        let status = text.components(" ").dropFirst().first.flatMap { Int($0) }
        return Answer(
            status: try #require(status),
            json: parts.count > 1 ? (try? JSONValue.parse(Array(parts[1].utf8))) ?? nil : nil)
    }

    func exchange(_ text: String, until count: Int?) async throws -> String { try await exchange([text], until: count) }

    /// Sends pieces, each in a write of its own; everything received until so many answers are there or, for nil, until the
    /// other side closes.
    func exchange(_ pieces: [String], until count: Int?) async throws -> String {
        let collector = Collector(count)
        let channel = try await connect(collector)
        for piece in pieces { try await channel.writeAndFlush(ByteBuffer(string: piece)).get() }
        let text = try await collector.finished(channel).get()
        // Closed already where the other side did.
        try? await channel.close().get()
        return text
    }

    func sendAndLeave(_ text: String) async throws {
        let channel = try await connect(Collector(nil))
        try await channel.writeAndFlush(ByteBuffer(string: text)).get()
        #expect(try await awaits { tokens.account["requests"]?.int == 1 })
        try await channel.close().get()
    }

    /// Whether a condition comes true within ten seconds.
    func awaits(_ condition: () -> Bool) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(10)
        while !condition() {
            guard ContinuousClock.now < deadline else { return false }
            try await group.next().scheduleTask(in: .milliseconds(2)) {}.futureResult.get()
        }
        return true
    }

    private func connect(_ collector: Collector) async throws -> any Channel {
        try await ClientBootstrap(group: group)
            .connectTimeout(.seconds(5))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(collector) }
            }
            .connect(host: "127.0.0.1", port: listener.port).get()
    }
}

/// Collects what one connection receives.
private final class Collector: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private struct State {
        var text = ""
        var isDone = false
        var promise: EventLoopPromise<String>?
    }

    private let wanted: Int?
    private let state = Mutex(State())

    init(_ wanted: Int?) { self.wanted = wanted }

    /// Fulfilled once; fails after ten seconds.
    func finished(_ channel: any Channel) -> EventLoopFuture<String> {
        let promise = channel.eventLoop.makePromise(of: String.self)
        let finished = state.withLock { state in
            state.promise = promise
            return state.isDone ? state.text : nil
        }
        if let finished { promise.succeed(finished) }
        channel.eventLoop.scheduleTask(in: .seconds(10)) { promise.fail(ChannelError.connectTimeout(.seconds(10))) }
        return promise.futureResult
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let piece = String(buffer: unwrapInboundIn(data))
        let isDone = state.withLock { state in
            state.text += piece
            guard let wanted else { return false }
            return state.text.answers() >= wanted
        }
        if isDone { finish() }
    }

    func channelInactive(context: ChannelHandlerContext) { finish() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func finish() {
        let (promise, text) = state.withLock { state in
            defer { state.isDone = true }
            return (state.isDone ? nil : state.promise, state.text)
        }
        promise?.succeed(text)
    }
}

extension String {
    func components(_ separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }

    /// Whole answers with a `Content-Length`.
    fileprivate func answers() -> Int {
        var count = 0
        var rest = utf8[...]
        while let end = rest.firstRange(of: "\r\n\r\n".utf8) {
            let head = String(rest[..<end.lowerBound]) ?? ""
            let length = head.components("Content-Length: ").last.flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
            guard rest[end.upperBound...].count >= length else { return count }
            count += 1
            rest = rest[end.upperBound...].dropFirst(length)
        }
        return count
    }
}
