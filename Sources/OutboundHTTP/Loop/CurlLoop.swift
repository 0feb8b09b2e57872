internal import CCurl
internal import Domain

/// The thread that owns every libcurl handle: takes commands, waits for sockets and timers, ends transfers.
///
/// Confined to its thread; others reach it through the ``Mailbox`` alone. Each turn: commands, then waiting exchanges
/// that may begin, then a bounded wait, then what became ready.
final class CurlLoop {
    private let mailbox: Mailbox
    private let limits: CurlLimits
    private let poller: Int32
    private let stores: TrustStores
    private var pools: [PoolKey: ConnectionPool] = [:]
    private var poolsByNumber: [UInt32: ConnectionPool] = [:]
    private var lastPoolNumber: UInt32 = 0
    private var active: [ObjectIdentifier: Transfer] = [:]
    /// The same transfers by their handle's address.
    private var byHandle: [UInt: Transfer] = [:]
    private let timers = LoopTimers()
    private var idle = IdlePools()
    private var idleCount = 0
    private var waiting: [Exchange] = []
    /// When transfers that are left are ended; nil while running.
    private var stopAt: ContinuousClock.Instant?

    /// - Parameter poller: an epoll descriptor, the loop's own from here on.
    init(mailbox: Mailbox, limits: CurlLimits, systemCertificates: String, poller: Int32) {
        self.mailbox = mailbox
        self.limits = limits
        self.poller = poller
        stores = TrustStores(systemPath: systemCertificates, capacity: limits.maxTrustStores)
    }

    deinit { sp_close(poller) }

    /// Returns when stopped: with everything ended, at the stop's instant at the latest.
    func run() {
        _ = sp_epoll_watch(poller, mailbox.wakeDescriptor, EPOLLIN.rawValue, Self.mailboxNumber)
        while !turn() {}
        endEverything()
    }

    private static let mailboxNumber = UInt64.max

    /// True when it was the last.
    private func turn() -> Bool {
        for command in mailbox.take() { perform(command) }
        let now = ContinuousClock.now
        beginWaiting(now)
        closeIdlePools(now)
        if let stopAt, stopAt <= now || (active.isEmpty && waiting.isEmpty) { return true }
        waitAndDispatch(until: nextDeadline())
        return false
    }

    private func perform(_ command: LoopCommand) {
        switch command {
        case .begin(let exchange): waiting.append(exchange)
        case .cancel(let exchange):
            if let transfer = active[ObjectIdentifier(exchange)] { end(transfer) { $0.abandon(.cancelled) } }
        case .resume(let exchange): active[ObjectIdentifier(exchange)]?.resume()
        case .stop(let instant): stopAt = min(instant, stopAt ?? instant)
        }
    }

    // MARK: Beginning

    /// Begins what may begin, oldest first; a pool at its bound is passed over.
    private func beginWaiting(_ now: ContinuousClock.Instant) {
        guard !waiting.isEmpty else { return }
        var stillWaiting: [Exchange] = []
        for exchange in waiting {
            if exchange.isCancelled {
                refuse(exchange, .cancelled)
            } else if exchange.deadline <= now {
                refuse(exchange, .timedOutBeforeSending)
            } else if active.count >= limits.maxActiveTransfers || isAtBound(PoolKey(exchange.request)) {
                stillWaiting.append(exchange)
            } else {
                begin(exchange, now)
            }
        }
        waiting = stillWaiting
    }

    private func isAtBound(_ key: PoolKey) -> Bool {
        (pools[key]?.activeCount ?? 0) >= limits.maxActiveTransfersPerPool
    }

    private func begin(_ exchange: Exchange, _ now: ContinuousClock.Instant) {
        do throws(OutboundError) {
            let pool = try pool(for: PoolKey(exchange.request), now)
            let isTLS = exchange.request.url.scheme == .https
            let trust = isTLS ? try stores.trust(adding: exchange.request.trustedCertificates, now: now) : nil
            let transfer = try Transfer(exchange, pool: pool, trust: trust, limits: limits, now: now)
            let wasIdle = pool.activeCount == 0
            guard pool.add(transfer) else { throw .overloaded }
            if wasIdle { idleCount -= 1 }
            active[ObjectIdentifier(exchange)] = transfer
            byHandle[transfer.address] = transfer
            timers.add(.deadline(ObjectIdentifier(exchange)), at: exchange.deadline)
        } catch {
            refuse(exchange, error)
        }
    }

    private func refuse(_ exchange: Exchange, _ error: OutboundError) {
        mailbox.leave()
        exchange.fail(error)
    }

    private func pool(for key: PoolKey, _ now: ContinuousClock.Instant) throws(OutboundError) -> ConnectionPool {
        if let pool = pools[key] { return pool }
        repeat { lastPoolNumber &+= 1 } while poolsByNumber[lastPoolNumber] != nil || lastPoolNumber == .max
        guard
            let pool = ConnectionPool(
                number: lastPoolNumber, key: key, poller: poller, timers: timers, limits: limits, now: now)
        else { throw .overloaded }
        pools[key] = pool
        poolsByNumber[pool.number] = pool
        noteIdle(pool)
        return pool
    }

    // MARK: Waiting

    private func nextDeadline() -> ContinuousClock.Instant? {
        var deadline = stopAt
        func consider(_ instant: ContinuousClock.Instant?) {
            guard let instant else { return }
            deadline = min(instant, deadline ?? instant)
        }
        consider(timers.first)
        consider(idle.first.map { $0.since + limits.idleTime })
        for exchange in waiting { consider(exchange.deadline) }
        return deadline
    }

    private func waitAndDispatch(until deadline: ContinuousClock.Instant?) {
        let wait = deadline.map { Int32(clamping: ($0 - ContinuousClock.now).milliseconds) } ?? -1
        var numbers = [UInt64](repeating: 0, count: 64)
        var masks = [UInt32](repeating: 0, count: 64)
        let polledAt = ContinuousClock.now
        let count = unsafe sp_epoll_wait(poller, wait, &numbers, &masks)
        for index in 0..<Int(count) {
            if numbers[index] == Self.mailboxNumber {
                sp_eventfd_clear(mailbox.wakeDescriptor)
            } else if let pool = poolsByNumber[UInt32(numbers[index] >> 32)] {
                let descriptor = Int32(bitPattern: UInt32(truncatingIfNeeded: numbers[index]))
                pool.socketReady(descriptor, epollEvents: masks[index])
                endFinished(in: pool)
            }
        }
        fireTimers(now: ContinuousClock.now, polledAt: count < numbers.count ? polledAt : nil)
    }

    /// - Parameter polledAt: before the sockets were asked all of which have been seen to; nil where more were ready than were
    ///   taken: the rest may be the answers of those whose time is up.
    private func fireTimers(now: ContinuousClock.Instant, polledAt: ContinuousClock.Instant?) {
        while let entry = timers.take(until: now) {
            switch entry.reason {
            case .pool(let number):
                guard let pool = poolsByNumber[number], pool.timer == entry.at else { continue }
                pool.fireTimer(now: now)
                endFinished(in: pool)
            case .deadline(let exchange):
                // Another exchange can have come to stand where that one stood.
                guard let transfer = active[exchange], transfer.exchange.deadline <= now else { continue }
                if let polledAt, transfer.isOver(polledAt: polledAt) {
                    end(transfer) { $0.abandon(.timedOut) }
                } else {
                    // After another look at the sockets.
                    timers.add(entry.reason, at: now + .milliseconds(1))
                }
            }
        }
    }

    // MARK: Ending

    private func endFinished(in pool: ConnectionPool) {
        guard pool.activeCount > 0 else { return }
        while let finished = unsafe pool.nextFinished() {
            guard let transfer = unsafe byHandle[UInt(bitPattern: finished.easy)] else { continue }
            end(transfer) { unsafe $0.finish(finished.code) }
        }
    }

    private func end(_ transfer: Transfer, _ tell: (Transfer) -> Void) {
        active[ObjectIdentifier(transfer.exchange)] = nil
        byHandle[transfer.address] = nil
        transfer.pool.remove(transfer, now: ContinuousClock.now)
        if transfer.pool.activeCount == 0 { noteIdle(transfer.pool) }
        mailbox.leave()
        tell(transfer)
    }

    private func noteIdle(_ pool: ConnectionPool) {
        idleCount += 1
        idle.add(IdlePools.Entry(number: pool.number, since: pool.idleSince))
    }

    /// Closes pools that were not used for a while, and the least recently used of too many.
    private func closeIdlePools(_ now: ContinuousClock.Instant) {
        while let entry = idle.first {
            guard let pool = poolsByNumber[entry.number], pool.activeCount == 0, pool.idleSince == entry.since else {
                idle.removeFirst()
                continue
            }
            guard idleCount > limits.maxIdlePools || now - entry.since >= limits.idleTime else { return }
            idle.removeFirst()
            idleCount -= 1
            close(pool)
        }
    }

    private func close(_ pool: ConnectionPool) {
        pools[pool.key] = nil
        poolsByNumber[pool.number] = nil
        pool.close()
    }

    private func endEverything() {
        for transfer in Array(active.values) { end(transfer) { $0.abandon(.shutdown) } }
        for command in mailbox.close() {
            if case .begin(let exchange) = command { waiting.append(exchange) }
        }
        for exchange in waiting { refuse(exchange, .overloaded) }
        waiting = []
        for pool in Array(pools.values) { close(pool) }
    }
}
