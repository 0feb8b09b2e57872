internal import Connections
internal import Domain
internal import Synchronization

/// When this instance may take over what another one left without a word.
///
/// The wait for an unresolved attempt is meant for its owner to write what it received. While the database was away nobody
/// could, so that time doesn't count: an instance takes over only what it could have seen written, by having had answers of
/// the database during the whole wait. One that was out of touch, has just begun, or heard nothing for half of the wait (it
/// was stopped, say, and missed the database's absence) waits the whole time anew. An instance whose spool has been read to
/// its end, and written, has nothing left to say.
final class TakeoverGuard: Sendable {
    private struct State {
        /// The first answer after the last silence; nil while there is none.
        var inTouchSince: ContinuousClock.Instant?
        var heardAt: ContinuousClock.Instant?
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
        state = Mutex(State())
    }

    /// Until the database has been silent for so long that it is to be asked for no other reason.
    func sleepUntilSilent() async throws {
        let allowed = max(settings.unresolvedWait / 6, .seconds(1))
        var end = clock.now.advanced(by: allowed)
        while clock.now < end {
            try await clock.sleep(until: end, tolerance: nil)
            if let heardAt = state.withLock({ $0.heardAt }) { end = heardAt.advanced(by: allowed) }
        }
    }

    /// The database answered.
    func touched() {
        let now = clock.now
        state.withLock { state in
            if !isUnbroken(state, now) { state.inTouchSince = now }
            state.heardAt = now
        }
    }

    /// The database was away, or its notifications were.
    func lostTouch() { state.withLock { $0.inTouchSince = nil } }

    private func isUnbroken(_ state: State, _ now: ContinuousClock.Instant) -> Bool {
        guard state.inTouchSince != nil, let heardAt = state.heardAt else { return false }
        return now - heardAt <= settings.unresolvedWait / 2
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
        var (since, ended) = state.withLock { (isUnbroken($0, now) ? $0.inTouchSince : nil, $0.ended) }
        if let owner { ended = ended.suffix(Self.maxEnded - 1) + [owner] }
        return LeaseTerms(
            owner: instance, duration: settings.leaseDuration,
            unresolvedWait: since.map { now - $0 >= settings.unresolvedWait } ?? false ? settings.unresolvedWait : nil,
            ended: ended,
            maxAttemptsPerHour: settings.maxAttemptsPerHour)
    }
}
