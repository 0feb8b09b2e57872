internal import Domain
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// The upstream connections of one connection to one origin on one loop: kept alive, bounded, never shared with another
/// connection, because an upstream may remember on the socket who authenticated there.
final class UpstreamLane {
    /// What two requests must have in common to use one socket.
    struct Key: Hashable {
        let connectionID: ConnectionID
        let origin: Origin
        let destination: DestinationPolicy
        let certificates: String?
    }

    let key: Key
    private let loop: DataPlaneLoop
    private var idle: [UpstreamConnection] = []
    /// Connecting, in use and idle together.
    private var live = 0
    private var connecting = 0
    /// Of those, how many wait for the name's addresses.
    private var unresolved = 0
    private var waiting: [Exchange] = []
    private var resolved: (destination: UpstreamDestination, until: Tick)?
    private var isRetired = false

    init(key: Key, loop: DataPlaneLoop) {
        self.key = key
        self.loop = loop
    }

    private var limits: UpstreamLimits { loop.shared.configuration.upstream }

    /// A kept-alive connection now, or nil: then the exchange waits, and is told by `upstreamReady` or `upstreamFailed`.
    ///
    /// - Parameter fresh: closes the idle ones first: one of them has just turned out to be dead.
    func acquire(for exchange: Exchange, fresh: Bool) -> UpstreamConnection? {
        if fresh { closeIdle() }
        while let connection = idle.popLast() {
            guard connection.isReusable else { continue }
            loop.counters.upstreamReuses += 1
            return connection
        }
        enqueue(exchange)
        return nil
    }

    private func enqueue(_ exchange: Exchange) {
        guard waiting.count < limits.maxWaiting else { return exchange.upstreamFailed(.upstreamBusy) }
        let hasRoom = hasRoom()
        guard live > 0 || hasRoom else { return exchange.upstreamFailed(.upstreamBusy) }
        waiting.append(exchange)
        if hasRoom, connecting < waiting.count, live < limits.maxPerConnection { connect() }
    }

    /// Whether the loop may have one connection more; at its bound an idle one of another lane makes room.
    private func hasRoom() -> Bool {
        guard loop.upstreams.count >= limits.maxInAll else { return true }
        guard let unused = loop.upstreams.members.first(where: { $0.isReusable }) else { return false }
        unused.close()
        return true
    }

    /// The exchange doesn't wait any longer.
    func leave(_ exchange: Exchange) { waiting.removeAll { $0 === exchange } }

    /// Takes a connection back after a whole answer.
    func release(_ connection: UpstreamConnection) {
        guard !isRetired, connection.isReusable else { return connection.close() }
        if let next = nextWaiting() {
            loop.counters.upstreamReuses += 1
            next.upstreamReady(connection)
        } else {
            idle.append(connection)
        }
    }

    /// The connection is gone.
    func remove(_ connection: UpstreamConnection) {
        live -= 1
        if let index = idle.lastIndex(where: { $0 === connection }) { idle.remove(at: index) }
        if !waiting.isEmpty, connecting < waiting.count, live < limits.maxPerConnection { connect() }
        dropIfUnused()
    }

    /// Closes what is idle, and each of the rest after its answer.
    func retire() {
        isRetired = true
        closeIdle()
        dropIfUnused()
    }

    private func closeIdle() {
        let connections = idle
        idle.removeAll()
        for connection in connections { connection.close() }
    }

    private func dropIfUnused() {
        if isRetired, live == 0, waiting.isEmpty { loop.lanes.forget(self) }
    }

    private func nextWaiting() -> Exchange? {
        waiting.isEmpty ? nil : waiting.removeFirst()
    }

    private func connect() {
        live += 1
        connecting += 1
        if let resolved, resolved.until > loop.now { return connect(to: resolved.destination, 0) }
        unresolved += 1
        if unresolved == 1 { resolve() }
    }

    /// One look-up, however many connections wait for it.
    private func resolve() {
        let lookup = loop.shared.resolver.destination(
            of: key.origin, policy: key.destination, certificates: key.certificates, on: loop.eventLoop)
        lookup.assumeIsolated().whenSuccess { result in
            let count = self.unresolved
            self.unresolved = 0
            switch result {
            case .success(let destination):
                self.resolved = (destination, self.loop.now + self.loop.timeouts.resolution)
                for _ in 0..<count { self.connect(to: destination, 0) }
            case .failure(let problem):
                for _ in 0..<count { self.connectFailed(problem) }
            }
        }
    }

    private func connect(to destination: UpstreamDestination, _ attempt: Int) {
        let connection = UpstreamConnection(lane: self, loop: loop)
        let bound = NIOLoopBound(connection, eventLoop: loop.eventLoop)
        let tls = destination.tls
        // Names only: an address has no SNI, and is verified as the address itself.
        let serverName = IPAddress(key.origin.host) == nil ? key.origin.host : nil
        let bootstrap = ClientBootstrap(group: loop.eventLoop)
            .connectTimeout(loop.shared.configuration.timeouts.upstreamConnect.timeAmount)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        let handler = try NIOSSLClientHandler(context: tls, serverHostname: serverName)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
        connection.usesTLS = tls != nil
        bootstrap.connect(to: destination.addresses[attempt]).assumeIsolated().whenFailure { _ in
            let next = attempt + 1
            if next < min(destination.addresses.count, 3), !self.isRetired {
                self.connect(to: destination, next)
            } else {
                self.resolved = nil
                self.connectFailed(.upstreamUnreachable)
            }
        }
    }

    /// The connection can carry its first request.
    func connected(_ connection: UpstreamConnection) {
        connecting -= 1
        loop.counters.upstreamConnects += 1
        guard let next = nextWaiting() else {
            return isRetired ? connection.close() : idle.append(connection)
        }
        next.upstreamReady(connection)
    }

    /// A connection ended before it was ready.
    func connectFailed(_ problem: DataPlaneProblem) {
        live -= 1
        connecting -= 1
        if let next = nextWaiting() {
            loop.counters.upstreamFailures += 1
            next.upstreamFailed(problem)
        }
        if connecting < waiting.count, live < limits.maxPerConnection { connect() }
        dropIfUnused()
    }
}

/// A loop's lanes by what they serve.
final class LaneDirectory {
    private var lanes: [UpstreamLane.Key: UpstreamLane] = [:]

    func lane(for key: UpstreamLane.Key, in loop: DataPlaneLoop) -> UpstreamLane {
        if let known = lanes[key] { return known }
        let lane = UpstreamLane(key: key, loop: loop)
        lanes[key] = lane
        return lane
    }

    /// No request finds it any more; it closes what it has.
    func retire(_ lane: UpstreamLane) {
        if lanes[lane.key] === lane { lanes[lane.key] = nil }
        lane.retire()
    }

    func forget(_ lane: UpstreamLane) {
        if lanes[lane.key] === lane { lanes[lane.key] = nil }
    }
}
