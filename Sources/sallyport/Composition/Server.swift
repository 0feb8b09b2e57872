import Domain
import Edge
import Identity
import Logging
import Observability
import Proxy
import ServiceLifecycle
import UnixSignals

/// The running service: both listeners and everything behind them, in one group that ends in reverse order.
struct Server: Sendable {
    /// Where the listeners are, as URLs.
    struct Addresses: Sendable {
        let control: String
        let data: String
    }

    let installation: Installation

    init(_ installation: Installation) { self.installation = installation }

    /// Serves until SIGTERM or SIGINT, and drains.
    ///
    /// - Parameters:
    ///   - beforeServing: runs when the database is up and before anything listens.
    ///   - whenReady: told once, when both listeners take connections.
    func run(
        beforeServing: @escaping @Sendable () async throws -> Void = {},
        whenReady: @escaping @Sendable (Addresses) -> Void
    ) async throws {
        ProcessLimits.raiseOpenFiles()
        let certificates = try ListenerCertificates(installation.settings, installation.logger)
        let issuer = try Self.issuer(installation.settings, secure: certificates.control != nil)
        let issuing = try tokenIssuing(issuer: issuer)
        let data = dataPlane(certificates, issuer: issuer, issuing: issuing)
        let bounds = installation.refreshBounds
        let heartbeats = Heartbeats(
            installation: installation,
            gauges: RefreshGauges(
                engine: installation.engine, clock: installation.clock, runsScheduler: bounds.runsScheduler,
                metrics: installation.metrics))
        let controlPort = ListeningPort()
        let control = try controlPlane(
            certificates, issuer: issuer, issuing: issuing, onListening: controlPort.set)
        try await installation.withClients {
            try await beforeServing()
            try await prepare(heartbeats)
            let ready = ReadyNotice(
                settings: installation.settings, control: controlPort, data: data, certificates: certificates
            ) { addresses in
                installation.logger.notice(
                    "serving",
                    metadata: .facts([.instance: installation.instance.description, .version: SallyportVersion.text]))
                whenReady(addresses)
            }
            // The listeners drain first, while everything behind them works; then the scheduler stops, refreshes under way
            // end, and the clients after them.
            try await installation.withEngine(schedules: bounds.runsScheduler) {
                try await serve([
                    BackgroundService(work: installation.revocations.run),
                    BackgroundService(work: installation.signingKeys.run), heartbeats,
                    EventRetention(installation: installation, age: bounds.eventRetention),
                    KeyForgetting(installation: installation),
                    ReloadOnSignal(certificates: certificates), Listeners(control: control, data: data), ready,
                ])
            }
        }
    }

    private func serve(_ services: [any Service]) async throws {
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
            logger: installation.logger)
        configuration.maximumGracefulShutdownDuration =
            installation.settings.duration("timeouts.drain") + .seconds(10)
        try await ServiceGroup(configuration: configuration).run()
    }

    /// Signing keys and revocations must be known before the first caller token is checked, and the database's clock before
    /// the first token's time is. A database that isn't there yet is waited for, because machines start in any order.
    private func prepare(_ heartbeats: Heartbeats) async throws {
        let end = ContinuousClock.now.advanced(by: .seconds(60))
        while true {
            do {
                try await heartbeats.beat()
                try await installation.signingKeys.reload()
                try await installation.revocations.load()
                return
            } catch {
                guard ContinuousClock.now < end else {
                    throw CommandFailure(
                        .unavailable,
                        "the database could not be read for a minute (\(error)); `sallyport doctor` says more")
                }
                installation.logger.warning("waiting for the database", metadata: .facts([.reason: "\(error)"]))
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }
}
