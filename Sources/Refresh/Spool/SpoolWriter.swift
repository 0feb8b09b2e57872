internal import Logging
internal import Observability
internal import Sodium

/// Writes answers and removals, many with one sync. Belongs to the spool's thread.
final class SpoolWriter {
    private struct Batch {
        var bytes: [UInt8] = []
        var answers: [SpoolSegments.Written] = []
        var appends: [SpoolQueue.Append] = []
    }

    let adopter: SpoolAdopter
    private let set: OwnSet
    private let limits: SpoolLimits
    private let queue: SpoolQueue
    private let ledger: SpoolLedger
    private let logger: Logger
    private var segments: SpoolSegments
    private var lastSequence: UInt64 = 0
    private var figures = SpoolLedger.Figures()
    private var settlements: [(append: SpoolQueue.Append, answer: SpoolWaiter.Answer)] = []

    /// - Throws: where the first file can't be made; the set's folder is gone then.
    init(
        _ set: OwnSet, limits: SpoolLimits, disk: any SpoolDisk, queue: SpoolQueue, ledger: SpoolLedger, logger: Logger
    ) throws(DiskError) {
        self.set = set
        self.limits = limits
        self.queue = queue
        self.ledger = ledger
        self.logger = logger
        adopter = SpoolAdopter(root: set.root, own: set.name.text, logger: logger)
        segments = SpoolSegments(in: set.folder, disk: disk, segmentBytes: limits.segmentBytes, head: set.head)
        do throws(DiskError) {
            try segments.roll()
        } catch {
            set.root.removeSet(set.name.text, set.folder)
            throw error
        }
        publish()
    }

    /// Works until it is told to stop.
    func run() {
        while true {
            let work = queue.take(waiting: figures.isUsable ? nil : limits.retryInterval)
            write(work)
            guard !work.isStopping else { return close(work) }
            for job in work.jobs { job(self) }
            // A job may have changed what is adopted.
            if !work.jobs.isEmpty { publish() }
        }
    }

    var isUsable: Bool { figures.isUsable }

    private func write(_ work: SpoolQueue.Work) {
        if segments.active == nil { rollOver() }
        let done = remove(work.removals)
        var batch = Batch()
        for append in work.appends { add(append, to: &batch) }
        // Without a file to write to, removals aren't worth one: what comes back is refused by the database.
        if !done.isEmpty, segments.active != nil || !batch.appends.isEmpty { add(removalOf: done, to: &batch) }
        flush(&batch)
        maintain()
        publish()
    }

    // MARK: Records

    private func add(_ append: SpoolQueue.Append, to batch: inout Batch) {
        lastSequence += 1
        let plaintext = append.answer.encoded()
        let length = plaintext.count + FrameHead.length + XChaCha20Poly1305.tagLength
        guard length <= limits.maxAnswerBytes, let frame = set.cipher.seal(plaintext, .answer, sequence: lastSequence)
        else {
            settlements.append((append, .failure(.full)))
            return
        }
        flushIfFull(&batch, for: frame.count)
        batch.answers.append(
            SpoolSegments.Written(
                sequence: lastSequence, range: batch.bytes.count..<batch.bytes.count + frame.count,
                since: append.waiter.since))
        batch.bytes += frame
        batch.appends.append(append)
    }

    private func add(removalOf sequences: [UInt64], to batch: inout Batch) {
        lastSequence += 1
        let plaintext = SecretBytes(copying: sequences.flatMap { BigEndian.bytes($0) })
        guard let frame = set.cipher.seal(plaintext, .removal, sequence: lastSequence) else { return }
        flushIfFull(&batch, for: frame.count)
        batch.bytes += frame
    }

    private func remove(_ tickets: [SpoolTicket]) -> [UInt64] {
        tickets.compactMap { ticket in
            guard ticket.set == 0 else {
                adopter.remove(ticket)
                return nil
            }
            return segments.drop(ticket.sequence) ? ticket.sequence : nil
        }
    }

    // MARK: Files

    private func flushIfFull(_ batch: inout Batch, for count: Int) {
        guard segments.active != nil, !segments.hasRoom(for: batch.bytes.count + count) else { return }
        flush(&batch)
        if segments.active != nil, !segments.hasRoom(for: count) { rollOver() }
    }

    /// Writes a batch. What one file refuses another may take, and no answer comes twice: so it is tried once more.
    private func flush(_ batch: inout Batch) {
        guard !batch.bytes.isEmpty else { return }
        defer { batch = Batch() }
        if tryWriting(batch) { return }
        rollOver()
        if tryWriting(batch) { return }
        for append in batch.appends { settlements.append((append, .failure(.unusable))) }
    }

    private func tryWriting(_ batch: Batch) -> Bool {
        guard segments.active != nil else { return false }
        do throws(DiskError) {
            try segments.write(batch.bytes, batch.answers)
        } catch {
            fail(error)
            return false
        }
        if !batch.answers.isEmpty {
            figures.syncs += 1
            succeed()
        }
        figures.appended += batch.answers.count
        for (append, answer) in zip(batch.appends, batch.answers) {
            settlements.append((append, .success(SpoolTicket(set: 0, sequence: answer.sequence))))
        }
        return true
    }

    private func rollOver() {
        do throws(DiskError) {
            try segments.roll()
            succeed()
            try segments.compact()
        } catch {
            fail(error)
        }
    }

    private func maintain() {
        if segments.isStale { rollOver() }
        segments.sweep()
    }

    private func fail(_ error: DiskError) {
        figures.diskFailures += 1
        if figures.isUsable {
            logger.error(
                "the refresh spool cannot write; what cannot be obtained again is not asked for until it can",
                metadata: .facts([.code: String(error.code)]))
        }
        figures.isUsable = false
    }

    private func succeed() {
        if !figures.isUsable { logger.notice("the refresh spool can write again") }
        figures.isUsable = true
    }

    // MARK: Telling

    private func publish() {
        figures.pendingRecords = segments.liveRecords
        figures.diskBytes = segments.bytes
        figures.oldestSince = segments.oldestSince()
        figures.adoptedRecords = adopter.records
        figures.damagedRecords = adopter.damaged
        figures.unreadableSets = adopter.unreadable
        ledger.publish(figures, settling: settlements.map(\.append.reservation))
        for (append, answer) in settlements {
            // Whoever was told that its time was up has no ticket to remove it by.
            if !queue.settle(append, answer), case .success(let ticket) = answer { queue.add(ticket) }
        }
        settlements = []
    }

    /// What still waits stays for whoever adopts it; an empty set goes.
    private func close(_ work: SpoolQueue.Work) {
        let rest = queue.beginEnd()
        _ = remove(rest.removals)
        if segments.liveRecords == 0 { set.root.removeSet(set.name.text, set.folder) }
        publish()
        set.folder.unlock()
        adopter.release()
        for append in rest.appends { _ = queue.settle(append, .failure(.closed)) }
        for job in work.jobs + rest.jobs + queue.end().jobs { job(nil) }
    }
}
