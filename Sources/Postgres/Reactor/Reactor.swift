internal import Logging

/// The thread's loop: takes what tasks left, sends it, waits for answers, wakes the callers.
///
/// Everything here belongs to that thread; tasks reach it through the ``Inbox`` alone. It never waits but in the
/// poller, except while libpq resolves a host name.
final class Reactor {
    static let wakeToken = UInt64.max

    let configuration: PostgresConfiguration
    let logger: Logger
    let handle: ReactorHandle
    let inbox: Inbox
    let poller: Poller
    let connections: [Connection]
    let listener: Connection
    var reads = CallQueue()
    var writes = CallQueue()
    var begins = CallQueue()
    var hub = NotificationHub()
    var health = PostgresHealth()
    var isStopping = false
    /// Requests that left the queue since the inbox was told.
    var settled = 0
    /// No call's deadline or grace ends before; it may lie too early, never too late.
    var callTimerAt = Instant.distantFuture
    private var stopAt = Instant.distantFuture
    private var work = Inbox.Work()

    /// `nil` when the process has no descriptor left.
    init?(configuration: PostgresConfiguration, logger: Logger, handle: ReactorHandle) {
        guard let poller = Poller(), handle.inbox.wakeDescriptor >= 0,
            poller.watch(
                handle.inbox.wakeDescriptor, token: Self.wakeToken, forReading: true, forWriting: false)
        else { return nil }
        self.configuration = configuration
        self.logger = logger
        self.handle = handle
        self.poller = poller
        inbox = handle.inbox
        let pool = Connection.Options(pool: configuration)
        let count = min(max(1, configuration.poolSize), 64)
        connections = (0..<count).map { Connection(token: UInt64($0), options: pool, poller: poller) }
        listener = Connection(
            token: UInt64(count), options: Connection.Options(listener: configuration), poller: poller)
    }

    func run() {
        while true {
            takeWork()
            let now = Instant.now()
            expire(now)
            dispatch(now)
            guard !isOver(now) else { break }
            wait(from: now)
        }
        finish()
    }

    // MARK: One turn

    /// Jobs run first, for they make the requests that can share this turn's pipeline.
    private func takeWork() {
        for _ in 0..<4 {
            work.requests.removeAll(keepingCapacity: true)
            work.commands.removeAll(keepingCapacity: true)
            work.jobs.removeAll(keepingCapacity: true)
            work.isStopping = false
            inbox.take(settled: takeSettled(), into: &work)
            if work.isStopping { beginStopping() }
            for request in work.requests { accept(request) }
            if !work.commands.isEmpty { obey(work.commands) }
            guard !work.jobs.isEmpty else { return }
            for job in work.jobs { unsafe job.runSynchronously(on: handle.asUnownedTaskExecutor()) }
        }
    }

    private func takeSettled() -> Int {
        defer { settled = 0 }
        return settled
    }

    private func wait(from now: Instant) {
        updateHealth()
        let canSleep = inbox.trySleep(settled: takeSettled(), health: health)
        let milliseconds = canSleep ? nextTimer(now).milliseconds(after: now, limit: 60_000) : 0
        let ready = poller.wait(milliseconds: milliseconds)
        guard !ready.isEmpty else { return }
        let now = Instant.now()
        for event in ready {
            switch event.token {
            case Self.wakeToken: inbox.drainWake()
            case listener.token: handle(listener.advance(event, now: now), of: listener, now: now)
            default:
                let connection = connections[Int(event.token)]
                handle(connection.advance(event, now: now), of: connection, now: now)
            }
        }
    }

    private func nextTimer(_ now: Instant) -> Instant {
        var next = min(callTimerAt, stopAt)
        for connection in connections {
            next = min(next, connection.timerAt)
            if connection.isIdle { next = min(next, connection.lastHeardAt + configuration.healthCheckInterval) }
        }
        if !hub.isEmpty {
            next = min(next, listener.timerAt)
            if listener.isIdle { next = min(next, listener.lastHeardAt + configuration.healthCheckInterval) }
        }
        if let lane = laneTimer(now) { next = min(next, lane) }
        return next
    }

    private func updateHealth() {
        var connected = 0
        var inFlight = 0
        for connection in connections {
            if connection.isUp { connected += 1 }
            for unit in connection.units { inFlight += unit.calls.count }
        }
        health.connected = connected
        health.inFlight = inFlight
        health.isListening = listener.isUp
    }

    // MARK: The end

    private func beginStopping() {
        isStopping = true
        stopAt = Instant.now() + configuration.drainTimeout
    }

    private func isOver(_ now: Instant) -> Bool {
        guard isStopping else { return false }
        let isDrained =
            reads.isEmpty && writes.isEmpty && begins.isEmpty
            && connections.allSatisfy { $0.units.isEmpty && $0.lease == nil }
        return isDrained || stopAt <= now
    }

    /// Closes everything and answers everyone.
    private func finish() {
        let now = Instant.now()
        for connection in connections {
            let units = connection.units
            let waiting = connection.takeWaiting()
            connection.retire()
            for unit in units { settleLost(unit, now: now, canRepeat: false) }
            for call in waiting { settleLost(call, hasLeft: false, now: now, canRepeat: false) }
        }
        listener.retire()
        for call in reads.remove(where: { _ in true }) + writes.remove(where: { _ in true })
            + begins.remove(where: { _ in true })
        {
            call.answer(.failure(.shutdown))
        }
        hub.finish()
        let rest = inbox.finish()
        for request in rest.requests { request.continuation.resume(returning: .failure(.shutdown)) }
        for case .subscribe(_, _, let continuation) in rest.commands { continuation.finish() }
        for job in rest.jobs { globalConcurrentExecutor.enqueue(ExecutorJob(job)) }
    }
}

extension Connection.Options {
    /// For the connections that serve statements.
    init(pool configuration: PostgresConfiguration) {
        let milliseconds = configuration.statementTimeout.wholeMilliseconds
        let isDirect = configuration.usePreparedStatements
        keywords = ConnectionKeywords(
            connectionString: configuration.connectionString, password: configuration.password,
            applicationName: configuration.applicationName,
            // A pooler refuses settings of the session; there the timeout travels with each transaction.
            sessionOptions: isDirect
                ? [
                    (name: "statement_timeout", value: "\(milliseconds)"),
                    // The server then notices that a client has given up, and ends what it does for it.
                    (name: "client_connection_check_interval", value: "2000"),
                ] : [])
        connectTimeout = configuration.connectTimeout
        usesPreparedStatements = isDirect
        transactionSettings =
            isDirect ? [] : [SessionContext.Setting(name: "statement_timeout", value: "\(milliseconds)")]
    }

    /// For the connection that listens.
    init(listener configuration: PostgresConfiguration) {
        keywords = ConnectionKeywords(
            connectionString: configuration.listenConnectionString ?? configuration.connectionString,
            password: configuration.password, applicationName: configuration.applicationName, sessionOptions: [])
        connectTimeout = configuration.connectTimeout
        usesPreparedStatements = false
        transactionSettings = []
    }
}

extension Duration {
    /// At least one: zero would mean no timeout to the server.
    fileprivate var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return max(1, min(seconds, 1_000_000) * 1_000 + attoseconds / 1_000_000_000_000_000)
    }
}
