internal import Connections
internal import Domain
internal import Identity
internal import NIOCore

/// All that the data plane keeps for one event loop: caches, upstream connections, counters. Confined to that loop, so
/// that a request touches no lock.
final class DataPlaneLoop {
    let eventLoop: any EventLoop
    let shared: DataPlaneShared
    let timeouts: TickTimeouts
    let authenticator: CallerAuthenticator
    let connections: ConnectionCache
    let lanes: LaneDirectory
    let openings = OpeningFlights()
    let tokenIssues: TokenIssues
    var identifiers = IdentifierStream()
    var counters = LoopCounters()
    var callers = LiveSet<CallerConnection>()
    var upstreams = LiveSet<UpstreamConnection>()
    /// Grants with uses that aren't recorded yet.
    var dirtyGrants: [ConnectionGrant] = []
    private(set) var now: Tick = 1
    private(set) var isDraining = false
    /// `date: …` with its line end, of this second.
    private(set) var dateLine: [UInt8] = []
    private var scratch = ByteBuffer()
    private var ticking: RepeatedTask?
    private var drained: EventLoopPromise<Void>?

    init(eventLoop: any EventLoop, shared: DataPlaneShared) {
        self.eventLoop = eventLoop
        self.shared = shared
        timeouts = TickTimeouts(shared.configuration.timeouts)
        authenticator = CallerAuthenticator(tokens: shared.makeTokenLookup())
        connections = ConnectionCache(capacity: shared.configuration.maxCachedConnections)
        lanes = LaneDirectory()
        tokenIssues = TokenIssues(eventLoop)
        scratch = ByteBufferAllocator().buffer(capacity: 4_096)
        dateLine = HTTPDate.line(shared.clock.now())
    }

    /// Starts the tick that ``stop()`` ends.
    func start() {
        let tick = shared.configuration.timeouts.tick.timeAmount
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        ticking = eventLoop.scheduleRepeatedTask(initialDelay: tick, delay: tick) { _ in bound.value.step() }
    }

    func stop() {
        ticking?.cancel()
        ticking = nil
        flush()
        for upstream in upstreams.members { upstream.close() }
    }

    /// An empty buffer with room for a head, reused while nobody else holds it. Give it back with ``recycle(_:)``.
    func takeBuffer() -> ByteBuffer {
        var buffer = ByteBuffer()
        swap(&buffer, &scratch)
        buffer.clear(minimumCapacity: 2_048)
        return buffer
    }

    func recycle(_ buffer: consuming ByteBuffer) {
        if buffer.capacity <= 65_536 { scratch = buffer }
    }

    /// Ends idle connections now and each other after its answer; the future succeeds when the last is gone.
    func drain() -> EventLoopFuture<Void> {
        isDraining = true
        let promise = eventLoop.makePromise(of: Void.self)
        drained = promise
        for caller in callers.members { caller.drain() }
        finishDraining()
        return promise.futureResult
    }

    func endNow() {
        for caller in callers.members { caller.abort() }
    }

    func remove(_ caller: CallerConnection) {
        callers.remove(caller)
        finishDraining()
    }

    private func finishDraining() {
        guard isDraining, callers.count == 0, let promise = drained else { return }
        drained = nil
        flush()
        promise.succeed(())
    }

    /// Drops what an announcement makes untrue.
    func forget(_ announcement: Announcement) {
        openings.forget(announcement)
        switch announcement {
        case .connectionChanged(let id): connections.remove(id, from: self)
        case .integrationChanged(let id): connections.removeAll(in: self) { $0.usable.integrationID == id }
        case .tenantChanged(let id): connections.removeAll(in: self) { $0.usable.scope.tenantID == id }
        case .apiKeyRevoked(let key): connections.removeGrants(of: key)
        case .gap: connections.removeAll(in: self) { _ in true }
        }
    }

    private func step() {
        now &+= 1
        for caller in callers.members { caller.check(now) }
        for upstream in upstreams.members { upstream.check(now) }
        dateLine = HTTPDate.line(shared.clock.now())
        if now % timeouts.flush == 0 { flush() }
    }

    private func flush() {
        counters.flush(into: shared.metrics)
        guard !dirtyGrants.isEmpty else { return }
        let grants = dirtyGrants
        dirtyGrants.removeAll(keepingCapacity: true)
        shared.usage.add(grants.flatMap { $0.takeUses() })
    }
}
