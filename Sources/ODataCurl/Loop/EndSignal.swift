internal import Synchronization

/// Happens once; any number of tasks may wait for it.
final class EndSignal: Sendable {
    private struct State {
        var isFulfilled = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func fulfil() {
        let waiters = state.withLock { state in
            defer { state = State(isFulfilled: true) }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isFulfilled = state.withLock { state in
                if !state.isFulfilled { state.waiters.append(continuation) }
                return state.isFulfilled
            }
            if isFulfilled { continuation.resume() }
        }
    }
}
