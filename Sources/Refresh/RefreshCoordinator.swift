package import Catalogue
package import Connections
package import Domain
internal import Synchronization
package import Vault

/// Obtains every token: one flight for each connection in this process, one lease for each between processes.
///
/// A flight belongs to the coordinator and not to who asked for it: a waiter that is cancelled or whose deadline passes
/// leaves, and the flight goes on. Its failure is told to those who wait and is not kept here; the back-off stands in the
/// row. ``drain(until:)`` ends what is under way.
package final class RefreshCoordinator: TokenRefreshing {
    private let worker: RefreshWorker
    private let announcements: any AnnouncementSource
    private let clock: any DeadlineClock
    private let table: Mutex<FlightTable>
    private let waiterCount = Atomic<UInt64>(0)

    /// - Parameters:
    ///   - instance: the owner of this process's leases.
    ///   - announcements: read by ``run()``.
    ///   - clock: for deadlines and waits.
    package init(
        instance: InstanceID, connections: any ConnectionStore, integrations: any IntegrationStore,
        refreshes: any RefreshStore, catalogue: Catalogue, vault: Vault, outbound: any OutboundPort,
        announcements: any AnnouncementSource, gate: CallGate, clock: any DeadlineClock, random: any RandomSource,
        settings: RefreshSettings = RefreshSettings()
    ) {
        let sealer = CredentialSealer(vault: vault)
        worker = RefreshWorker(
            instance: instance, connections: connections, refreshes: refreshes, catalogue: catalogue, sealer: sealer,
            secrets: SecretsReader(sealer: sealer, integrations: integrations),
            tokens: TokenAcquisition(outbound: outbound, wallClock: gate.wallClock, random: random), gate: gate,
            clock: clock, random: random, settings: settings, signals: ConnectionSignals())
        self.announcements = announcements
        self.clock = clock
        table = Mutex(FlightTable(maxFlights: settings.maxFlights, maxWaiters: settings.maxWaiters))
    }

    /// Wakes flights that wait for another instance; runs until its task is cancelled. Without it they look once a second.
    package func run() async {
        for await announcement in announcements.announcements() { worker.signals.post(announcement) }
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

    package func refreshedTokenSet(
        of stored: StoredConnection, deadline: ContinuousClock.Instant
    ) async throws(RefreshError) -> OpenedTokenSet {
        let seen = SeenVersions(stored)
        // A flight that began before the caller's token was written can end with just that token: then once more.
        for _ in 0..<2 {
            let tokenSet = try await join(stored.connection, seen, deadline).get()
            if seen.isOlder(than: tokenSet) { return tokenSet }
        }
        throw .overloaded
    }

    private func join(
        _ connection: Connection, _ seen: SeenVersions, _ deadline: ContinuousClock.Instant
    ) async -> RefreshOutcome {
        guard clock.now < deadline else { return .failure(.timedOut) }
        let waiter = waiterCount.wrappingAdd(1, ordering: .relaxed).newValue
        return await withTaskGroup(of: RefreshOutcome.self) { group in
            group.addTask { await self.wait(waiter, connection, seen) }
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

    private func wait(_ waiter: UInt64, _ connection: Connection, _ seen: SeenVersions) async -> RefreshOutcome {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = table.withLock { table -> RefreshOutcome? in
                    switch table.join(connection.id, seen: seen, waiter: waiter, continuation) {
                    case .answered(let outcome): return outcome
                    case .start: table.keep(start(connection, seen), of: connection.id)
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
    private func start(_ connection: Connection, _ seen: SeenVersions) -> Task<Void, Never> {
        let id = connection.id
        // Owned by the table: ends by itself within the longest flight, or by `drain(until:)`, which awaits it.
        return Task {
            let outcome = await worker.fly(connection, seen: seen) { tokenSet in
                let waiters = self.table.withLock { $0.settle(id, tokenSet) }
                for waiter in waiters { waiter.resume(returning: .success(tokenSet)) }
            }
            let waiters = table.withLock { $0.end(id) }
            for waiter in waiters { waiter.resume(returning: outcome) }
        }
    }
}
