internal import Connections
internal import Domain
internal import Synchronization

/// When this instance may take over what another one left without a word.
///
/// The wait for an unresolved attempt is meant for its owner to write what it received. While the database was away nobody
/// could, so that time doesn't count: an instance that was out of touch itself waits the whole time anew. An instance whose
/// spool has been read to its end, and written, has nothing left to say.
final class TakeoverGuard: Sendable {
    private struct State {
        var inTouchSince: ContinuousClock.Instant
        var ended: [InstanceID] = []
    }

    private static let maxEnded = 64

    private let instance: InstanceID
    private let settings: RefreshSettings
    private let clock: any DeadlineClock
    private let state: Mutex<State>

    init(instance: InstanceID, settings: RefreshSettings, clock: any DeadlineClock) {
        self.instance = instance
        self.settings = settings
        self.clock = clock
        state = Mutex(State(inTouchSince: clock.now))
    }

    /// The database was away, or its notifications were.
    func lostTouch() {
        let now = clock.now
        state.withLock { $0.inTouchSince = now }
    }

    /// Everything that an instance which is gone received is in the database.
    func hasEnded(_ owner: InstanceID) {
        state.withLock { state in
            guard !state.ended.contains(owner) else { return }
            if state.ended.count >= Self.maxEnded { state.ended.removeFirst() }
            state.ended.append(owner)
        }
    }

    var terms: LeaseTerms { terms(afterEndOf: nil) }

    /// - Parameter owner: of an answer that is in our hands: of what it left unresolved, that was the answer.
    func terms(afterEndOf owner: InstanceID?) -> LeaseTerms {
        let now = clock.now
        var (since, ended) = state.withLock { ($0.inTouchSince, $0.ended) }
        if let owner { ended = ended.suffix(Self.maxEnded - 1) + [owner] }
        return LeaseTerms(
            owner: instance, duration: settings.leaseDuration,
            unresolvedWait: now - since >= settings.unresolvedWait ? settings.unresolvedWait : nil, ended: ended,
            maxAttemptsPerHour: settings.maxAttemptsPerHour)
    }
}
