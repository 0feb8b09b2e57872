internal import Dispatch
internal import Domain
internal import Synchronization

/// An append that waits for the disk.
final class SpoolWaiter: Sendable {
    typealias Answer = Result<SpoolTicket, SpoolError>

    private enum State {
        case new
        case waiting(CheckedContinuation<Answer, Never>)
        /// Nobody waits yet or any more.
        case settled(Answer)
    }

    private let state = Mutex(State.new)
    let since: ContinuousClock.Instant

    init(since: ContinuousClock.Instant) { self.since = since }

    func wait() async -> Answer {
        await withCheckedContinuation { continuation in
            let early: Answer? = state.withLock { state in
                if case .settled(let answer) = state { return answer }
                state = .waiting(continuation)
                return nil
            }
            if let early { continuation.resume(returning: early) }
        }
    }

    /// False where it was settled before: its caller has been told something else.
    @discardableResult
    func settle(_ answer: Answer) -> Bool {
        let (isFirst, continuation) = state.withLock { state -> (Bool, CheckedContinuation<Answer, Never>?) in
            defer { if case .settled = state {} else { state = .settled(answer) } }
            return switch state {
            case .new: (true, nil)
            case .waiting(let continuation): (true, continuation)
            case .settled: (false, nil)
            }
        }
        continuation?.resume(returning: answer)
        return isFirst
    }
}

/// Where tasks leave work for the spool's thread. Bounded by what is reserved, what is stored, and its few callers.
final class SpoolQueue: Sendable {
    struct Append: Sendable {
        let answer: SpooledAnswer
        let reservation: SpoolReservation
        let waiter: SpoolWaiter
    }

    struct Work {
        var removals: [SpoolTicket] = []
        var appends: [Append] = []
        var jobs: [@Sendable (SpoolWriter?) -> Void] = []
        var isStopping = false
    }

    /// taking → ending → over.
    private enum Phase {
        case taking
        /// The thread has taken its last answers and puts its files in order; who waits for that may still say so.
        case ending
        case over
    }

    private struct State {
        var phase = Phase.taking
        var work = Work()
        /// The thread has been woken and has not looked yet.
        var isSignalled = false
        var waiting: [UInt64: SpoolWaiter] = [:]
        var isWatching = false
    }

    private let appendTimeout: Duration
    private let ledger: SpoolLedger
    private let state = Mutex(State())
    /// The spool's own thread waits on it, and nobody else: no cooperative thread ever blocks here.
    private let wake = DispatchSemaphore(value: 0)

    init(appendTimeout: Duration, ledger: SpoolLedger) {
        self.appendTimeout = appendTimeout
        self.ledger = ledger
    }

    // MARK: Tasks' side

    func add(_ append: Append) {
        let isTaken = put { state in
            state.work.appends.append(append)
            state.waiting[append.reservation.id] = append.waiter
            if !state.isWatching {
                state.isWatching = true
                watch(after: appendTimeout)
            }
        }
        if !isTaken { append.waiter.settle(.failure(.closed)) }
    }

    func add(_ removal: SpoolTicket) {
        put { $0.work.removals.append(removal) }
    }

    /// Runs on the spool's thread after what was left before; with nil, and once its files are in order, where it has ended.
    func add(_ job: @escaping @Sendable (SpoolWriter?) -> Void) {
        if !put(until: .ending, { $0.work.jobs.append(job) }) { job(nil) }
    }

    func stop() {
        put { $0.work.isStopping = true }
    }

    /// False in a phase after the last that takes such work.
    @discardableResult
    private func put(until last: Phase = .taking, _ change: (inout State) -> Void) -> Bool {
        let (isTaken, isFirst) = state.withLock { state -> (Bool, Bool) in
            guard state.phase == .taking || state.phase == last else { return (false, false) }
            change(&state)
            defer { state.isSignalled = true }
            return (true, !state.isSignalled)
        }
        if isFirst { wake.signal() }
        return isTaken
    }

    /// Looks for appends that have waited too long; one watch at a time, none while nobody waits.
    private func watch(after delay: Duration) {
        let nanoseconds = Int(clamping: max(delay, .zero).microseconds * 1_000)
        DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) { [weak self] in
            self?.expire()
        }
    }

    private func expire() {
        let now = ContinuousClock.now
        let late = state.withLock { state in
            let late = state.waiting.filter { $0.value.since + appendTimeout <= now }
            for id in late.keys { state.waiting[id] = nil }
            if let next = state.waiting.values.map(\.since).min() {
                watch(after: next + appendTimeout - now)
            } else {
                state.isWatching = false
            }
            return late
        }
        guard !late.isEmpty else { return }
        ledger.markStuck()
        for waiter in late.values { waiter.settle(.failure(.unusable)) }
    }

    // MARK: The thread's side

    /// All work there is, in the order of its coming; waits for some, at most as long as told.
    func take(waiting longest: Duration?) -> Work {
        let deadline: DispatchTime =
            longest.map { .now() + .nanoseconds(Int(clamping: $0.microseconds * 1_000)) } ?? .distantFuture
        _ = wake.wait(timeout: deadline)
        return state.withLock { state in
            state.isSignalled = false
            defer { state.work = Work() }
            return state.work
        }
    }

    /// Tells an append how it ended; false where it was told already that its time was up.
    func settle(_ append: Append, _ answer: SpoolWaiter.Answer) -> Bool {
        state.withLock { $0.waiting[append.reservation.id] = nil }
        return append.waiter.settle(answer)
    }

    /// Takes no more answers and removals; those that have come since the last turn are the last.
    func beginEnd() -> Work {
        state.withLock { state in
            state.phase = .ending
            defer { state.work = Work() }
            return state.work
        }
    }

    /// Takes nothing more; what waits for the end.
    func end() -> Work {
        state.withLock { state in
            state.phase = .over
            defer { state.work = Work() }
            return state.work
        }
    }
}
