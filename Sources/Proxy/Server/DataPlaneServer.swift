package import NIOCore
internal import ServiceLifecycle
internal import Connections
internal import Domain
internal import Logging
internal import NIOPosix
internal import NIOSSL
internal import Observability
internal import Synchronization

/// Why the data plane doesn't serve.
package enum DataPlaneError: Error, Hashable, Sendable {
    /// The address is taken, not ours, or not allowed.
    case cannotBind(host: String, port: Int)
}

/// The data plane as a service: binds, serves, drains.
package final class DataPlaneServer: Service {
    private struct State {
        var address: SocketAddress?
        var waiting: [CheckedContinuation<SocketAddress, any Error>] = []
        var failure: DataPlaneError?
    }

    private let configuration: DataPlaneConfiguration
    private let dependencies: DataPlaneDependencies
    private let state = Mutex(State())

    package init(configuration: DataPlaneConfiguration, dependencies: DataPlaneDependencies) {
        self.configuration = configuration
        self.dependencies = dependencies
    }

    /// Where it listens; nil before ``run()`` has bound.
    package var localAddress: SocketAddress? { state.withLock { $0.address } }

    /// Waits until it listens.
    ///
    /// - Throws: the ``DataPlaneError`` with which ``run()`` fails.
    package func boundAddress() async throws -> SocketAddress {
        try await withCheckedThrowingContinuation { continuation in
            let known: Result<SocketAddress, any Error>? = state.withLock { state in
                if let address = state.address { return .success(address) }
                if let failure = state.failure { return .failure(failure) }
                state.waiting.append(continuation)
                return nil
            }
            if let known { continuation.resume(with: known) }
        }
    }

    /// Serves until graceful shutdown, then lets requests in flight finish, until the drain deadline at the latest.
    package func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, configuration.threads))
        let usage = UsageRecorder(
            store: dependencies.audit, clock: dependencies.clock, identifiers: dependencies.identifiers,
            logger: dependencies.logger)
        let resolver = UpstreamResolver()
        resolver.start()
        let shared = DataPlaneShared(
            configuration: configuration, dependencies: dependencies, usage: usage, resolver: resolver)
        shared.metrics.observeConnections { Double(shared.openConnections) }
        let loops = await DataPlaneLoops(group: group, shared: shared)
        // Before the first request, so that nothing is cached whose change went unheard.
        let announcements = dependencies.announcements.announcements()
        let outcome = await serve(loops, shared, announcements)
        await usage.write()
        // Nothing is left to end; a failure here would hide why the service ended.
        try? await resolver.stop()
        try? await group.shutdownGracefully()
        try outcome.get()
    }

    private func serve(
        _ loops: DataPlaneLoops, _ shared: DataPlaneShared, _ announcements: AsyncStream<Announcement>
    ) async -> Result<Void, DataPlaneError> {
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { for await announcement in announcements { loops.forget(announcement) } }
            tasks.addTask { await Self.writeUsage(shared) }
            let outcome: Result<Void, DataPlaneError>
            do throws(DataPlaneError) {
                let listener = try await bind(loops)
                // Cancellation ends the wait as well: the drain follows either way.
                try? await gracefulShutdown()
                // Fails only if it is closed already.
                try? await listener.close()
                await loops.drain(within: configuration.timeouts.drain)
                outcome = .success(())
            } catch {
                outcome = .failure(error)
            }
            await loops.stop()
            tasks.cancelAll()
            return outcome
        }
    }

    private static func writeUsage(_ shared: DataPlaneShared) async {
        while !Task.isCancelled {
            // Cancelled means that the last writing is `run`'s.
            guard (try? await Task.sleep(for: .seconds(1))) != nil else { return }
            await shared.usage.write()
            let dropped = shared.usage.takeDropped()
            if dropped > 0 {
                shared.metrics.auditDropped.increment(by: dropped)
                shared.logger.error("audit events of uses dropped", metadata: .facts([.count: String(dropped)]))
            }
        }
    }

    private func bind(_ loops: DataPlaneLoops) async throws(DataPlaneError) -> any Channel {
        let bootstrap = ServerBootstrap(group: loops.group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { loops.accept($0) }
        do {
            let channel = try await bootstrap.bind(host: configuration.host, port: configuration.port).get()
            if let address = channel.localAddress { announce(.success(address)) }
            return channel
        } catch {
            let failure = DataPlaneError.cannotBind(host: configuration.host, port: configuration.port)
            announce(.failure(failure))
            throw failure
        }
    }

    private func announce(_ result: Result<SocketAddress, DataPlaneError>) {
        let waiting = state.withLock { state in
            switch result {
            case .success(let address): state.address = address
            case .failure(let failure): state.failure = failure
            }
            defer { state.waiting.removeAll() }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(with: result.mapError { $0 }) }
    }
}
