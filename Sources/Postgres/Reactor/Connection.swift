/// One connection of the reactor: opens itself again after every loss and keeps the units in flight.
///
/// Belongs to the reactor's thread. It reports what happened as events and decides nothing about calls.
final class Connection {
    /// down → connecting → up; from each of the others back to down.
    enum Phase {
        /// Tries again at that moment; not at all if it is the distant future.
        case down(retryAt: Instant)
        case connecting(until: Instant)
        case up
    }

    enum Event {
        case opened
        case finished(Unit)
        case notified(channel: String, payload: String)
        /// `units` were in flight.
        case lost(PostgresHealth.ConnectionFailure, wasUp: Bool, units: [Unit])
    }

    /// Fixed at the start; the same for all connections of a pool.
    struct Options {
        let keywords: ConnectionKeywords?
        let connectTimeout: Duration
        let usesPreparedStatements: Bool
        /// Sent with `set_config` at the head of each transaction.
        let transactionSettings: [SessionContext.Setting]
    }

    /// What the poller reports for it.
    let token: UInt64
    let options: Options
    private let poller: Poller
    private(set) var phase = Phase.down(retryAt: Instant(nanoseconds: 0))
    var handle: PQHandle?
    /// In flight, oldest first.
    var units: [Unit] = []
    /// The held transaction on it.
    var lease: Lease?
    /// Work of the held transaction that waits for the units before it.
    var waiting: [Call] = []
    var prepared = PreparedStatements()
    var encoder = EncodedParameters()
    private(set) var lastHeardAt = Instant(nanoseconds: 0)
    private var backoff = Backoff()
    private var firstHost = 0
    private var watched: Int32 = -1
    private var wantsToWrite = false

    init(token: UInt64, options: Options, poller: Poller) {
        self.token = token
        self.options = options
        self.poller = poller
    }

    var isUp: Bool {
        if case .up = phase { true } else { false }
    }

    /// Up, nothing in flight, held by nobody.
    var isIdle: Bool { isUp && units.isEmpty && lease == nil }

    /// When ``tick(_:isWanted:)`` has something to do, health checks aside.
    var timerAt: Instant {
        switch phase {
        case .down(let retryAt): retryAt
        case .connecting(let until): until
        case .up: min(units.first?.deadlineAt ?? .distantFuture, lease?.deadlineAt ?? .distantFuture)
        }
    }

    /// Does what time asks for: connects, or gives up what takes too long.
    ///
    /// - Parameter isWanted: whether a connection that is down shall come up.
    func tick(_ now: Instant, isWanted: Bool) -> [Event] {
        switch phase {
        case .down(let retryAt): isWanted && retryAt <= now ? connect(now) : []
        case .connecting, .up: timerAt <= now ? lose(.timeout, now: now) : []
        }
    }

    /// Continues after the poller found the descriptor ready.
    func advance(_ ready: Poller.Ready, now: Instant) -> [Event] {
        switch phase {
        case .down: []
        case .connecting: pollConnecting(now)
        case .up: exchange(ready, now: now)
        }
    }

    /// Ends the connection; it comes back after a pause.
    func lose(_ failure: PostgresHealth.ConnectionFailure, now: Instant) -> [Event] {
        let lost = units
        let wasUp = isUp
        close()
        firstHost += 1
        phase = .down(retryAt: now + backoff.next(random: .random(in: 0...1)))
        return [.lost(failure, wasUp: wasUp, units: lost)]
    }

    /// Ends the connection without a word and for good, unless it is wanted again.
    func retire() {
        close()
        phase = .down(retryAt: Instant(nanoseconds: 0))
    }

    /// Hands over what waited in a held transaction.
    func takeWaiting() -> [Call] {
        defer { waiting = [] }
        return waiting
    }

    private func close() {
        if watched >= 0 { poller.forget(watched) }
        watched = -1
        handle = nil
        units = []
        lease = nil
        prepared = PreparedStatements()
        wantsToWrite = false
    }

    // MARK: Connecting

    private func connect(_ now: Instant) -> [Event] {
        guard let keywords = options.keywords, let handle = PQHandle(keywords: keywords.rotated(by: firstHost)) else {
            return lose(.network, now: now)
        }
        self.handle = handle
        phase = .connecting(until: now + options.connectTimeout)
        // libpq asks to wait until the socket is writable before the first step.
        return watch(forReading: false, forWriting: true) ? [] : lose(.network, now: now)
    }

    private func pollConnecting(_ now: Instant) -> [Event] {
        guard let handle else { return [] }
        switch handle.poll() {
        case .readable: return watch(forReading: true, forWriting: false) ? [] : lose(.network, now: now)
        case .writable: return watch(forReading: false, forWriting: true) ? [] : lose(.network, now: now)
        case .failed: return lose(handle.connectFailure.map { .server($0) } ?? .network, now: now)
        case .connected:
            guard handle.enterPipelineMode(), watch(forReading: true, forWriting: false) else {
                return lose(.network, now: now)
            }
            phase = .up
            lastHeardAt = now
            backoff.reset()
            return [.opened]
        }
    }

    /// The descriptor may be another one after each step, with the same number even, so it is watched anew.
    private func watch(forReading: Bool, forWriting: Bool) -> Bool {
        guard let socket = handle?.socket, socket >= 0 else { return false }
        if watched >= 0, watched != socket { poller.forget(watched) }
        watched = socket
        return poller.watch(socket, token: token, forReading: forReading, forWriting: forWriting)
    }

    // MARK: Exchanging

    private func exchange(_ ready: Poller.Ready, now: Instant) -> [Event] {
        var events: [Event] = []
        if ready.isReadable { events = receive(now) }
        // Output that waits for room must go out even if nothing comes in: the server may wait for it.
        if ready.isWritable, isUp { events += flush(now) }
        return events
    }

    private func receive(_ now: Instant) -> [Event] {
        guard let handle else { return [] }
        lastHeardAt = now
        var events: [Event] = []
        let isAlive = handle.consumeInput()
        // libpq has sent what it could before it read. Once nothing is left, the server may act on all of it; and where the
        // connection broke meanwhile, nobody knows how much of it had left.
        if wantsToWrite, !isAlive || handle.flush() == .done { noteAllLeft() }
        var isIntact = true
        reading: while let unit = units.first, !handle.isBusy {
            switch unit.take(handle.nextOutcome()) {
            case .goOn: continue
            case .wait: break reading
            case .finished:
                units.removeFirst()
                unit.unprepared.forEach { prepared.forget($0) }
                isIntact = !unit.isScript || handle.enterPipelineMode()
                events.append(.finished(unit))
                if !isIntact { break reading }
            case .broken:
                isIntact = false
                break reading
            }
        }
        while let (channel, payload) = handle.nextNotification() {
            events.append(.notified(channel: channel, payload: payload))
        }
        guard isAlive, isIntact, !handle.isBroken else { return events + lose(lossReason, now: now) }
        return events
    }

    /// A server that ends a session says so before it hangs up.
    private var lossReason: PostgresHealth.ConnectionFailure {
        if case .server(let state, _) = units.first?.failure?.error { .server(state) } else { .network }
    }

    private func noteAllLeft() {
        for unit in units { unit.hasLeft = true }
    }

    /// Sends what waits in the output buffer.
    func flush(_ now: Instant) -> [Event] {
        guard let handle else { return [] }
        switch handle.flush() {
        case .failed: return lose(lossReason, now: now)
        case .done:
            noteAllLeft()
            guard wantsToWrite else { return [] }
            wantsToWrite = false
        case .pending:
            guard !wantsToWrite else { return [] }
            wantsToWrite = true
        }
        return watch(forReading: true, forWriting: wantsToWrite) ? [] : lose(.network, now: now)
    }
}
