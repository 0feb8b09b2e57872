internal import CCurl
internal import Synchronization

enum LoopCommand: Sendable {
    case begin(TransferJob)
    /// Its caller wants no more of it.
    case cancel(TransferJob)
    /// There is room for its body again.
    case resume(TransferJob)
}

/// Commands to the loop's thread, and the number of transfers that haven't ended.
///
/// Bounded by admission: each transfer has one `begin`, and of the others as many as there were pauses and
/// cancellations.
// Safe: the descriptor is opened and closed here alone, and closed when nobody can signal it any more.
final class Mailbox: Sendable {
    private struct State {
        var commands: [LoopCommand] = []
        var outstanding = 0
        /// When what is left is ended; nil while new ones are taken.
        var stopAt: ContinuousClock.Instant?
        /// The loop is gone.
        var isClosed = false
    }

    /// Readable while something waits.
    let wakeDescriptor: Int32
    private let capacity: Int
    private let state = Mutex(State())

    init?(capacity: Int) {
        wakeDescriptor = sp_eventfd_create()
        self.capacity = capacity
        guard wakeDescriptor >= 0 else { return nil }
    }

    deinit { if wakeDescriptor >= 0 { sp_close(wakeDescriptor) } }

    /// False at the bound, and once it was stopped.
    func admit(_ job: TransferJob) -> Bool {
        let isAdmitted = state.withLock { state in
            guard state.stopAt == nil, !state.isClosed, state.outstanding < capacity else { return false }
            state.outstanding += 1
            state.commands.append(.begin(job))
            return true
        }
        if isAdmitted { sp_eventfd_signal(wakeDescriptor) }
        return isAdmitted
    }

    /// Every admitted transfer leaves once.
    func leave() { state.withLock { $0.outstanding -= 1 } }

    /// Dropped where the loop is gone: it has ended everything then.
    func post(_ command: LoopCommand) {
        let isPosted = state.withLock { state in
            if !state.isClosed { state.commands.append(command) }
            return !state.isClosed
        }
        if isPosted { sp_eventfd_signal(wakeDescriptor) }
    }

    /// The earliest instant counts.
    func stop(at instant: ContinuousClock.Instant) {
        state.withLock { state in state.stopAt = min(instant, state.stopAt ?? instant) }
        sp_eventfd_signal(wakeDescriptor)
    }

    /// For the loop alone.
    func take() -> (commands: [LoopCommand], stopAt: ContinuousClock.Instant?) {
        state.withLock { state in
            defer { state.commands = [] }
            return (state.commands, state.stopAt)
        }
    }

    /// For the thread alone, as its last act: what is returned never began.
    func close() -> [TransferJob] {
        state.withLock { state in
            state.isClosed = true
            defer { state.commands = [] }
            return state.commands.compactMap { if case .begin(let job) = $0 { job } else { nil } }
        }
    }
}
