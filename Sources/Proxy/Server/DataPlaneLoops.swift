internal import Connections
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Observability

/// The event loops of one server with what each keeps.
final class DataPlaneLoops: Sendable {
    let group: MultiThreadedEventLoopGroup
    private let shared: DataPlaneShared
    private let loops: [(eventLoop: any EventLoop, state: NIOLoopBound<DataPlaneLoop>)]
    private let byLoop: [ObjectIdentifier: NIOLoopBound<DataPlaneLoop>]

    init(group: MultiThreadedEventLoopGroup, shared: DataPlaneShared) async {
        self.group = group
        self.shared = shared
        var loops: [(eventLoop: any EventLoop, state: NIOLoopBound<DataPlaneLoop>)] = []
        for eventLoop in group.makeIterator() {
            let made = eventLoop.submit {
                let loop = DataPlaneLoop(eventLoop: eventLoop, shared: shared)
                loop.start()
                return NIOLoopBound(loop, eventLoop: eventLoop)
            }
            // Making a loop's state can't fail, and the loops run until `run` ends.
            if let state = try? await made.get() { loops.append((eventLoop, state)) }
        }
        self.loops = loops
        byLoop = Dictionary(uniqueKeysWithValues: loops.map { (ObjectIdentifier($0.eventLoop), $0.state) })
    }

    /// Sets an accepted connection up, on its own loop.
    func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
        guard let state = byLoop[ObjectIdentifier(channel.eventLoop)], shared.admit() else {
            return refuse(channel)
        }
        return channel.eventLoop.makeCompletedFuture {
            let tls = shared.configuration.tlsContext()
            do {
                if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                try channel.pipeline.syncOperations.addHandler(CallerConnection(loop: state.value))
            } catch {
                shared.release()
                throw error
            }
        }
    }

    /// Beyond the bound: over TLS there is no cheap way to say why, so the connection just ends.
    private func refuse(_ channel: any Channel) -> EventLoopFuture<Void> {
        guard shared.configuration.tlsContext() == nil else { return channel.close() }
        var out = ByteBuffer()
        let id = RequestID.made(0, 0)
        ProblemWriter.write(
            .overloaded, ProblemWriter.Context(id: id, keepAlive: false, hasBody: true, dateLine: []), into: &out)
        let answer = out
        return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(RefusedCaller(answer))
        }
    }

    func forget(_ announcement: Announcement) {
        for loop in loops { loop.eventLoop.execute { loop.state.value.forget(announcement) } }
    }

    /// Waits for the requests in flight, until the deadline ends what is left.
    func drain(within limit: Duration) async {
        let ends = loops.map { loop in
            loop.eventLoop.flatSubmit {
                let deadline = loop.eventLoop.scheduleTask(in: limit.timeAmount) { loop.state.value.endNow() }
                let drained = loop.state.value.drain()
                drained.whenComplete { _ in deadline.cancel() }
                return drained
            }
        }
        for end in ends {
            // The promise only succeeds.
            try? await end.get()
        }
    }

    /// Stops ticks, ends upstream connections, and waits for openings and token issues that are under way.
    func stop() async {
        for loop in loops {
            let tasks = try? await loop.eventLoop.submit {
                let tasks = loop.state.value.openings.cancel() + loop.state.value.tokenIssues.cancelAll()
                loop.state.value.stop()
                return tasks
            }.get()
            for task in tasks ?? [] { await task.value }
        }
    }
}

/// Answers a connection beyond the bound and closes it.
private final class RefusedCaller: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: ByteBuffer

    init(_ answer: ByteBuffer) { self.answer = answer }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(answer)).whenComplete { _ in channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
