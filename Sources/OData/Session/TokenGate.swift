internal import Synchronization

/// Lets one of many writers fetch a token while the others wait for it.
///
/// Who comes first leads. Its success and its failure are told to those who wait and not kept. A leader that gives up
/// for a reason of its own (cancelled, its deadline) hands over to the next who waits; one who waits and gives up
/// disturbs nobody.
final class TokenGate: Sendable {
    enum Turn: Sendable {
        case lead
        case follow(Result<Void, ODataError>)
        case gaveUp
    }

    private struct State {
        var isLed = false
        var lastNumber: UInt64 = 0
        var waiting: [(number: UInt64, continuation: CheckedContinuation<Turn, Never>)] = []
        /// Given up before they began to wait; each is taken away when it ends.
        var gone: Set<UInt64> = []
    }

    private let state = Mutex(State())

    /// Returns when it is the caller's turn, somebody else's fetch has ended, or the deadline is there.
    func enter(deadline: ContinuousClock.Instant, clock: ODataClock) async -> Turn {
        let isLeader = state.withLock { state in
            defer { state.isLed = true }
            return !state.isLed
        }
        guard !isLeader else { return .lead }
        return await withTaskGroup(of: Turn?.self) { group in
            // Bounded by the sleep beside it, whose end cancels it.
            group.addTask { await self.wait() }
            group.addTask {
                // Cancelled is as good as over: either way nothing is left to wait for.
                try? await clock.sleep(deadline)
                return nil
            }
            var turn = Turn.gaveUp
            while let ended = await group.next() {
                group.cancelAll()
                if let ended { turn = ended }
            }
            return turn
        }
    }

    private func wait() async -> Turn {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        defer { state.withLock { _ = $0.gone.remove(number) } }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let turn = state.withLock { state -> Turn? in
                    if state.gone.remove(number) != nil { return .gaveUp }
                    guard state.isLed else {
                        state.isLed = true
                        return .lead
                    }
                    state.waiting.append((number, continuation))
                    return nil
                }
                if let turn { continuation.resume(returning: turn) }
            }
        } onCancel: {
            let continuation = state.withLock { state -> CheckedContinuation<Turn, Never>? in
                guard let place = state.waiting.firstIndex(where: { $0.number == number }) else {
                    // Not waiting yet, or served already.
                    state.gone.insert(number)
                    return nil
                }
                return state.waiting.remove(at: place).continuation
            }
            continuation?.resume(returning: .gaveUp)
        }
    }

    /// Every leader leaves once.
    func leave(_ result: Result<Void, ODataError>) {
        let resumed = state.withLock { state -> [(CheckedContinuation<Turn, Never>, Turn)] in
            if case .failure(let error) = result, error == .cancelled || error == .deadline, !state.waiting.isEmpty {
                return [(state.waiting.removeFirst().continuation, .lead)]
            }
            defer { state.waiting = [] }
            state.isLed = false
            return state.waiting.map { ($0.continuation, .follow(result)) }
        }
        for (continuation, turn) in resumed { continuation.resume(returning: turn) }
    }
}
