package import Connections
package import Domain
package import Logging
internal import Observability
internal import Synchronization

/// The API keys that were revoked so lately that a caller token issued to one of them may not have expired yet.
///
/// Fed by announcements (within a second) and by a poll behind them (within ``pollInterval``). Bounded by what is revoked
/// within ``memory``: older entries go, because no token can outlive them.
package final class Revocations: Sendable {
    package static let pollInterval = Duration.seconds(5)
    /// Longest lifetime of a caller token and the clocks' difference, with some to spare.
    package static let memory = CallerTokenFormat.longestLifetime + CallerTokenFormat.clockSkew + .seconds(300)

    /// Grows with each change, by which caches see that they must look again.
    package let epoch: RevocationEpoch
    private let store: any RevocationStore
    private let source: any AnnouncementSource
    private let clock: any WallClock
    private let timer: any Clock<Duration>
    private let logger: Logger
    /// When each key was first known to be revoked.
    private let revoked = Mutex<[APIKeyID: Timestamp]>([:])

    /// - Parameter timer: measures the pauses between polls.
    package init(
        store: any RevocationStore, announcements: any AnnouncementSource, epoch: RevocationEpoch,
        clock: any WallClock, timer: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.store = store
        self.source = announcements
        self.epoch = epoch
        self.clock = clock
        self.timer = timer
        self.logger = logger
    }

    package func isRevoked(_ key: APIKeyID) -> Bool {
        revoked.withLock { $0[key] != nil }
    }

    /// How many keys are remembered; for metrics.
    package var count: Int { revoked.withLock { $0.count } }

    /// Reads what was revoked lately; call once before serving.
    package func load() async throws(StoreError) {
        let now = clock.now()
        let keys = try await store.apiKeysRevoked(since: now - Self.memory)
        add(keys, now: now)
    }

    /// Follows announcements and polls, until the task is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            // Subscribed before the first poll, so that nothing falls between the two.
            let announcements = source.announcements()
            group.addTask { await self.follow(announcements) }
            group.addTask { await self.poll() }
            await group.waitForAll()
        }
    }

    private func follow(_ announcements: AsyncStream<Announcement>) async {
        for await announcement in announcements {
            switch announcement {
            case .apiKeyRevoked(let key):
                add([key], now: clock.now())
            case .gap:
                epoch.advance()
                await reload()
            case .tenantChanged:
                // Caches that hold keys of the tenant must look again.
                epoch.advance()
            case .connectionChanged, .integrationChanged:
                break
            }
        }
    }

    private func poll() async {
        while !Task.isCancelled {
            await reload()
            do {
                try await timer.sleep(for: Self.pollInterval)
            } catch {
                // Cancelled: the service ends.
                return
            }
        }
    }

    private func reload() async {
        do {
            try await load()
        } catch {
            // Announcements go on, and the next poll repeats it; the store logs the cause.
            logger.warning("revocations not read", metadata: .facts([.reason: "\(error)"]))
        }
    }

    private func add(_ keys: [APIKeyID], now: Timestamp) {
        let isNew = revoked.withLock { revoked in
            let before = revoked.count
            for key in keys where revoked[key] == nil { revoked[key] = now }
            let isNew = revoked.count != before
            let oldest = now - Self.memory
            revoked = revoked.filter { $0.value >= oldest }
            return isNew
        }
        if isNew { epoch.advance() }
    }
}
