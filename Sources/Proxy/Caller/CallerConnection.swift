internal import NIOCore

/// One caller's connection: reads requests, gives each to an ``Exchange``, and reads on when that one is done.
///
/// The parser is asked only for what can be used now; what can't stays in it, and the socket isn't read meanwhile. So a
/// fast sender meets a slow upstream's back-pressure, and pipelined requests wait for their turn.
final class CallerConnection: ChannelInboundHandler, LiveMember {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        /// Between requests or within a head; becomes `exchanging`, `closing`.
        case head
        /// A request is being answered; becomes `head`, `discarding`, `closing`.
        case exchanging(Exchange)
        /// Answered already; the rest of a short body is read away. Becomes `head` or `closing`.
        case discarding
        /// The last answer is out; what comes is dropped until the caller closes or the time is up.
        case closing
    }

    var liveIndex = -1
    private(set) var parser: RequestParser
    private let loop: DataPlaneLoop
    private var context: ChannelHandlerContext?
    private var phase = Phase.head
    private var deadline: Tick
    private var isProcessing = false
    private var isPaused = false
    private var needsFlush = false
    private var isRequestComplete = false

    /// A body up to this size is read away to keep the connection; a longer one isn't worth it.
    private static let maxDiscardedBytes = 262_144

    init(loop: DataPlaneLoop) {
        self.loop = loop
        parser = RequestParser(limits: loop.shared.configuration.limits)
        deadline = loop.now + loop.timeouts.head
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }
    var isDraining: Bool { loop.isDraining }

    // MARK: What an exchange asks for

    func write(_ buffer: ByteBuffer) {
        context?.write(wrapOutboundOut(buffer), promise: nil)
        needsFlush = true
    }

    func flushIfNeeded() {
        guard needsFlush else { return }
        needsFlush = false
        context?.flush()
    }

    /// Whether the connection can carry another request after this answer, sent now.
    var canContinue: Bool {
        guard parser.head.keepsAlive, !loop.isDraining else { return false }
        return isRequestComplete || canDiscardRest
    }

    private var canDiscardRest: Bool {
        guard !parser.head.expectsContinue, let left = parser.body.remainingLength else { return false }
        return left <= Self.maxDiscardedBytes
    }

    /// The exchange has written its whole answer.
    ///
    /// - Parameter keepAlive: what the answer's head said.
    func finish(keepAlive: Bool) {
        flushIfNeeded()
        parser.finish()
        guard keepAlive, isRequestComplete || canDiscardRest else { return linger() }
        phase = isRequestComplete ? .head : .discarding
        deadline = loop.now + (isRequestComplete ? loop.timeouts.keepAlive : loop.timeouts.bodyStall)
        if loop.isDraining, isRequestComplete, !parser.hasPending { return linger() }
        proceed()
    }

    /// Reads again after the exchange couldn't take the body for a while.
    func proceed() {
        guard !isProcessing else { return }
        process()
    }

    /// Cuts the connection: a broken answer must not look like a whole one.
    func abort() {
        phase = .closing
        context?.close(promise: nil)
    }

    /// No request in flight is cut; what is idle ends now.
    func drain() {
        guard case .head = phase, !parser.hasPending else { return }
        // The last answer may still be on its way to a caller that reads slowly.
        if hasUnsentBytes { linger() } else { abort() }
    }

    private var hasUnsentBytes: Bool {
        // Fails only on a channel that is closed already.
        guard let count = try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes) else { return false }
        return count > 0
    }

    func check(_ now: Tick) {
        switch phase {
        case .exchanging(let exchange): exchange.check(now)
        case .head:
            guard now >= deadline else { return }
            if parser.hasPending {
                refuse(.requestTimeout)
            } else {
                abort()
            }
        case .discarding, .closing:
            if now >= deadline { context?.close(promise: nil) }
        }
    }

    /// Sends what is left, then lets the caller read it: closing at once with unread bytes would reset the connection and
    /// could take the answer away.
    private func linger() {
        flushIfNeeded()
        phase = .closing
        parser.discardPending()
        setPaused(false)
        guard let context else { return }
        // A slow caller gets the time of a stalled body for what is still to be sent, and then the lingering.
        deadline = loop.now + loop.timeouts.bodyStall
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenComplete { _ in self.deadline = self.loop.now + self.loop.timeouts.linger
        }
        context.close(mode: .output, promise: sent)
    }

    private func refuse(_ problem: DataPlaneProblem) {
        var out = loop.takeBuffer()
        let id = RequestID.made(loop.identifiers.next(), loop.identifiers.next())
        ProblemWriter.write(
            problem, ProblemWriter.Context(id: id, keepAlive: false, hasBody: true, dateLine: loop.dateLine), into: &out
        )
        write(out)
        loop.counters.countRequest(nil, status: problem.status)
        linger()
        loop.recycle(out)
    }

    // MARK: What the channel reports

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.callers.insert(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        loop.shared.release()
        loop.remove(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch phase {
        case .closing: return
        case .head:
            if !parser.hasPending { deadline = loop.now + loop.timeouts.head }
        case .exchanging, .discarding: break
        }
        parser.append(unwrapInboundIn(data))
        process()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        flushIfNeeded()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            switch phase {
            case .exchanging(let exchange): exchange.callerDrained()
            case .head: proceed()
            case .discarding, .closing: break
            }
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A peer that resets or speaks no TLS: nothing to answer.
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .exchanging(let exchange) = phase {
            phase = .closing
            exchange.callerGone()
        }
        phase = .closing
        parser.discardPending()
        context.fireChannelInactive()
    }

    // MARK: Reading requests

    private func process() {
        isProcessing = true
        var isBlocked = false
        do {
            while try step(&isBlocked) {}
        } catch {
            refuseMalformed(error)
        }
        isProcessing = false
        if case .exchanging(let exchange) = phase { exchange.flushUpstream() }
        setPaused(isBlocked && parser.hasPending)
    }

    /// One head or one piece; false when there is nothing more to do now. `isBlocked` says that bytes may wait.
    private func step(_ isBlocked: inout Bool) throws(HTTPRefusal) -> Bool {
        isBlocked = false
        switch phase {
        case .head:
            // Who sends requests without taking the answers gets no more of them.
            guard isWritable else {
                isBlocked = true
                return false
            }
            guard try parser.nextHead() else { return false }
            begin()
            return true
        case .exchanging(let exchange):
            guard !isRequestComplete, exchange.wantsBody else {
                isBlocked = true
                return false
            }
            switch try parser.nextBody() {
            case .needMore: return false
            case .bytes(let piece):
                loop.counters.bytesFromCallers += piece.readableBytes
                exchange.receive(piece)
            case .end:
                isRequestComplete = true
                exchange.receiveEndOfRequest()
            }
            return true
        case .discarding:
            switch try parser.nextBody() {
            case .needMore: return false
            case .bytes: return true
            case .end:
                if loop.isDraining {
                    linger()
                    return false
                }
                phase = .head
                deadline = loop.now + loop.timeouts.keepAlive
                return true
            }
        case .closing: return false
        }
    }

    private func begin() {
        isRequestComplete = parser.head.framing == .none
        let exchange = Exchange(caller: self, loop: loop)
        phase = .exchanging(exchange)
        exchange.begin()
    }

    private func refuseMalformed(_ refusal: HTTPRefusal) {
        if case .exchanging(let exchange) = phase { return exchange.requestBroke(DataPlaneProblem(refusal)) }
        if case .discarding = phase { return linger() }
        refuse(DataPlaneProblem(refusal))
    }

    private func setPaused(_ paused: Bool) {
        guard paused != isPaused, let context else { return }
        isPaused = paused
        // Fails only on a channel that is closed already.
        try? context.channel.syncOptions?.setOption(.autoRead, value: !paused)
    }
}
