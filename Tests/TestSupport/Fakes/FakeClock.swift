internal import Connections
package import Domain
internal import Synchronization

/// A clock that stands still until a test moves it; sleepers wake in the order of their instants.
package final class FakeClock: DeadlineClock {
    struct Sleeper {
        let until: ContinuousClock.Instant
        let continuation: CheckedContinuation<Void, any Error>
    }

    struct Watcher {
        let count: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    struct State {
        var now: ContinuousClock.Instant
        var sleepers: [UInt64: Sleeper] = [:]
        /// Cancelled before they went to sleep.
        var cancelled: Set<UInt64> = []
        var watchers: [Watcher] = []
        var nextID: UInt64 = 0
    }

    let state: Mutex<State>
    private let start = ContinuousClock.Instant.now
    private let wallStart: Timestamp

    package init(wallStart: Timestamp = Timestamp(seconds: 1_795_527_600)) {
        state = Mutex(State(now: start))
        self.wallStart = wallStart
    }

    package var now: ContinuousClock.Instant { state.withLock { $0.now } }
    package var minimumResolution: Duration { .nanoseconds(1) }

    /// The same time as a wall clock.
    package var wall: FakeWallClock { FakeWallClock(clock: self) }

    fileprivate var wallNow: Timestamp { wallStart + (now - start) }

    package func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (outcome, ready) = state.withLock { state -> (Result<Void, any Error>?, [Watcher]) in
                    if state.cancelled.remove(id) != nil { return (.failure(CancellationError()), []) }
                    if deadline <= state.now { return (.success(()), []) }
                    state.sleepers[id] = Sleeper(until: deadline, continuation: continuation)
                    return (nil, Self.takeSatisfied(&state))
                }
                if let outcome { continuation.resume(with: outcome) }
                for watcher in ready { watcher.continuation.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                guard let sleeper = state.sleepers.removeValue(forKey: id) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Moves the time and wakes whoever slept until then.
    package func advance(by duration: Duration) {
        let due = state.withLock { state -> [Sleeper] in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.value.until <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.sorted { $0.until < $1.until }
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// Returns once at least so many tasks sleep on this clock.
    package func waitForSleepers(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isSatisfied = state.withLock { state in
                if state.sleepers.count >= count { return true }
                state.watchers.append(Watcher(count: count, continuation: continuation))
                return false
            }
            if isSatisfied { continuation.resume() }
        }
    }

    package var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    private static func takeSatisfied(_ state: inout State) -> [Watcher] {
        let count = state.sleepers.count
        let ready = state.watchers.filter { $0.count <= count }
        state.watchers.removeAll { $0.count <= count }
        return ready
    }
}

package struct FakeWallClock: WallClock {
    fileprivate let clock: FakeClock

    package func now() -> Timestamp { clock.wallNow }
}
