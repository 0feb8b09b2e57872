internal import Connections
internal import Synchronization

/// Why the scheduler looks again: many tell, one listens.
final class WakeUps: Sendable {
    private struct State {
        var shouldRescan = false
        var shouldLook = false
        /// Something was told since the last wait ended.
        var isPending = false
        var listener: AsyncStream<Void>.Continuation?

        mutating func tell() -> AsyncStream<Void>.Continuation? {
            isPending = true
            return listener
        }
    }

    private let state = Mutex(State())

    /// A place came free or an endpoint opened.
    func poke() { state.withLock { $0.tell() }?.yield() }

    /// Something may have become due earlier than was known.
    func look() {
        state.withLock { state in
            state.shouldLook = true
            return state.tell()
        }?.yield()
    }

    /// Rows that were passed by may be takable again, or anything may have changed.
    func rescan() {
        state.withLock { state in
            state.shouldRescan = true
            return state.tell()
        }?.yield()
    }

    /// What was asked for since the last time.
    func take() -> (rescan: Bool, look: Bool) {
        state.withLock { state in
            defer { (state.shouldRescan, state.shouldLook, state.isPending) = (false, false, false) }
            return (state.shouldRescan, state.shouldLook)
        }
    }

    /// Returns when something was told since the last ``take()``, at the instant, or when the task is cancelled.
    func wait(until instant: ContinuousClock.Instant, clock: any DeadlineClock) async {
        // Its own stream for each wait: one whose listener was cancelled tells nothing any more.
        let (stream, listener) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let isPending = state.withLock { state in
            state.listener = listener
            return state.isPending
        }
        guard !isPending else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in stream { return } }
            group.addTask {
                // It throws only when this group is done with it.
                try? await clock.sleep(until: instant, tolerance: nil)
            }
            await group.next()
            group.cancelAll()
        }
    }
}
