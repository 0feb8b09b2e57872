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
            guard pool.add(transfer) else { throw .overloaded }
            active[ObjectIdentifier(exchange)] = transfer
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
        guard let pool = ConnectionPool(number: lastPoolNumber, key: key, poller: poller, limits: limits, now: now)
        else { throw .overloaded }
        pools[key] = pool
        poolsByNumber[pool.number] = pool
        return pool
    }

    // MARK: Waiting

    private func nextDeadline() -> ContinuousClock.Instant? {
        var deadline = stopAt
        func consider(_ instant: ContinuousClock.Instant?) {
            guard let instant else { return }
            deadline = min(instant, deadline ?? instant)
        }
        for pool in pools.values {
            consider(pool.timer)
            if pool.activeCount == 0 { consider(pool.idleSince + limits.idleTime) }
        }
        for exchange in waiting { consider(exchange.deadline) }
        return deadline
    }

    private func waitAndDispatch(until deadline: ContinuousClock.Instant?) {
        let wait = deadline.map { Int32(clamping: ($0 - ContinuousClock.now).milliseconds) } ?? -1
        var numbers = [UInt64](repeating: 0, count: 64)
        var masks = [UInt32](repeating: 0, count: 64)
        let count = unsafe sp_epoll_wait(poller, wait, &numbers, &masks)
        for index in 0..<Int(count) {
            if numbers[index] == Self.mailboxNumber {
                sp_eventfd_clear(mailbox.wakeDescriptor)
            } else {
                let descriptor = Int32(bitPattern: UInt32(truncatingIfNeeded: numbers[index]))
                poolsByNumber[UInt32(numbers[index] >> 32)]?.socketReady(descriptor, epollEvents: masks[index])
            }
        }
        let now = ContinuousClock.now
        for pool in pools.values {
            pool.fireTimer(now: now)
            endFinished(in: pool)
        }
    }

    // MARK: Ending

    private func endFinished(in pool: ConnectionPool) {
        guard pool.activeCount > 0 else { return }
        while let finished = unsafe pool.nextFinished() {
            guard let transfer = active.values.first(where: { unsafe $0.easy == finished.easy }) else { continue }
            end(transfer) { unsafe $0.finish(finished.code) }
        }
    }

    private func end(_ transfer: Transfer, _ tell: (Transfer) -> Void) {
        active[ObjectIdentifier(transfer.exchange)] = nil
        transfer.pool.remove(transfer, now: ContinuousClock.now)
        mailbox.leave()
        tell(transfer)
    }

    /// Closes pools that were not used for a while, and the least recently used of too many.
    private func closeIdlePools(_ now: ContinuousClock.Instant) {
        let idle = pools.values.filter { $0.activeCount == 0 }
        guard !idle.isEmpty else { return }
        let surplus = idle.count - limits.maxIdlePools
        let byAge = surplus > 0 ? idle.sorted { $0.idleSince < $1.idleSince } : idle
        for (index, pool) in byAge.enumerated() where index < surplus || now - pool.idleSince >= limits.idleTime {
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
