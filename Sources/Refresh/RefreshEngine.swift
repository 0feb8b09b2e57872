package import Catalogue
package import Connections
package import Domain
internal import Logging
package import Observability
package import Vault

/// Keeps every grant alive: the coordinator for callers, the scheduler for what is due, the replay of what was received and
/// not yet written, and the limits of the token endpoints, wired once.
///
/// Order at the end: stop asking (callers drain), cancel ``run()``, ``drain(until:)``, close the spool.
package final class RefreshEngine: Sendable {
    /// What callers ask.
    package let coordinator: RefreshCoordinator
    package let statistics: RefreshStatistics
    package let spool: RefreshSpool?

    private let scheduler: RefreshScheduler
    private let replay: SpoolReplay
    private let endpoints: TokenEndpoints
    private let pending: PendingAnswers
    private let takeovers: TakeoverGuard
    private let signals: ConnectionSignals
    private let wakeUps: WakeUps
    private let announcements: any AnnouncementSource
    private let refreshes: any RefreshStore

    /// What the engine stands on.
    package struct Ports: Sendable {
        package let connections: any ConnectionStore
        package let integrations: any IntegrationStore
        package let refreshes: any RefreshStore
        package let announcements: any AnnouncementSource
        package let outbound: any OutboundPort

        package init(
            connections: any ConnectionStore, integrations: any IntegrationStore, refreshes: any RefreshStore,
            announcements: any AnnouncementSource, outbound: any OutboundPort
        ) {
            self.connections = connections
            self.integrations = integrations
            self.refreshes = refreshes
            self.announcements = announcements
            self.outbound = outbound
        }
    }

    /// - Parameters:
    ///   - instance: the owner of this process's leases.
    ///   - gate: its wall clock must be one that all instances share (``AlignedClock``).
    ///   - spool: nil keeps answers that can't be had again in memory alone until they are written.
    ///   - clock: for deadlines and waits.
    package init(
        instance: InstanceID, ports: Ports, catalogue: Catalogue, vault: Vault, spool: RefreshSpool?, gate: CallGate,
        clock: any DeadlineClock, random: any RandomSource, metrics: MetricRegistry,
        settings: RefreshSettings = RefreshSettings()
    ) {
        let (wakeUps, takeovers) = (
            WakeUps(), TakeoverGuard(instance: instance, settings: settings, clock: clock)
        )
        let (pending, signals) = (PendingAnswers(), ConnectionSignals())
        let statistics = RefreshStatistics(metrics)
        let endpoints = TokenEndpoints(limits: settings.endpoints, clock: clock, random: random) { wakeUps.poke() }
        let sealer = CredentialSealer(vault: vault)
        let writer = AnswerWriter(
            connections: ports.connections, refreshes: ports.refreshes,
            completions: Self.completions(ports.refreshes), vault: vault, sealer: sealer, gate: gate,
            takeovers: takeovers)
        let worker = RefreshWorker(
            instance: instance, connections: ports.connections, refreshes: ports.refreshes,
            leases: Self.leases(ports.refreshes, takeovers), writer: writer, catalogue: catalogue, sealer: sealer,
            secrets: SecretsReader(sealer: sealer, integrations: ports.integrations),
            tokens: TokenAcquisition(outbound: ports.outbound, wallClock: gate.wallClock, random: random),
            endpoints: endpoints, spool: spool, pending: pending, takeovers: takeovers, gate: gate, clock: clock,
            random: random, settings: settings, signals: signals, statistics: statistics,
            onGivenUp: { wakeUps.rescan() })
        coordinator = RefreshCoordinator(worker: worker)
        scheduler = RefreshScheduler(
            refreshes: ports.refreshes, coordinator: coordinator, endpoints: endpoints, wakeUps: wakeUps,
            takeovers: takeovers, clock: clock, settings: settings, logger: gate.logger)
        replay = SpoolReplay(
            spool: spool, pending: pending, writer: writer, takeovers: takeovers, statistics: statistics,
            clock: clock, logger: gate.logger)
        self.statistics = statistics
        self.spool = spool
        self.endpoints = endpoints
        self.pending = pending
        self.takeovers = takeovers
        self.signals = signals
        self.wakeUps = wakeUps
        announcements = ports.announcements
        refreshes = ports.refreshes
    }

    private static func leases(
        _ refreshes: any RefreshStore, _ takeovers: TakeoverGuard
    ) -> GroupedCalls<LeaseRequest, LeaseAnswer> {
        GroupedCalls { requests in
            do throws(StoreError) {
                let answers = try await refreshes.acquireLeases(requests, on: takeovers.terms)
                takeovers.touched()
                return .success(answers)
            } catch {
                return .failure(error)
            }
        }
    }

    private static func completions(
        _ refreshes: any RefreshStore
    ) -> GroupedCalls<RefreshCompletion, CompletionAnswer> {
        GroupedCalls { completions in
            do throws(StoreError) {
                return .success(try await refreshes.complete(completions))
            } catch {
                return .failure(error)
            }
        }
    }

    /// Writes what instances that are gone left, then works until its task is cancelled.
    ///
    /// - Parameter schedules: false for an instance that refreshes only what its callers ask for.
    package func run(schedules: Bool = true) async {
        await replay.begin()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.listen() }
            group.addTask { await self.replay.run() }
            group.addTask { await self.keepInTouch() }
            if schedules { group.addTask { await self.scheduler.run() } }
        }
    }

    /// Begins nothing more, and lets what is under way finish until the deadline; then cancels and awaits it.
    package func drain(until deadline: ContinuousClock.Instant) async {
        await coordinator.drain(until: deadline)
    }

    private func listen() async {
        for await announcement in announcements.announcements() {
            signals.post(announcement)
            switch announcement {
            case .connectionChanged: wakeUps.look()
            case .integrationChanged(let integration):
                // An operator mended it: what was held back for its sake is tried again.
                endpoints.integrationChanged(integration)
                wakeUps.rescan()
            case .gap:
                takeovers.lostTouch()
                wakeUps.rescan()
            case .tenantChanged, .apiKeyRevoked: break
            }
        }
    }

    /// Until its task is cancelled.
    private func keepInTouch() async {
        while !Task.isCancelled {
            await touch()
            // It throws when the service ends.
            try? await takeovers.sleepUntilSilent()
        }
    }

    /// Asks the database for as little as there is to ask.
    func touch() async {
        do throws(StoreError) {
            _ = try await refreshes.due(after: nil, limit: 1)
            takeovers.touched()
        } catch {
            takeovers.lostTouch()
        }
    }

    // MARK: For operators

    /// Flights under way, whoever began them.
    package var inFlight: Int { coordinator.flightCount }
    /// Callers that wait for a token now.
    package var waiting: Int { coordinator.waitingCount }
    /// Due rows that wait in memory.
    package var queued: Int { scheduler.queuedCount }
    /// Received answers that the database doesn't have yet.
    package var unwritten: Int { pending.count }
    package var tokenEndpoints: [EndpointSnapshot] { endpoints.snapshot }

    /// From the database: what is due, and how late.
    package func backlog() async throws(StoreError) -> RefreshBacklog { try await refreshes.backlog() }
}
