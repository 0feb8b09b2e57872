import Connections
import Domain
import Observability
import Refresh
import Synchronization

/// What is known of the refreshes of this instance and of what is due, for the metrics and for the heartbeat.
final class RefreshGauges: Sendable {
    private struct State {
        var backlog: RefreshBacklog?
        var isSkewed = false
    }

    /// Beyond it the clocks differ.
    static let largestSkew = Duration.seconds(2)

    private let engine: RefreshEngine
    private let clock: AlignedClock
    private let runsScheduler: Bool
    private let state = Mutex(State())

    /// Adds its series to the registry.
    init(engine: RefreshEngine, clock: AlignedClock, runsScheduler: Bool, metrics: MetricRegistry) {
        self.engine = engine
        self.clock = clock
        self.runsScheduler = runsScheduler
        addBacklog(to: metrics)
        addEndpoints(to: metrics)
        addSpool(to: metrics)
    }

    /// Asks the database what is due; a database that is away leaves what was known. An instance that doesn't schedule
    /// doesn't ask: the others tell.
    func look() async {
        guard runsScheduler, let backlog = try? await engine.backlog() else { return }
        state.withLock { $0.backlog = backlog }
    }

    /// Whether the clocks have begun to differ with this answer.
    func noteSkew(_ skew: Duration) -> Bool {
        let isSkewed = skew.magnitude > Self.largestSkew
        return state.withLock { state in
            defer { state.isSkewed = isSkewed }
            return isSkewed && !state.isSkewed
        }
    }

    var report: RefreshReport {
        let now = ContinuousClock.now
        let backlog = state.withLock { $0.backlog }
        return RefreshReport(
            runsScheduler: runsScheduler, inFlight: engine.inFlight, waiting: engine.waiting, due: backlog?.due,
            lag: backlog?.lag, spool: engine.spool.map { RefreshReport.Spool($0.status) },
            endpoints: engine.tokenEndpoints.map { RefreshReport.Endpoint($0, now: now) }, clockSkew: clock.skew)
    }

    // MARK: Metrics

    private func addBacklog(to metrics: MetricRegistry) {
        metrics.gauge("sallyport_refresh_due", "Refreshes that are due, over all tenants, at the last look.") {
            [self] in Double(state.withLock { $0.backlog?.due ?? 0 })
        }
        metrics.gauge("sallyport_refresh_lag_seconds", "How late the most overdue of them is.") {
            [self] in state.withLock { $0.backlog?.lag ?? .zero }.inSeconds
        }
        metrics.gauge("sallyport_refresh_in_flight", "Connections that this instance refreshes now.") {
            [engine] in Double(engine.inFlight)
        }
        metrics.gauge("sallyport_refresh_queued", "Due rows that wait in this instance's memory for their turn.") {
            [engine] in Double(engine.queued)
        }
        metrics.gauge("sallyport_refresh_waiting", "Callers that wait for a token now.") {
            [engine] in Double(engine.waiting)
        }
        metrics.gauge("sallyport_clock_skew_seconds", "How far this machine's clock is ahead of the database's.") {
            [clock] in clock.skew?.inSeconds ?? 0
        }
    }

    private func addEndpoints(to metrics: MetricRegistry) {
        for breaker in EndpointSnapshot.State.allCases {
            metrics.gauge(
                "sallyport_token_endpoint_breakers", "Token endpoints by the state of their breaker.",
                labels: [("state", breaker.rawValue)]
            ) { [engine] in Double(engine.tokenEndpoints.count { $0.state == breaker }) }
        }
    }

    private func addSpool(to metrics: MetricRegistry) {
        guard let spool = engine.spool else { return }
        func gauge(_ name: String, _ help: String, _ read: @escaping @Sendable (SpoolStatus) -> Double) {
            metrics.gauge(name, help) { read(spool.status) }
        }
        gauge("sallyport_spool_records", "Received answers that wait for the database.") {
            Double($0.pendingRecords + $0.adoptedRecords)
        }
        gauge("sallyport_spool_bytes", "Size of this instance's spool files.") { Double($0.diskBytes) }
        gauge("sallyport_spool_oldest_seconds", "How long the oldest of the waiting answers has waited.") {
            ($0.oldestAge ?? .zero).inSeconds
        }
        gauge("sallyport_spool_usable", "1, or 0 from a failure of the disk until a try succeeds.") {
            $0.isUsable ? 1 : 0
        }
        gauge("sallyport_spool_damaged_records", "Records of the spool that could not be read, since the start.") {
            Double($0.damagedRecords)
        }
    }
}

extension Duration {
    fileprivate var magnitude: Duration { self < .zero ? .zero - self : self }

    fileprivate var inSeconds: Double { Double(microseconds) / 1_000_000 }
}
