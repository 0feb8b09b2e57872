internal import Domain
internal import Synchronization

/// A result that is given once and may be awaited by any number of tasks, before or after.
///
/// Cancelling a waiter does not wake it: whoever owns the work turns a cancellation into a result.
final class OneShot<Value: Sendable>: Sendable {
    private enum State {
        case pending([CheckedContinuation<Result<Value, OutboundError>, Never>])
        case done(Result<Value, OutboundError>)
    }

    private let state = Mutex(State.pending([]))

    /// The first result wins; later ones are dropped.
    func fulfil(_ result: Result<Value, OutboundError>) {
        let waiters = state.withLock { state -> [CheckedContinuation<Result<Value, OutboundError>, Never>] in
            guard case .pending(let waiters) = state else { return [] }
            state = .done(result)
            return waiters
        }
        for waiter in waiters { waiter.resume(returning: result) }
    }

    func value() async throws(OutboundError) -> Value {
        let result = await withCheckedContinuation { continuation in
            let known = state.withLock { state -> Result<Value, OutboundError>? in
                switch state {
                case .pending(let waiters):
                    state = .pending(waiters + [continuation])
                    return nil
                case .done(let result): return result
                }
            }
            if let known { continuation.resume(returning: known) }
        }
        return try result.get()
    }
}
