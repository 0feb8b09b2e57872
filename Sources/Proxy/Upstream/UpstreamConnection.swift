internal import NIOCore
internal import NIOSSL
internal import NIOTLS

/// One connection to an upstream, on the loop of the callers that it serves; answers go to its exchange by direct call.
final class UpstreamConnection: ChannelInboundHandler, LiveMember {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        /// Until TCP and TLS are up; becomes `idle` or `closed`.
        case connecting
        /// Carries nothing; becomes `busy` or `closed`.
        case idle
        /// A request was begun and its answer's head hasn't come; becomes `body`, `discarding` or `closed`.
        case head
        /// Becomes `idle`, `discarding` or `closed`.
        case body
        /// Nobody wants the rest of the answer, of which so many bytes more are read; becomes `idle` or `closed`.
        case discarding(Int)
        case closed
    }

    var liveIndex = -1
    var usesTLS = false
    /// Whether this connection has carried a whole exchange before: then it may have died of old age.
    private(set) var isSeasoned = false
    /// Whether a byte of the answer under way has come.
    private(set) var hasAnswered = false
    private let lane: UpstreamLane
    private let loop: DataPlaneLoop
    private var context: ChannelHandlerContext?
    private var parser: ResponseParser
    private var state = State.connecting
    private var exchange: Exchange?
    private var deadline: Tick = .max
    private var needsFlush = false
    private var isPaused = false
    /// Whether an error ended the connection: then its close is no end of a body, be it a reset or TLS cut short.
    private var isBroken = false
    /// Whether TCP and TLS came up.
    private var isUp = false
    /// Whether the request was sent to its end; before that the connection can't be used again.
    private var isRequestComplete = false

    init(lane: UpstreamLane, loop: DataPlaneLoop) {
        self.lane = lane
        self.loop = loop
        parser = ResponseParser(limits: loop.shared.configuration.upstream.responseLimits)
    }

    var head: ResponseHead { parser.head }

    /// Bytes of the body that must come still, where that is known.
    var remainingLength: Int? { parser.body.remainingLength }

    var isReusable: Bool {
        if case .idle = state { context?.channel.isActive ?? false } else { false }
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    // MARK: What an exchange asks for

    func begin(_ exchange: Exchange, method: HTTPMethod) {
        self.exchange = exchange
        state = .head
        deadline = .max
        hasAnswered = false
        isRequestComplete = false
        parser.expect(answerTo: method)
    }

    func write(_ buffer: ByteBuffer) {
        context?.write(wrapOutboundOut(buffer), promise: nil)
        needsFlush = true
    }

    func completeRequest() { isRequestComplete = true }

    func flushIfNeeded() {
        guard needsFlush else { return }
        needsFlush = false
        context?.flush()
    }

    /// Stops or resumes reading, as the caller keeps up.
    func setPaused(_ paused: Bool) {
        guard paused != isPaused, let context else { return }
        isPaused = paused
        // Fails only on a channel that is closed already.
        try? context.channel.syncOptions?.setOption(.autoRead, value: !paused)
    }

    /// The exchange wants no more of the answer: read the rest away if it is short, else close.
    func abandon() {
        exchange = nil
        guard isRequestComplete, case .body = state,
            (remainingLength ?? 0) <= loop.shared.configuration.upstream.maxDiscardedBytes, !parser.body.endsAtClose
        else { return close() }
        state = .discarding(loop.shared.configuration.upstream.maxDiscardedBytes)
        deadline = loop.now + loop.timeouts.linger
        setPaused(false)
    }

    func close() {
        exchange = nil
        if case .closed = state { return }
        state = .closed
        context?.close(promise: nil)
    }

    func check(_ now: Tick) {
        if now >= deadline { close() }
    }

    // MARK: What the channel reports

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.upstreams.insert(self)
        deadline = loop.now + loop.timeouts.upstreamConnect
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        loop.upstreams.remove(self)
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        if !usesTLS { becomeReady() }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSUserEvent, case .handshakeCompleted = event { becomeReady() }
        context.fireUserInboundEventTriggered(event)
    }

    private func becomeReady() {
        guard case .connecting = state else { return }
        isUp = true
        state = .idle
        deadline = loop.now + loop.timeouts.upstreamIdle
        lane.connected(self)
        flushIfNeeded()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .idle = state { return close() }
        hasAnswered = true
        parser.append(unwrapInboundIn(data))
        do {
            try process()
        } catch {
            fail(.upstreamMalformed)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        exchange?.flushCaller()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { exchange?.upstreamDrained() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        isBroken = true
        // What ends the connection is told to the exchange by `channelInactive`, which follows.
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let endsBody = if case .body = state { parser.body.endsAtClose && !isBroken } else { false }
        state = .closed
        if isUp {
            lane.remove(self)
        } else {
            // Only with TLS is a channel active before it is up.
            lane.connectFailed(.upstreamTLSFailed)
        }
        if endsBody {
            take()?.receiveEnd(reusable: false)
        } else {
            take()?.upstreamGone(.upstreamClosed, self)
        }
        context.fireChannelInactive()
    }

    private func take() -> Exchange? {
        defer { exchange = nil }
        return exchange
    }

    private func fail(_ problem: DataPlaneProblem) {
        let exchange = take()
        close()
        exchange?.upstreamGone(problem, self)
    }

    // MARK: Reading the answer

    private func process() throws(HTTPRefusal) {
        while true {
            switch state {
            case .head:
                guard try parser.nextHead() else { return }
                try receiveHead()
            case .body:
                switch try parser.nextBody() {
                case .needMore: return
                case .bytes(let piece): exchange?.receiveBody(piece)
                case .end: return finish()
                }
            case .discarding(let left):
                switch try parser.nextBody() {
                case .needMore: return
                case .bytes(let piece):
                    guard piece.readableBytes <= left else { return close() }
                    state = .discarding(left - piece.readableBytes)
                case .end: return finish()
                }
            case .idle, .connecting, .closed: return
            }
        }
    }

    private func receiveHead() throws(HTTPRefusal) {
        if parser.head.status == 101 { return fail(.upstreamUpgradeRefused) }
        if parser.head.status < 200 {
            parser.finish()
            return
        }
        state = .body
        exchange?.receiveHead(from: self)
    }

    /// The answer is whole.
    private func finish() {
        let reusable = parser.head.keepsAlive && isRequestComplete && !parser.hasPending
        let exchange = take()
        parser.finish()
        isSeasoned = true
        if reusable {
            state = .idle
            deadline = loop.now + loop.timeouts.upstreamIdle
            setPaused(false)
            // First back to the lane, so that the caller's next request finds it.
            lane.release(self)
        } else {
            close()
        }
        exchange?.receiveEnd(reusable: reusable)
    }
}
