internal import Connections
internal import Domain
internal import Logging
internal import Observability
internal import Synchronization

/// Sees to it that every token is replaced before somebody needs it: finds what is due, in turn between endpoints and
/// tenants, and begins flights for it. Sleeps until something is due or somebody tells.
final class RefreshScheduler: Sendable {
    private let refreshes: any RefreshStore
    private let coordinator: RefreshCoordinator
    private let endpoints: TokenEndpoints
    private let wakeUps: WakeUps
    private let takeovers: TakeoverGuard
    private let clock: any DeadlineClock
    private let settings: RefreshSettings
    private let logger: Logger
    private let running = Atomic<Int>(0)
    private let queued = Atomic<Int>(0)

    init(
        refreshes: any RefreshStore, coordinator: RefreshCoordinator, endpoints: TokenEndpoints, wakeUps: WakeUps,
        takeovers: TakeoverGuard, clock: any DeadlineClock, settings: RefreshSettings, logger: Logger
    ) {
        self.refreshes = refreshes
        self.coordinator = coordinator
        self.endpoints = endpoints
        self.wakeUps = wakeUps
        self.takeovers = takeovers
        self.clock = clock
        self.settings = settings
        self.logger = logger
    }

    /// Flights that it has begun and that are not over.
    var runningCount: Int { running.load(ordering: .relaxed) }
    /// Due rows that wait in memory.
    var queuedCount: Int { queued.load(ordering: .relaxed) }

    /// Runs until its task is cancelled; flights that it began go on.
    func run() async {
        var scan = DueScan(settings.scan, now: clock.now)
        while !Task.isCancelled {
            let asked = wakeUps.take()
            scan.note(rescan: asked.rescan, look: asked.look, now: clock.now)
            scan.noteOpenings { endpoints.isShut($0) }
            if scan.shouldRead(now: clock.now) { await read(&scan) }
            dispatch(&scan)
            queued.store(scan.queue.count, ordering: .relaxed)
            let now = clock.now
            var instant = scan.nextInstant(now: now)
            if let opening = endpoints.nextOpening(after: now) { instant = min(instant, opening) }
            guard instant > now else {
                await Task.yield()
                continue
            }
            await wakeUps.wait(until: instant, clock: clock)
        }
    }

    private func read(_ scan: inout DueScan) async {
        let began = clock.now
        do throws(StoreError) {
            let page = try await refreshes.due(after: scan.position, limit: settings.scan.pageRows)
            takeovers.touched()
            scan.take(page, began: began, now: clock.now) { endpoints.isShut($0) }
        } catch {
            if error == .unavailable { takeovers.lostTouch() }
            logger.warning("due refreshes could not be read", metadata: .facts([.reason: "\(error)"]))
            scan.fail(now: clock.now)
        }
    }

    private func dispatch(_ scan: inout DueScan) {
        let free = settings.maxScheduledFlights - runningCount
        guard free > 0, !scan.queue.isEmpty else { return }
        var permits: [EndpointPermit?] = []
        let rows = scan.next(upTo: free) { endpoint in
            guard let endpoint else {
                permits.append(nil)
                return true
            }
            guard case .admitted(let permit) = endpoints.tryAdmit(endpoint, nil, as: .scheduled) else { return false }
            permits.append(permit)
            return true
        }
        for (row, permit) in zip(rows, permits) { begin(row, permit) }
    }

    private func begin(_ row: DueRefresh, _ permit: EndpointPermit?) {
        running.add(1, ordering: .relaxed)
        let hasBegun = coordinator.begin(row, permit) {
            self.running.subtract(1, ordering: .relaxed)
            self.wakeUps.poke()
        }
        guard !hasBegun else { return }
        // A caller's flight is at it, or the service drains.
        running.subtract(1, ordering: .relaxed)
        if let permit { endpoints.report(permit, .notSent) }
    }
}
