internal import CLinux
internal import Glibc
internal import Synchronization

/// Where tasks leave work for the reactor's thread, and where they read how it is.
final class Inbox: Sendable {
    /// What tasks tell the reactor beside requests.
    enum Command: Sendable {
        case cancel(UInt64)
        case subscribe(channel: String, id: UInt64, AsyncStream<PostgresNotification>.Continuation)
        case unsubscribe(channel: String, id: UInt64)
    }

    /// idle → running → stopping → stopped; idle → stopped.
    enum Phase {
        case idle
        case running
        case stopping
        case stopped
    }

    struct Work {
        var requests: [Request] = []
        var commands: [Command] = []
        var jobs: [UnownedJob] = []
        var isStopping = false
    }

    private struct State {
        var phase = Phase.idle
        var work = Work()
        /// Accepted and not yet sent.
        var pending = 0
        /// The thread will look at `work` before it sleeps.
        var isAwake = false
        var health = PostgresHealth()
        var stopWaiters: [CheckedContinuation<Void, Never>] = []
    }

    private let maxQueued: Int
    private let state = Mutex(State())
    private let nextID = Atomic<UInt64>(1)
    /// Readable when the thread shall wake; −1 if the process had no descriptor left.
    let wakeDescriptor = linux_eventfd_create()

    init(maxQueued: Int) {
        self.maxQueued = maxQueued
    }

    deinit {
        if wakeDescriptor >= 0 { close(wakeDescriptor) }
    }

    /// A number that is given out once.
    func makeID() -> UInt64 {
        nextID.wrappingAdd(1, ordering: .relaxed).oldValue
    }

    // MARK: Tasks' side

    /// Whether the caller has to start the thread: true once.
    func begin() -> Bool {
        state.withLock { state in
            guard state.phase == .idle else { return false }
            state.phase = .running
            state.isAwake = true
            return true
        }
    }

    /// Accepts a request, or says why not; the request's caller is resumed in either case.
    func add(_ request: Request, isBounded: Bool) {
        let refusal: PostgresError? = state.withLock { state in
            // What ends a held transaction is accepted while the client stops.
            guard state.phase == .running || (state.phase == .stopping && !isBounded) else { return .shutdown }
            guard !isBounded || state.pending < maxQueued else { return .queueFull }
            state.pending += 1
            state.work.requests.append(request)
            wake(&state)
            return nil
        }
        if let refusal { request.continuation.resume(returning: .failure(refusal)) }
    }

    /// Passes a command on; `false` if the client is stopped.
    @discardableResult
    func add(_ command: Command) -> Bool {
        state.withLock { state in
            guard state.phase == .running || state.phase == .stopping else { return false }
            state.work.commands.append(command)
            wake(&state)
            return true
        }
    }

    /// Accepts a task's job; `false` if the thread has ended.
    func add(_ job: UnownedJob) -> Bool {
        state.withLock { state in
            guard state.phase == .running || state.phase == .stopping else { return false }
            state.work.jobs.append(job)
            wake(&state)
            return true
        }
    }

    /// Accepts nothing new from now on.
    func stop() {
        let waiters: [CheckedContinuation<Void, Never>] = state.withLock { state in
            switch state.phase {
            case .idle:
                state.phase = .stopped
                return exchange(&state.stopWaiters, with: [])
            case .running:
                state.phase = .stopping
                state.work.isStopping = true
                wake(&state)
                return []
            case .stopping, .stopped:
                return []
            }
        }
        waiters.forEach { $0.resume() }
    }

    /// Returns when the thread has ended; the caller must have stopped the client, or someone else will.
    func waitUntilStopped() async {
        await withCheckedContinuation { continuation in
            let isStopped = state.withLock { state in
                if state.phase != .stopped { state.stopWaiters.append(continuation) }
                return state.phase == .stopped
            }
            if isStopped { continuation.resume() }
        }
    }

    var health: PostgresHealth {
        state.withLock { state in
            var health = state.health
            health.queued = state.pending
            return health
        }
    }

    private func wake(_ state: inout State) {
        guard !state.isAwake else { return }
        state.isAwake = true
        linux_eventfd_signal(wakeDescriptor)
    }

    // MARK: The thread's side

    /// Takes everything; `settled` requests have been sent or answered since the last time.
    func take(settled: Int, into work: inout Work) {
        state.withLock { state in
            state.pending -= settled
            state.isAwake = true
            swap(&state.work, &work)
        }
    }

    /// Whether the thread may sleep: nothing has come since it last took. From then on a task wakes it.
    func trySleep(settled: Int, health: PostgresHealth) -> Bool {
        state.withLock { state in
            state.pending -= settled
            state.health = health
            let isEmpty =
                state.work.requests.isEmpty && state.work.commands.isEmpty && state.work.jobs.isEmpty
                && !state.work.isStopping
            state.isAwake = !isEmpty
            return isEmpty
        }
    }

    /// Takes the wake-up back.
    func drainWake() {
        linux_eventfd_drain(wakeDescriptor)
    }

    /// The thread ends: hands out what is left, and wakes those who wait for it.
    func finish() -> Work {
        let (work, waiters) = state.withLock { state in
            state.phase = .stopped
            state.pending = 0
            state.health = PostgresHealth(
                opened: state.health.opened, lastFailure: state.health.lastFailure)
            return (exchange(&state.work, with: Work()), exchange(&state.stopWaiters, with: []))
        }
        waiters.forEach { $0.resume() }
        return work
    }

    private func exchange<Value>(_ place: inout Value, with value: Value) -> Value {
        let old = place
        place = value
        return old
    }
}
