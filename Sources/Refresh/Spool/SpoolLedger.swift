internal import Synchronization

/// What is in the spool and what is promised, shared by the tasks that reserve and the thread that writes.
final class SpoolLedger: Sendable {
    private enum Promise {
        case free
        /// An append has taken it and is not settled yet.
        case used
    }

    /// What the thread tells after each turn.
    struct Figures: Sendable {
        var pendingRecords = 0
        var diskBytes = 0
        var oldestSince: ContinuousClock.Instant?
        var isUsable = true
        var adoptedRecords = 0
        var damagedRecords = 0
        var unreadableSets = 0
        var appended = 0
        var syncs = 0
        var diskFailures = 0
    }

    private struct State {
        var figures = Figures()
        var promises: [UInt64: Promise] = [:]
        var lastID: UInt64 = 0
        var isClosed = false
    }

    private let limits: SpoolLimits
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    init(limits: SpoolLimits, now: @escaping @Sendable () -> ContinuousClock.Instant) {
        self.limits = limits
        self.now = now
    }

    func reserve() throws(SpoolError) -> SpoolReservation {
        try state.withLock { state throws(SpoolError) in
            guard !state.isClosed else { throw .closed }
            guard state.figures.isUsable else { throw .unusable }
            let promised = state.promises.count
            guard state.figures.pendingRecords + promised < limits.maxRecords,
                state.figures.diskBytes + (promised + 1) * limits.maxAnswerBytes <= limits.maxBytes
            else { throw .full }
            state.lastID += 1
            state.promises[state.lastID] = .free
            return SpoolReservation(id: state.lastID)
        }
    }

    /// Gives a reservation back; one that an append has taken is not its caller's any more.
    func cancel(_ reservation: SpoolReservation) {
        state.withLock { state in
            if case .free = state.promises[reservation.id] { state.promises[reservation.id] = nil }
        }
    }

    /// Takes a reservation for an append.
    ///
    /// - Throws: `.full` for one that was used or cancelled already; `.closed`.
    func use(_ reservation: SpoolReservation) throws(SpoolError) {
        try state.withLock { state throws(SpoolError) in
            guard !state.isClosed else { throw .closed }
            guard case .free = state.promises[reservation.id] else { throw .full }
            state.promises[reservation.id] = .used
        }
    }

    /// Before anybody is told: so that who has its answer stored sees it counted.
    func publish(_ figures: Figures, settling settled: [SpoolReservation]) {
        state.withLock { state in
            state.figures = figures
            for reservation in settled { state.promises[reservation.id] = nil }
        }
    }

    /// The thread has not come back in time; its next turn says how the disk is.
    func markStuck() {
        state.withLock { $0.figures.isUsable = false }
    }

    func close() {
        state.withLock { $0.isClosed = true }
    }

    var status: SpoolStatus {
        let now = now()
        return state.withLock { state in
            let figures = state.figures
            var status = SpoolStatus(limits: limits)
            status.pendingRecords = figures.pendingRecords
            status.diskBytes = figures.diskBytes
            status.reservations = state.promises.count
            status.oldestAge = figures.oldestSince.map { now - $0 }
            status.isUsable = figures.isUsable && !state.isClosed
            status.adoptedRecords = figures.adoptedRecords
            status.damagedRecords = figures.damagedRecords
            status.unreadableSets = figures.unreadableSets
            status.appended = figures.appended
            status.syncs = figures.syncs
            status.diskFailures = figures.diskFailures
            return status
        }
    }
}
