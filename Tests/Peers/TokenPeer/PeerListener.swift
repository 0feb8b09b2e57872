import NIOCore
import NIOPosix
import Synchronization

/// One port of the peer, on a given event loop. Can be closed, so that connections are refused, and opened again.
final class PeerListener: Sendable {
    private struct State {
        var listening: (any Channel)?
        var port: Int
        var open: [ObjectIdentifier: any Channel] = [:]
    }

    private let loop: any EventLoop
    private let service: any PeerService
    private let accepted: @Sendable () -> Void
    private let state: Mutex<State>

    init(_ service: any PeerService, port: Int, on loop: any EventLoop, accepted: @escaping @Sendable () -> Void = {}) {
        self.service = service
        self.loop = loop
        self.accepted = accepted
        state = Mutex(State(listening: nil, port: port))
    }

    /// The port; after the first ``open()`` never 0.
    var port: Int { state.withLock { $0.port } }

    /// Listens; fine where it does already.
    func open() -> EventLoopFuture<Void> {
        let (isOpen, port) = state.withLock { ($0.listening != nil, $0.port) }
        guard !isOpen else { return loop.makeSucceededVoidFuture() }
        let bootstrap = ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 4_096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in self.admit(channel) }
        return bootstrap.bind(host: "127.0.0.1", port: port).map { channel in
            self.state.withLock { state in
                state.listening = channel
                state.port = channel.localAddress?.port ?? state.port
            }
        }
    }

    /// Refuses connections from here on, and resets those that are open.
    @discardableResult
    func close() -> EventLoopFuture<Void> {
        let (listening, open) = state.withLock { state in
            defer { state.listening = nil }
            return (state.listening, Array(state.open.values))
        }
        for channel in open { PeerConnection.reset(channel) }
        return listening?.close() ?? loop.makeSucceededVoidFuture()
    }

    private func admit(_ channel: any Channel) -> EventLoopFuture<Void> {
        accepted()
        guard service.admits() else {
            PeerConnection.reset(channel)
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        let id = ObjectIdentifier(channel)
        state.withLock { $0.open[id] = channel }
        channel.closeFuture.whenComplete { _ in self.state.withLock { $0.open[id] = nil } }
        return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(PeerConnection(self.service))
        }
    }
}
