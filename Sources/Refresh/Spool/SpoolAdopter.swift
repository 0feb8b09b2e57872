internal import Domain
internal import Logging
internal import Observability
internal import Sodium

/// Takes over the sets of instances that ended. Belongs to the spool's thread.
final class SpoolAdopter {
    /// A set whose lock was free and is ours now.
    struct Candidate: Sendable {
        let name: SpoolSetName
        let folder: SpoolFolder
        /// Of its files, those that can be read; with the first whose key opens the set is read.
        let heads: [SegmentHeader]
    }

    enum Step: Sendable {
        case portion(AdoptedSpool)
        /// To be gone on with by ``read(_:key:)``.
        case locked(Candidate)
        case nothing
    }

    /// A set that was read. Holds its lock.
    private final class Taken {
        let name: SpoolSetName
        let folder: SpoolFolder
        let owner: InstanceID
        let cipher: SpoolCipher
        /// To be handed out still, last one first.
        var frames: [(sequence: UInt64, bytes: [UInt8])] = []
        /// Handed out and not removed.
        var pending: Set<UInt64> = []
        var damaged = 0

        init(_ candidate: Candidate, owner: InstanceID, cipher: SpoolCipher) {
            name = candidate.name
            folder = candidate.folder
            self.owner = owner
            self.cipher = cipher
        }
    }

    /// No file that the spool writes is longer.
    private static let maxSegmentBytes = 128 << 20

    private let root: SpoolFolder
    private let own: String
    private let logger: Logger
    private var taken: [UInt64: Taken] = [:]
    private var lastSet: UInt64 = 0
    /// The set whose answers are being handed out.
    private var current: UInt64?
    /// Looked at in this round.
    private var seen: Set<String> = []
    /// Unreadable ones that were told of.
    private var reported: Set<String> = []

    private(set) var damaged = 0
    private(set) var unreadable = 0
    var records: Int { taken.values.reduce(0) { $0 + $1.pending.count + $1.frames.count } }

    init(root: SpoolFolder, own: String, logger: Logger) {
        self.root = root
        self.own = own
        self.logger = logger
    }

    /// From now on every set is looked at once more.
    func beginRound() { seen = [] }

    /// The next thing to do: hand out what is there, or take the next set.
    func step(limit: Int) -> Step {
        if let number = current, let set = taken[number] { return .portion(handOut(set, number, limit)) }
        for name in root.sets() where !name.isDamaged && name.text != own && !seen.contains(name.text) {
            guard let folder = root.takeSet(name.text) else { continue }
            seen.insert(name.text)
            var heads: [SegmentHeader] = []
            var isEmpty = true
            for file in folder.segments() {
                do throws(SegmentHeader.ParsingError) {
                    // A file that can't be read at all is told of when the set is.
                    let bytes = folder.read(file, maxBytes: SegmentHeader.length)
                    heads.append(try SegmentHeader(parsing: bytes ?? []))
                } catch {
                    if error == .torn, file.bytes < SegmentHeader.length { continue }
                }
                isEmpty = false
            }
            // Its owner ended before it had made its first file.
            if isEmpty {
                root.removeSet(name.text, folder)
                continue
            }
            return .locked(Candidate(name: name, folder: folder, heads: heads))
        }
        return .nothing
    }

    /// Reads a set.
    ///
    /// - Parameter key: nil where none of its heads could be unwrapped: then the set stays as it is.
    /// - Returns: nil for an unreadable set that was told of before; otherwise its first answers.
    func read(_ candidate: Candidate, key: SecretBytes?, limit: Int) -> AdoptedSpool? {
        let files = candidate.folder.segments()
        guard let key, let head = authenticHead(of: candidate, files, key) else { return refuse(candidate) }
        let cipher = SpoolCipher(key: key, setID: head.setID, instance: head.instance)
        let set = Taken(candidate, owner: head.instance, cipher: cipher)
        read(files, into: set, head, key)
        damaged += set.damaged
        if set.damaged > 0 {
            logger.error(
                "a refresh spool holds records that cannot be read; it is set aside when the others are written",
                metadata: .facts([.instance: "\(set.owner)", .count: String(set.damaged)]))
        }
        lastSet += 1
        taken[lastSet] = set
        current = lastSet
        return handOut(set, lastSet, limit)
    }

    func remove(_ ticket: SpoolTicket) {
        guard let set = taken[ticket.set], set.pending.remove(ticket.sequence) != nil else { return }
        endIfDone(set, ticket.set)
    }

    /// Leaves what is not removed yet to whoever comes next.
    func release() {
        for set in taken.values { set.folder.unlock() }
        taken = [:]
        current = nil
    }

    // MARK: Reading

    private func authenticHead(
        of candidate: Candidate, _ files: [SpoolFolder.SegmentFile], _ key: SecretBytes
    ) -> SegmentHeader? {
        for file in files {
            guard let bytes = candidate.folder.read(file, maxBytes: SegmentHeader.length),
                SegmentHeader.isAuthentic(bytes, key: key)
            else { continue }
            // An authentic head is one that was written whole.
            return try? SegmentHeader(parsing: bytes)
        }
        return nil
    }

    private func read(
        _ files: [SpoolFolder.SegmentFile], into set: Taken, _ head: SegmentHeader, _ key: SecretBytes
    ) {
        var frames: [UInt64: [UInt8]] = [:]
        var removed: Set<UInt64> = []
        for file in files where file.bytes >= SegmentHeader.length {
            guard file.bytes <= Self.maxSegmentBytes, let bytes = set.folder.read(file, maxBytes: file.bytes),
                SegmentHeader.isAuthentic(bytes, key: key), let own = try? SegmentHeader(parsing: bytes),
                own.setID == head.setID, own.instance == head.instance, own.number == file.number
            else {
                set.damaged += 1
                continue
            }
            let scan = SegmentScan(bytes, from: SegmentHeader.length, cipher: set.cipher)
            set.damaged += scan.damaged
            removed.formUnion(scan.removed)
            for frame in scan.answers { frames[frame.sequence] = Array(bytes[frame.range]) }
        }
        set.frames = frames.filter { !removed.contains($0.key) }.sorted { $0.key > $1.key }
            .map { (sequence: $0.key, bytes: $0.value) }
    }

    private func refuse(_ candidate: Candidate) -> AdoptedSpool? {
        guard reported.insert(candidate.name.text).inserted else { return nil }
        unreadable += 1
        logger.error(
            "a refresh spool cannot be opened: its root key is missing or its files are damaged; it is left as it is",
            metadata: .facts([.instance: "\(candidate.name.owner)"]))
        return AdoptedSpool(owner: candidate.name.owner, answers: [], isWhole: false)
    }

    // MARK: Handing out

    private func handOut(_ set: Taken, _ number: UInt64, _ limit: Int) -> AdoptedSpool {
        var answers: [(ticket: SpoolTicket, answer: SpooledAnswer)] = []
        while answers.count < limit, let frame = set.frames.popLast() {
            // All of them opened a moment ago.
            guard case .complete(let head) = FrameHead.parse(frame.bytes, at: 0),
                let plaintext = set.cipher.open(frame.bytes[...], head),
                let answer = try? SpooledAnswer(decoding: plaintext)
            else { continue }
            set.pending.insert(frame.sequence)
            answers.append((SpoolTicket(set: number, sequence: frame.sequence), answer))
        }
        if set.frames.isEmpty { current = nil }
        endIfDone(set, number)
        return AdoptedSpool(
            owner: set.owner, answers: answers, isWhole: set.frames.isEmpty && set.damaged == 0)
    }

    private func endIfDone(_ set: Taken, _ number: UInt64) {
        guard set.pending.isEmpty, set.frames.isEmpty else { return }
        if set.damaged == 0 {
            root.removeSet(set.name.text, set.folder)
        } else {
            root.rename(set.name.text, to: set.name.setAside)
        }
        taken[number] = nil
    }
}
