internal import Domain
internal import Sodium

/// The files of one set, and which answers in them still wait: what is written where, what can go, what is worth moving.
/// Belongs to the spool's thread.
struct SpoolSegments {
    private struct Segment {
        let file: DiskHandle
        /// Written so far.
        var bytes: Int
        var liveRecords = 0
        var liveBytes = 0
    }

    private struct Entry {
        var segment: UInt32
        var offset: Int
        let length: Int
        let since: ContinuousClock.Instant
    }

    /// An answer within the bytes of one write.
    struct Written {
        let sequence: UInt64
        let range: Range<Int>
        let since: ContinuousClock.Instant
    }

    private let folder: SpoolFolder
    private let disk: any SpoolDisk
    private let segmentBytes: Int
    private let head: @Sendable (UInt32) -> [UInt8]?
    private var segments: [UInt32: Segment] = [:]
    private var live: [UInt64: Entry] = [:]
    /// The one that is written to; nil after a failure.
    private(set) var active: UInt32?
    private var lastNumber: UInt32 = 0
    /// Not above the lowest sequence number that is live.
    private var lowest: UInt64 = 1

    /// - Parameter head: makes the head of the file with that number.
    init(
        in folder: SpoolFolder, disk: any SpoolDisk, segmentBytes: Int, head: @escaping @Sendable (UInt32) -> [UInt8]?
    ) {
        self.folder = folder
        self.disk = disk
        self.segmentBytes = segmentBytes
        self.head = head
    }

    var liveRecords: Int { live.count }
    var bytes: Int { segments.values.reduce(0) { $0 + $1.bytes } }

    /// When the oldest live answer came.
    mutating func oldestSince() -> ContinuousClock.Instant? {
        guard !live.isEmpty else { return nil }
        while live[lowest] == nil { lowest += 1 }
        return live[lowest]?.since
    }

    /// Whether the active file takes so many bytes more; an empty one takes everything.
    func hasRoom(for count: Int) -> Bool {
        guard let active, let segment = segments[active] else { return false }
        return segment.bytes == SegmentHeader.length || segment.bytes + count <= segmentBytes
    }

    /// Makes the next file and writes to that from now on; durable, its name included, on return. The set is never without
    /// one, because the head says whose it is.
    mutating func roll() throws(DiskError) {
        let number = lastNumber + 1
        let name = SpoolFolder.segmentName(number)
        active = nil
        // A head that doesn't fit was refused when the spool was opened.
        guard let head = head(number) else { throw DiskError(code: 0) }
        let file = try disk.create(name, in: folder.handle, room: segmentBytes)
        lastNumber = number
        do throws(DiskError) {
            try disk.write(head, to: file)
            try disk.sync(file)
            try disk.syncFolder(folder.handle)
        } catch {
            disk.remove(name, in: folder.handle)
            throw error
        }
        segments[number] = Segment(file: file, bytes: head.count)
        active = number
        sweep()
    }

    /// Writes to the active file; after an error no file is active, because nobody knows what it holds.
    mutating func write(_ bytes: [UInt8], _ answers: [Written]) throws(DiskError) {
        guard let active, var segment = segments[active] else { throw DiskError(code: 0) }
        self.active = nil
        let start = segment.bytes
        // Counted whether or not it succeeds: the bytes may be there.
        segment.bytes += bytes.count
        segments[active] = segment
        try disk.write(bytes, to: segment.file)
        if !answers.isEmpty { try disk.sync(segment.file) }
        for answer in answers {
            live[answer.sequence] = Entry(
                segment: active, offset: start + answer.range.lowerBound, length: answer.range.count,
                since: answer.since)
            segment.liveRecords += 1
            segment.liveBytes += answer.range.count
        }
        segments[active] = segment
        self.active = active
    }

    /// False for an answer that isn't there (any more).
    mutating func drop(_ sequence: UInt64) -> Bool {
        guard let entry = live.removeValue(forKey: sequence) else { return false }
        segments[entry.segment]?.liveRecords -= 1
        segments[entry.segment]?.liveBytes -= entry.length
        return true
    }

    /// Unlinks the files that hold nothing that waits. No sync: one that comes back after a loss of power only leads to
    /// writes that the database refuses.
    mutating func sweep() {
        guard active != nil else { return }
        for (number, segment) in segments where number != active && segment.liveRecords == 0 {
            disk.remove(SpoolFolder.segmentName(number), in: folder.handle)
            segments[number] = nil
        }
    }

    /// Whether the active file is half full of what nobody needs.
    var isStale: Bool {
        guard let active, let segment = segments[active] else { return false }
        return segment.liveRecords == 0 && segment.bytes - SegmentHeader.length >= segmentBytes / 2
    }

    /// Moves answers out of files that are nearly empty, so that a few which wait long don't keep whole files.
    mutating func compact() throws(DiskError) {
        guard segments.count > 2 else { return }
        let sparse = segments.filter { $0.key != active && $0.value.liveBytes * 4 <= $0.value.bytes }.keys.sorted()
        for number in sparse {
            guard let segment = segments[number], hasRoom(for: segment.liveBytes) else { continue }
            try move(segment.file, live.filter { $0.value.segment == number })
        }
        sweep()
    }

    private mutating func move(_ file: DiskHandle, _ entries: [UInt64: Entry]) throws(DiskError) {
        var bytes: [UInt8] = []
        var answers: [Written] = []
        for (sequence, entry) in entries.sorted(by: { $0.key < $1.key }) {
            // What can't be read stays where it is.
            guard let frame = try? disk.read(file, at: entry.offset, count: entry.length) else { return }
            answers.append(
                Written(sequence: sequence, range: bytes.count..<bytes.count + frame.count, since: entry.since))
            bytes += frame
        }
        guard !answers.isEmpty else { return }
        let before = entries.compactMapValues { $0.segment }
        try write(bytes, answers)
        for (sequence, number) in before {
            segments[number]?.liveRecords -= 1
            segments[number]?.liveBytes -= entries[sequence]?.length ?? 0
        }
    }
}
