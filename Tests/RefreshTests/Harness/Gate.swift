import Synchronization

/// Holds whoever comes until it is opened, and tells how many have come.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var arrived = 0
        var held: [CheckedContinuation<Void, Never>] = []
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    func pass() async {
        await withCheckedContinuation { continuation in
            let (goesOn, ready) = state.withLock { state in
                state.arrived += 1
                let arrived = state.arrived
                if !state.isOpen { state.held.append(continuation) }
                let ready = state.watchers.filter { $0.count <= arrived }
                state.watchers.removeAll { $0.count <= arrived }
                return (state.isOpen, ready)
            }
            if goesOn { continuation.resume() }
            for watcher in ready { watcher.continuation.resume() }
        }
    }

    func waitForArrivals(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isSatisfied = state.withLock { state in
                if state.arrived >= count { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if isSatisfied { continuation.resume() }
        }
    }

    func open() {
        let held = state.withLock { state in
            state.isOpen = true
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }
}

/// Gives everybody else turns until it holds.
///
/// - Returns: false where it did not within twenty seconds.
func turns(_ condition: () throws -> Bool) async rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(20)
    while try !condition() {
        guard ContinuousClock.now < deadline else { return false }
        await Task.yield()
    }
    return true
}
