internal import Hummingbird
internal import HummingbirdCore
package import Logging
internal import NIOCore
package import ServiceLifecycle

/// The control plane as a service: the HTTP API of tenants, integrations, connections, API keys and caller tokens.
package enum ControlPlane {
    /// Builds the listener. Run it in a service group: a graceful shutdown stops accepting, lets requests that are under way
    /// finish, and ends idle connections; cancelling the service ends the rest.
    ///
    /// - Parameters:
    ///   - onListening: called once with the bound port.
    ///   - logger: gets one line for each request.
    package static func application(
        _ services: ControlPlaneServices, configuration: ControlPlaneConfiguration, logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) -> any Service {
        let limits = configuration.limits
        let connections = AcceptedConnections(limit: limits.maxConnections)
        return Application(
            responder: ControlPlaneResponder(services, limits: limits, logger: logger),
            server: server(configuration),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                availableConnectionsDelegate: connections),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? configuration.port) },
            logger: logger)
    }

    private static func server(_ configuration: ControlPlaneConfiguration) -> HTTPServerBuilder {
        let limits = configuration.limits
        // The decoder's own bounds lie above ours, so that what is too large gets an answer that says so: from the
        // handlers where it is a little too large, from the bounds of the head where it is far too large.
        // A request may be silent for as long as it may take: only then is silence a stall.
        let silence = max(limits.stallTimeout, min(limits.requestTimeout, .seconds(3_600)) + .seconds(1))
        let stall = TimeAmount.nanoseconds(silence.nanoseconds)
        let http = HTTP1Channel.Configuration(
            additionalChannelHandlers: [IdleStateHandler(allTimeout: stall), StalledConnectionCloser()],
            idleTimeout: .nanoseconds(limits.idleTimeout.nanoseconds),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: limits.maxHeaderBytes * 4, maxHeaderListSize: limits.maxHeaderBytes * 4,
                maxHeaderFieldCount: limits.maxHeaderFields * 4))
        return HTTPServerBuilder { responder in
            let plain = BoundedHeadChannel(
                HTTP1Channel(responder: responder, configuration: http),
                time: .nanoseconds(limits.headTimeout.nanoseconds), maxBytes: limits.maxHeaderBytes * 4)
            guard let tls = configuration.tls else { return plain }
            return ReloadableTLSChannel(plain, context: tls)
        }
    }
}

/// Counts open connections; at the limit, new ones wait in the kernel's queue.
private struct AcceptedConnections: AvailableConnectionsDelegate {
    let limit: Int
    private var open = 0

    init(limit: Int) { self.limit = limit }

    mutating func connectionOpened() { open += 1 }
    mutating func connectionClosed() { open -= 1 }
    func isAcceptingNewConnections() -> Bool { open < limit }
}

extension Duration {
    fileprivate var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
