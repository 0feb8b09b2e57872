import Glibc
import NIOCore

/// One accepted connection: reads HTTP/1.1 requests one after the other, and answers each in the manner its reply says.
///
/// As much of the protocol as clients use here: `Content-Length` bodies, keep-alive, pipelining by waiting.
final class PeerConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let maxRequestBytes = 64 * 1_024

    private let service: any PeerService
    private var received = ByteBuffer()
    /// Called when the exchange under way has ended; nil between exchanges.
    private var ended: (@Sendable (Delivery) -> Void)?
    private var isAnswering = false
    private var isLast = false

    init(_ service: any PeerService) { self.service = service }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard service.admits() else { return reset(context) }
        received.writeBuffer(&bytes)
        readOn(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.gone)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func readOn(_ context: ChannelHandlerContext) {
        while !isAnswering, context.channel.isActive {
            switch RequestReader.read(&received) {
            case .incomplete:
                if received.readableBytes > Self.maxRequestBytes { context.close(promise: nil) }
                return
            case .malformed:
                return context.close(promise: nil)
            case .request(let request):
                begin(request, context)
            }
        }
    }

    private func begin(_ request: PeerRequest, _ context: ChannelHandlerContext) {
        isAnswering = true
        isLast = request.closes
        let (reply, ended) = service.answer(request)
        self.ended = ended
        if let after = reply.after {
            return after.hop(to: context.eventLoop).assumeIsolated().whenComplete { _ in self.give(reply, context) }
        }
        guard reply.latency > .zero else { return give(reply, context) }
        after(reply.latency, context) { connection, context in connection.give(reply, context) }
    }

    private func give(_ reply: PeerReply, _ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return end(.gone) }
        guard service.admits() else {
            end(.dropped)
            return reset(context)
        }
        let text = reply.bytes(date: service.date)
        switch reply.manner {
        case .whole:
            write(text, context)
        case .dropped:
            end(.dropped)
            context.close(promise: nil)
        case .cut(let share):
            end(.cut)
            let part = text.utf8.prefix(Int(Double(text.utf8.count) * share))
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: part)), promise: nil)
            context.close(promise: nil)
        case .dripping(let time):
            drip(Array(text.utf8), every: time / 16, pieceBytes: max(1, text.utf8.count / 16), context)
        }
    }

    private func write(_ text: String, _ context: ChannelHandlerContext) {
        let written = context.eventLoop.makePromise(of: Void.self)
        let buffer = context.channel.allocator.buffer(string: text)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: written)
        written.futureResult.assumeIsolated().whenComplete { result in
            switch result {
            case .success: self.end(.whole)
            case .failure: self.end(.gone)
            }
            guard !self.isLast else { return context.close(promise: nil) }
            self.isAnswering = false
            self.readOn(context)
        }
    }

    private func drip(_ bytes: [UInt8], every: Duration, pieceBytes: Int, _ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return end(.gone) }
        guard bytes.count > pieceBytes else {
            return write(String(decoding: bytes, as: UTF8.self), context)
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes.prefix(pieceBytes))), promise: nil)
        after(every, context) { connection, context in
            connection.drip(Array(bytes.dropFirst(pieceBytes)), every: every, pieceBytes: pieceBytes, context)
        }
    }

    private func after(
        _ duration: Duration, _ context: ChannelHandlerContext,
        _ body: @escaping (PeerConnection, ChannelHandlerContext) -> Void
    ) {
        // Runs out by itself; a connection that has closed by then ends its exchange as gone.
        context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(duration)) { body(self, context) }
    }

    private func end(_ delivery: Delivery) {
        ended?(delivery)
        ended = nil
    }

    private func reset(_ context: ChannelHandlerContext) { Self.reset(context.channel) }

    /// Closes so that the other side sees a reset.
    static func reset(_ channel: any Channel) {
        // Where lingering can't be set, the other side sees an ordinary end.
        _ = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        channel.close(promise: nil)
    }
}
