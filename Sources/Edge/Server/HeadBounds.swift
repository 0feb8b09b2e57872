internal import NIOCore

/// Bounds how long a client may take for a request's head, from its first byte to the empty line that ends it, and how
/// long the head may be.
///
/// Stands before the HTTP decoder, which tells nobody of a head that is not whole and answers a huge one without a
/// reason. The first head of a connection that is late or too long is answered with 408 or 431; a later one ends the
/// connection without, because an answer to what came before may still be on its way.
final class HeadBounds: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        /// No byte of the next head has come; becomes `reading`.
        case idle
        /// Becomes `busy` with the head's end.
        case reading(Progress, deadline: Scheduled<Void>)
        /// The head is whole; becomes `idle` when its answer begins.
        case busy
    }

    /// What came of the head so far; empty lines before it don't count (RFC 9112 §2.2).
    private enum Progress { case nothing, inLine, atLineStart, whole }

    private let time: TimeAmount
    private let maxBytes: Int
    private let refusal: @Sendable (ProblemCode) -> [UInt8]
    private var state = State.idle
    private var headBytes = 0
    private var hasAnswered = false

    /// - Parameters:
    ///   - maxBytes: of a head, what came with its end in one read included.
    ///   - refusal: the whole HTTP message that says why the first head is refused.
    init(time: TimeAmount, maxBytes: Int, refusal: @escaping @Sendable (ProblemCode) -> [UInt8]) {
        self.time = time
        self.maxBytes = maxBytes
        self.refusal = refusal
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        follow(bytes, context)
        if case .reading(_, let deadline) = state {
            headBytes += bytes.readableBytes
            guard headBytes <= maxBytes else {
                deadline.cancel()
                return refuse(.headersTooLarge, context)
            }
        } else {
            headBytes = 0
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        hasAnswered = true
        if case .busy = state { state = .idle }
        context.write(data, promise: promise)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .reading(_, let deadline) = state { deadline.cancel() }
        state = .busy
        context.fireChannelInactive()
    }

    private func follow(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        var progress = Progress.nothing
        let deadline: Scheduled<Void>
        switch state {
        case .busy: return
        case .reading(let sofar, let running): (progress, deadline) = (sofar, running)
        case .idle: deadline = start(context)
        }
        for byte in bytes.readableBytesView where progress != .whole { progress = Self.next(progress, byte) }
        if progress == .whole {
            deadline.cancel()
            state = .busy
        } else {
            state = .reading(progress, deadline: deadline)
        }
    }

    private func start(_ context: ChannelHandlerContext) -> Scheduled<Void> {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        return context.eventLoop.scheduleTask(in: time) {
            let (handler, context) = bound.value
            handler.refuse(.requestTimeout, context)
        }
    }

    private static func next(_ progress: Progress, _ byte: UInt8) -> Progress {
        switch (progress, byte) {
        case (_, UInt8(ascii: "\r")), (.nothing, UInt8(ascii: "\n")), (.whole, _): progress
        case (.atLineStart, UInt8(ascii: "\n")): .whole
        case (.inLine, UInt8(ascii: "\n")): .atLineStart
        case (.nothing, _), (.inLine, _), (.atLineStart, _): .inLine
        }
    }

    private func refuse(_ code: ProblemCode, _ context: ChannelHandlerContext) {
        guard case .reading = state else { return }
        state = .busy
        if !hasAnswered {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: refusal(code))), promise: nil)
        }
        context.close(promise: nil)
    }
}
