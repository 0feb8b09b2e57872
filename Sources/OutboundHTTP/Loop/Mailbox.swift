internal import CCurl
internal import Domain
internal import Synchronization

enum LoopCommand: Sendable {
    case begin(Exchange)
    case cancel(Exchange)
    /// A paused direction of the transfer may go on.
    case resume(Exchange)
    /// Begin nothing more; end what is left at that instant.
    case stop(ContinuousClock.Instant)
}

/// Commands to the loop's thread, and the count of exchanges that it has not ended.
///
/// Bounded by admission: an exchange has one `begin`, and each of its other commands waits for an event of its own.
// Safe: the descriptor is opened and closed here alone, and closed only when nobody can signal it any more.
final class Mailbox: Sendable {
    private struct State {
        var commands: [LoopCommand] = []
        var outstanding = 0
        /// Begins are taken: from the start to the first stop.
        var isAccepting = false
        /// A stop was posted; it may come before the start is through.
        var isStopping = false
        /// The loop is gone; nobody reads.
        var isClosed = false
    }

    /// Readable while commands wait.
    let wakeDescriptor: Int32
    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) throws(CurlClientError) {
        wakeDescriptor = sp_eventfd_create()
        guard wakeDescriptor >= 0 else { throw .systemResources(-wakeDescriptor) }
        self.capacity = capacity
    }

    deinit { sp_close(wakeDescriptor) }

    /// - Throws: `.overloaded` at the bound, before the start and from the first stop on.
    func admit(_ exchange: Exchange) throws(OutboundError) {
        let isAdmitted = state.withLock { state in
            guard state.isAccepting, state.outstanding < capacity else { return false }
            state.outstanding += 1
            state.commands.append(.begin(exchange))
            return true
        }
        guard isAdmitted else { throw .overloaded }
        sp_eventfd_signal(wakeDescriptor)
    }

    /// Begins are taken from now on, unless it was stopped already: nobody would end them.
    func open() { state.withLock { $0.isAccepting = !$0.isStopping } }

    /// Every admitted exchange leaves once.
    func leave() {
        state.withLock { $0.outstanding -= 1 }
    }

    /// Dropped where the loop is gone: it has ended everything then.
    func post(_ command: LoopCommand) {
        let isPosted = state.withLock { state in
            guard !state.isClosed else { return false }
            if case .stop = command {
                state.isStopping = true
                state.isAccepting = false
            }
            state.commands.append(command)
            return true
        }
        if isPosted { sp_eventfd_signal(wakeDescriptor) }
    }

    /// Ends an exchange at its caller's wish, before it begins or while it is under way.
    func cancel(_ exchange: Exchange) {
        exchange.markCancelled()
        post(.cancel(exchange))
    }

    /// For the loop alone.
    func take() -> [LoopCommand] {
        state.withLock { state in
            let commands = state.commands
            state.commands = []
            return commands
        }
    }

    /// For the loop alone, as its last act: what is returned must still be ended.
    func close() -> [LoopCommand] {
        state.withLock { state in
            state.isClosed = true
            state.isStopping = true
            state.isAccepting = false
            let commands = state.commands
            state.commands = []
            return commands
        }
    }
}
