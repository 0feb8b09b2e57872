package import Connections
internal import Domain
internal import Synchronization

/// Obtains every token: one flight for each connection in this process, one lease for each between processes.
///
/// A flight belongs to the coordinator and not to who asked for it: a waiter that is cancelled or whose deadline passes
/// leaves, and the flight goes on. Its failure is told to those who wait and is not kept here; the back-off stands in the
/// row. ``drain(until:)`` ends what is under way.
package final class RefreshCoordinator: TokenRefreshing {
    private let worker: RefreshWorker
    private let clock: any DeadlineClock
    private let table: Mutex<FlightTable>
    private let waiterCount = Atomic<UInt64>(0)

    init(worker: RefreshWorker) {
        self.worker = worker
        clock = worker.clock
        table = Mutex(FlightTable(maxFlights: worker.settings.maxFlights, maxWaiters: worker.settings.maxWaiters))
    }

    /// Begins no more flights, and lets those under way finish until the deadline; then cancels and awaits them.
    package func drain(until deadline: ContinuousClock.Instant) async {
        let tasks = table.withLock { $0.drain() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for task in tasks { await task.value } }
            group.addTask { [clock] in
                // It throws when the flights have ended first, and when nobody waits for them any more.
                try? await clock.sleep(until: deadline, tolerance: nil)
                for task in tasks { task.cancel() }
            }
            await group.next()
            group.cancelAll()
        }
        for task in tasks { await task.value }
    }

    /// Connections that are refreshed now.
    package var flightCount: Int { table.withLock { $0.count } }
    /// Callers that wait for them.
    package var waitingCount: Int { table.withLock { $0.waiterCount } }

    package func refreshedTokenSet(
        of stored: StoredConnection, isForced: Bool, deadline: ContinuousClock.Instant
    ) async throws(RefreshError) -> OpenedTokenSet {
        let beganAt = clock.now
        defer { worker.statistics.countWait(clock.now - beganAt) }
        let wish = FlightTable.Wish(connection: stored.connection, seen: SeenVersions(stored), isForced: isForced)
        // A flight that began before the caller's token was written can end with just that token: then once more.
        for _ in 0..<2 {
            let tokenSet = try await join(wish, deadline).get()
            // One that still waits for a database that is away can have ended meanwhile.
            guard !worker.hasEnded(tokenSet) else { throw .storeUnavailable }
            if wish.seen.isOlder(than: tokenSet) { return tokenSet }
        }
        throw .overloaded
    }

    package func nudge(of stored: StoredConnection) {
        let wish = FlightTable.Wish(connection: stored.connection, seen: SeenVersions(stored), isForced: false)
        begin(stored.connection.id, .wished(wish)) {}
    }

    /// Begins a flight for a row that was due, for which nobody waits; false where one is under way already or there is no
    /// room, and `then` is not called.
    ///
    /// - Parameter then: called once, when the flight is over.
    func begin(_ due: DueRefresh, _ permit: EndpointPermit?, then: @escaping @Sendable () -> Void) -> Bool {
        begin(due.connectionID, .scheduled(due, permit), then: then)
    }

    @discardableResult
    private func begin(
        _ id: ConnectionID, _ errand: RefreshWorker.Errand, then: @escaping @Sendable () -> Void
    ) -> Bool {
        table.withLock { table in
            guard table.begin(id) else { return false }
            table.keep(start(id, errand, then: then), of: id)
            return true
        }
    }

    private func join(
        _ wish: FlightTable.Wish, _ deadline: ContinuousClock.Instant
    ) async -> RefreshOutcome {
        guard clock.now < deadline else { return .failure(.timedOut) }
        let waiter = waiterCount.wrappingAdd(1, ordering: .relaxed).newValue
        return await withTaskGroup(of: RefreshOutcome.self) { group in
            group.addTask { await self.wait(waiter, wish) }
            group.addTask { [clock] in
                // It throws when the wait is over or the caller is cancelled: late either way.
                try? await clock.sleep(until: deadline, tolerance: nil)
                return .failure(.timedOut)
            }
            let first = await group.next() ?? .failure(.timedOut)
            group.cancelAll()
            return first
        }
    }

    private func wait(_ waiter: UInt64, _ wish: FlightTable.Wish) async -> RefreshOutcome {
        let id = wish.connection.id
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = table.withLock { table -> RefreshOutcome? in
                    switch table.join(id, wish, waiter: waiter, continuation) {
                    case .answered(let outcome): return outcome
                    case .start: table.keep(start(id, .wished(wish)) {}, of: id)
                    case .waiting: break
                    }
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
                // Cancelled before it joined: the handler found nobody to send away.
                if Task.isCancelled { leave(waiter) }
            }
        } onCancel: {
            leave(waiter)
        }
    }

    private func leave(_ waiter: UInt64) {
        table.withLock { $0.leave(waiter) }?.resume(returning: .failure(.timedOut))
    }

    /// Called under the table's lock: the flight is kept before it can end, and no drain misses it.
    private func start(
        _ id: ConnectionID, _ errand: RefreshWorker.Errand, then: @escaping @Sendable () -> Void
    ) -> Task<Void, Never> {
        // Owned by the table: ends by itself within the longest flight, or by `drain(until:)`, which awaits it.
        Task {
            await fly(id, errand)
            then()
        }
    }

    private func fly(_ id: ConnectionID, _ errand: RefreshWorker.Errand) async {
        let settle: RefreshWorker.Settle = { tokenSet in
            let waiters = self.table.withLock { $0.settle(id, tokenSet) }
            for waiter in waiters { waiter.resume(returning: .success(tokenSet)) }
        }
        var landing = await worker.fly(errand, settle: settle)
        if case .leftToAnother = landing {
            // Who joined meanwhile waits for the other instance's answer.
            guard let wish = table.withLock({ $0.endUnlessWaitedFor(id) }) else { return }
            landing = await worker.fly(.wished(wish), settle: settle)
        }
        guard case .ended(let outcome) = landing else { return }
        let waiters = table.withLock { $0.end(id) }
        for waiter in waiters { waiter.resume(returning: outcome) }
    }
}
