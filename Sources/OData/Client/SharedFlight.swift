import Synchronization

/// One piece of work that several callers wait for.
///
/// Who comes while it runs waits for it; who is cancelled leaves alone. Nothing is remembered: the next caller after the end
/// starts anew, after a failure too. The last one who leaves ends the work.
final class SharedFlight<Value: Sendable>: Sendable {
    typealias Outcome = Result<Value, ODataError>

    private struct State {
        var waiters: [UInt64: CheckedContinuation<Outcome, Never>] = [:]
        /// Left before they began to wait.
        var left: Set<UInt64> = []
        var lastTicket: UInt64 = 0
        /// Which flight `task` is; a flight that everybody left has no say any more.
        var flight: UInt64 = 0
        var task: Task<Void, Never>?
    }

    private let state = Mutex(State())

    /// - Parameter work: started if none is under way; ends by itself within the session's deadline, or when its task is
    ///   cancelled.
    func join(_ work: @escaping @Sendable () async -> Outcome) async -> Outcome {
        let ticket = state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { wait(ticket, $0, work) }
        } onCancel: {
            leave(ticket)
        }
        // A cancellation that came after the end.
        state.withLock { _ = $0.left.remove(ticket) }
        return outcome
    }

    /// How many wait now.
    var waiterCount: Int { state.withLock { $0.waiters.count } }

    private func wait(
        _ ticket: UInt64, _ waiter: CheckedContinuation<Outcome, Never>, _ work: @escaping @Sendable () async -> Outcome
    ) {
        let hasLeft = state.withLock { state in
            if state.left.remove(ticket) != nil { return true }
            state.waiters[ticket] = waiter
            guard state.task == nil else { return false }
            state.flight += 1
            let flight = state.flight
            // Ends itself, by the work's deadline; `leave` cancels it when nobody waits any more.
            state.task = Task { self.finish(flight, await work()) }
            return false
        }
        if hasLeft { waiter.resume(returning: .failure(.cancelled)) }
    }

    private func leave(_ ticket: UInt64) {
        let waiter = state.withLock { state in
            guard let waiter = state.waiters.removeValue(forKey: ticket) else {
                state.left.insert(ticket)
                return nil as CheckedContinuation<Outcome, Never>?
            }
            if state.waiters.isEmpty {
                state.task?.cancel()
                state.task = nil
            }
            return waiter
        }
        waiter?.resume(returning: .failure(.cancelled))
    }

    private func finish(_ flight: UInt64, _ outcome: Outcome) {
        let waiters = state.withLock { state in
            guard state.flight == flight, state.task != nil else {
                return [:] as [UInt64: CheckedContinuation<Outcome, Never>]
            }
            defer { (state.waiters, state.task) = ([:], nil) }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume(returning: outcome) }
    }
}
