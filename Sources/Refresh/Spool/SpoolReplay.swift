internal import Connections
internal import Domain
internal import Logging
internal import Observability
internal import Synchronization

/// Writes to the database what was received and could not be written: by flights that gave up, and by instances that are gone.
final class SpoolReplay: Sendable {
    /// Between two rounds while something waits.
    private static let pause = Duration.seconds(1)
    /// Between two looks for what other instances left.
    private static let adoptionInterval = Duration.seconds(15)
    /// Answers that are written at the same time.
    private static let width = 64
    /// What nobody but an operator can get written is tried again after so long.
    private static let refusedPause = Duration.seconds(60)
    /// While so many wait, no more are taken into memory: on the disk they are safe, and their owners' rows are left alone.
    private static let maxLeft = 1_024

    private struct Adopted {
        var owner: InstanceID
        var waiting: Set<ConnectionID>
        var isWhole: Bool
    }

    private let spool: RefreshSpool?
    private let pending: PendingAnswers
    private let writer: AnswerWriter
    private let takeovers: TakeoverGuard
    private let statistics: RefreshStatistics
    private let clock: any DeadlineClock
    private let logger: Logger
    private let adopted = Mutex<[Adopted]>([])
    private let resting = Mutex<[ConnectionID: ContinuousClock.Instant]>([:])

    init(
        spool: RefreshSpool?, pending: PendingAnswers, writer: AnswerWriter, takeovers: TakeoverGuard,
        statistics: RefreshStatistics, clock: any DeadlineClock, logger: Logger
    ) {
        self.spool = spool
        self.pending = pending
        self.writer = writer
        self.takeovers = takeovers
        self.statistics = statistics
        self.clock = clock
        self.logger = logger
    }

    /// Takes over what instances left that are gone, and writes it; before the first refresh begins, so that none of it is
    /// asked for anew. What can't be written now is left to ``run()``, and blocks its connection until then.
    func begin() async {
        while await adopt(), !Task.isCancelled { await writeLeft() }
    }

    /// Runs until its task is cancelled.
    func run() async {
        var adoptAt = clock.now.advanced(by: Self.adoptionInterval)
        while !Task.isCancelled {
            // It throws when the service ends.
            try? await clock.sleep(until: clock.now.advanced(by: Self.pause), tolerance: nil)
            guard !Task.isCancelled else { return }
            if clock.now >= adoptAt {
                let hasFound = await adopt()
                adoptAt = hasFound ? clock.now : clock.now.advanced(by: Self.adoptionInterval)
            }
            await writeLeft()
        }
    }

    /// True where something was found: there may be more.
    private func adopt() async -> Bool {
        guard let spool, pending.leftCount < Self.maxLeft else { return false }
        let parts = await spool.adopt()
        for part in parts {
            logger.notice(
                "taking over what an instance left",
                metadata: .facts([.instance: part.owner.description, .count: String(part.answers.count)]))
            var waiting: Set<ConnectionID> = []
            for (ticket, answer) in part.answers {
                if take(PendingAnswers.Entry(answer: answer, ticket: ticket)) { waiting.insert(answer.connectionID) }
            }
            let mine = Adopted(owner: part.owner, waiting: waiting, isWhole: part.isWhole)
            adopted.withLock { $0.append(mine) }
        }
        settleOwners()
        return !parts.isEmpty
    }

    /// Of several answers of one connection the latest counts: it was asked for with what the one before had brought, which
    /// is written therefore.
    private func take(_ entry: PendingAnswers.Entry) -> Bool {
        if let known = pending.entry(of: entry.answer.connectionID) {
            guard entry.answer.fence > known.answer.fence else {
                if let ticket = entry.ticket { spool?.remove(ticket) }
                return false
            }
            drop(known)
        }
        pending.add(entry)
        pending.leave(entry.answer.connectionID)
        return true
    }

    private func writeLeft() async {
        let left = awake(pending.left)
        guard !left.isEmpty else { return settleOwners() }
        await withTaskGroup(of: Void.self) { group in
            var waiting = left.makeIterator()
            for _ in 0..<Self.width {
                guard let entry = waiting.next() else { break }
                group.addTask { await self.write(entry) }
            }
            while await group.next() != nil {
                guard !Task.isCancelled, let entry = waiting.next() else { continue }
                group.addTask { await self.write(entry) }
            }
        }
        settleOwners()
    }

    private func write(_ entry: PendingAnswers.Entry) async {
        switch await writer.write(entry.answer) {
        case .written:
            statistics.countReplayed()
            drop(entry)
        case .superseded:
            statistics.countSuperseded()
            logger.warning(
                "a received token set came too late",
                metadata: .facts([
                    .connection: entry.answer.connectionID.description, .fence: String(entry.answer.fence),
                ]))
            drop(entry)
        case .later: break
        case .refused:
            let until = clock.now.advanced(by: Self.refusedPause)
            resting.withLock { $0[entry.answer.connectionID] = until }
        }
    }

    private func awake(_ entries: [PendingAnswers.Entry]) -> [PendingAnswers.Entry] {
        let now = clock.now
        return resting.withLock { resting in
            resting = resting.filter { $0.value > now }
            return entries.filter { resting[$0.answer.connectionID] == nil }
        }
    }

    private func drop(_ entry: PendingAnswers.Entry) {
        pending.remove(entry)
        if let ticket = entry.ticket { spool?.remove(ticket) }
    }

    /// An instance whose answers are all written has nothing left to say.
    private func settleOwners() {
        let ended = adopted.withLock { parts -> [InstanceID] in
            for index in parts.indices {
                parts[index].waiting = parts[index].waiting.filter { pending.holds($0) }
            }
            let done = parts.filter { part in
                part.isWhole && !parts.contains { $0.owner == part.owner && !$0.waiting.isEmpty }
            }
            let owners = Set(done.map(\.owner))
            parts.removeAll { owners.contains($0.owner) }
            return Array(owners)
        }
        for owner in ended { takeovers.hasEnded(owner) }
    }
}
