package import Domain
package import Logging
internal import Sodium
internal import Synchronization
package import Vault

/// Keeps answers of token endpoints that can't be had again safe on the local disk, from their arrival until the database
/// has them.
///
/// Room is reserved before a request is sent; its answer is appended, which returns when it is durable; once the database
/// has it, it is removed. What a process leaves behind, however it ended, another one adopts, on start or later.
///
/// Each process has a folder of its own in the directory, locked (`flock`) as long as it lives, so a local file system is
/// needed. The folder holds files of a few MiB; every record in them is sealed with a random key that the active root key
/// wraps. An adversary who may write there can take answers away, which costs a grant, but never put one in.
///
/// One thread does all the work on files, and many appends share a sync.
package final class RefreshSpool: Sendable {
    private let roots: RootKeys
    private let queue: SpoolQueue
    private let ledger: SpoolLedger
    private let now: @Sendable () -> ContinuousClock.Instant
    private let isAdopting = Atomic<Bool>(false)

    private init(
        roots: RootKeys, queue: SpoolQueue, ledger: SpoolLedger, now: @escaping @Sendable () -> ContinuousClock.Instant
    ) {
        self.roots = roots
        self.queue = queue
        self.ledger = ledger
        self.now = now
    }

    deinit { queue.stop() }

    /// Makes this instance's set and starts the spool's thread, which ends with ``close()``.
    ///
    /// - Parameters:
    ///   - directory: made with mode 0700 if it is missing and its parent isn't; shared by all instances of this machine.
    ///   - disk: what is written goes this way.
    ///   - now: tells ages alone.
    package static func open(
        directory: String, instance: InstanceID, roots: RootKeys, limits: SpoolLimits = SpoolLimits(),
        logger: Logger, disk: any SpoolDisk = SystemDisk(),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) async throws(SpoolOpenError) -> RefreshSpool {
        let key = SecretBytes.random(count: 32)
        let wrappedKey: [UInt8]
        do throws(VaultError) {
            wrappedKey = try await roots.active.wrap(key, for: .refreshSpool)
        } catch {
            throw .rootKey
        }
        let ledger = SpoolLedger(limits: limits, now: now)
        let queue = SpoolQueue(appendTimeout: limits.appendTimeout, ledger: ledger)
        let rootID = roots.active.id
        let opened: Result<Void, SpoolOpenError> = await withCheckedContinuation { continuation in
            let isStarted = SpoolThread.start {
                do throws(SpoolOpenError) {
                    let root = try SpoolFolder(directory: directory, creating: true)
                    let set = try OwnSet(
                        in: root, instance: instance, key: key, rootID: rootID, wrappedKey: wrappedKey)
                    let writer = try Self.writer(set, limits, disk, queue, ledger, logger)
                    continuation.resume(returning: .success(()))
                    writer.run()
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
            if !isStarted { continuation.resume(returning: .failure(.noThread)) }
        }
        try opened.get()
        return RefreshSpool(roots: roots, queue: queue, ledger: ledger, now: now)
    }

    private static func writer(
        _ set: OwnSet, _ limits: SpoolLimits, _ disk: any SpoolDisk, _ queue: SpoolQueue, _ ledger: SpoolLedger,
        _ logger: Logger
    ) throws(SpoolOpenError) -> SpoolWriter {
        do throws(DiskError) {
            return try SpoolWriter(set, limits: limits, disk: disk, queue: queue, ledger: ledger, logger: logger)
        } catch {
            throw .refused(code: error.code)
        }
    }

    // MARK: Answers

    /// Sets room aside for one answer, before the request that it answers is sent. Use it up or cancel it.
    package func reserve() throws(SpoolError) -> SpoolReservation { try ledger.reserve() }

    /// Gives back what no answer came for. Of no effect on a reservation that was used.
    package func cancel(_ reservation: SpoolReservation) { ledger.cancel(reservation) }

    /// Stores an answer; it survives the process and a loss of power once this returns. The reservation is used up, whether
    /// or not it throws. Cancelling the task changes nothing.
    ///
    /// - Throws: `.unusable` where the disk refused, or did not answer within ``SpoolLimits/appendTimeout``; `.full` for an
    ///   answer longer than a reservation, or a reservation that was used or cancelled before; `.closed`.
    package func append(
        _ answer: SpooledAnswer, _ reservation: SpoolReservation
    ) async throws(SpoolError) -> SpoolTicket {
        try ledger.use(reservation)
        let waiter = SpoolWaiter(since: now())
        queue.add(SpoolQueue.Append(answer: answer, reservation: reservation, waiter: waiter))
        return try await waiter.wait().get()
    }

    /// The database has it, or will never take it. Lazy: after a crash it may come back once more, to be refused by fence and
    /// version.
    package func remove(_ ticket: SpoolTicket) { queue.add(ticket) }

    // MARK: What others left

    /// Takes over what instances that ended have left in the directory; call until it returns nothing. Sets of instances
    /// that live, on whatever version, are locked and not touched.
    ///
    /// A set whose last answer is removed goes. One with damaged records is set aside then, under a name with `damaged-` in
    /// front, for an operator; one that can't be opened at all stays, is told of once and tried again in the next round.
    ///
    /// One caller at a time; a second one is told that there is nothing.
    /// - Parameter limit: at most about so many answers at once: they stand in secret memory.
    package func adopt(limit: Int = 1_024) async -> [AdoptedSpool] {
        guard !isAdopting.exchange(true, ordering: .acquiring) else { return [] }
        defer { isAdopting.store(false, ordering: .releasing) }
        await perform { writer in writer.adopter.beginRound() }
        var portions: [AdoptedSpool] = []
        var room = max(limit, 1)
        while room > 0, let step = await perform({ [room] in $0.adopter.step(limit: room) }) {
            let portion: AdoptedSpool?
            switch step {
            case .nothing: return portions
            case .portion(let next): portion = next
            case .locked(let candidate):
                let key = await unwrap(candidate)
                portion = await perform { [room] in $0.adopter.read(candidate, key: key, limit: room) } ?? nil
            }
            if let portion {
                portions.append(portion)
                room -= max(portion.answers.count, 1)
            }
        }
        return portions
    }

    private func unwrap(_ candidate: SpoolAdopter.Candidate) async -> SecretBytes? {
        var tried: Set<[UInt8]> = []
        for head in candidate.heads where tried.insert(head.wrappedKey).inserted {
            // Why it does not open changes nothing: the set stays until it does.
            if let root = try? roots.provider(head.rootID),
                let key = try? await root.unwrap(head.wrappedKey, for: .refreshSpool), key.count == 32
            {
                return key
            }
        }
        return nil
    }

    // MARK: State

    package var status: SpoolStatus { ledger.status }

    /// Tries a disk that failed now, without waiting for the next time; whether the spool is usable.
    @discardableResult
    package func probe() async -> Bool {
        await perform { $0.isUsable } ?? false
    }

    /// Writes what was appended, refuses what comes after, and ends the thread. Answers that still wait stay on the disk,
    /// for this machine's next instance.
    package func close() async {
        ledger.close()
        queue.stop()
        await perform { _ in }
    }

    /// Runs on the spool's thread; nil where that has ended.
    @discardableResult
    private func perform<Value: Sendable>(_ body: @escaping @Sendable (SpoolWriter) -> Value) async -> Value? {
        await withCheckedContinuation { continuation in
            queue.add { writer in continuation.resume(returning: writer.map(body)) }
        }
    }
}
