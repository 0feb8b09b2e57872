import Domain
import Sodium
import Testing

@testable import Refresh

@Suite("Reading one file of the spool, whatever became of it")
struct SegmentTests {
    private static let setID = [UInt8](repeating: 7, count: SegmentHeader.setIDLength)
    private let key = SecretBytes.random(count: 32)
    private let cipher: SpoolCipher
    private let answers: [SpooledAnswer]
    /// Four records: three answers, and the removal of one that isn't here.
    private let bytes: [UInt8]
    private let frames: [Range<Int>]

    init() throws {
        cipher = SpoolCipher(key: key, setID: Self.setID, instance: SpoolBed.instance(1))
        answers = try (1...3).map { try .test($0, isBare: $0 == 2) }
        var bytes: [UInt8] = []
        var frames: [Range<Int>] = []
        for (index, answer) in answers.enumerated() {
            let frame = try #require(cipher.seal(answer.encoded(), .answer, sequence: UInt64(index + 1)))
            frames.append(bytes.count..<bytes.count + frame.count)
            bytes += frame
        }
        let removed = SecretBytes(copying: BigEndian.bytes(UInt64(77)))
        bytes += try #require(cipher.seal(removed, .removal, sequence: 4))
        self.bytes = bytes
        self.frames = frames
    }

    /// The answers that a scan finds, opened again from where it says they lie.
    private func found(in bytes: [UInt8], _ scan: SegmentScan) throws -> [[String]] {
        try scan.answers.map { frame in
            guard case .complete(let head) = FrameHead.parse(bytes, at: frame.range.lowerBound) else { return [] }
            let plaintext = try #require(cipher.open(bytes[frame.range], head))
            return try SpooledAnswer(decoding: plaintext).facts
        }
    }

    private func scan(_ bytes: [UInt8]) -> SegmentScan { SegmentScan(bytes, from: 0, cipher: cipher) }

    @Test func `gives what was written, in order`() throws {
        let scan = scan(bytes)
        #expect(try found(in: bytes, scan) == answers.map(\.facts))
        #expect(scan.answers.map(\.sequence) == [1, 2, 3])
        #expect(scan.removed == [77])
        #expect(scan.damaged == 0)
    }

    @Test func `cut at any byte, gives all records before the cut and no damage`() throws {
        for length in 0...bytes.count {
            let cut = Array(bytes[..<length])
            let scan = scan(cut)
            #expect(scan.answers.map(\.range) == frames.filter { $0.upperBound <= length }, "cut at \(length)")
            #expect(scan.damaged == 0, "cut at \(length)")
        }
    }

    @Test func `room that was never written is no damage`() {
        for count in [1, 44, 45, 46, 4_096] {
            let scan = scan(bytes + [UInt8](repeating: 0, count: count))
            #expect(scan.answers.count == 3)
            #expect(scan.damaged == 0)
        }
    }

    @Test func `any flipped bit costs at most its own record, is counted, and never gives a wrong answer`() throws {
        let expected = answers.map(\.facts)
        for offset in bytes.indices {
            var flipped = bytes
            flipped[offset] ^= 1 << UInt8(offset % 8)
            let scan = scan(flipped)
            #expect(scan.damaged == 1, "byte \(offset)")
            let hit = frames.firstIndex { $0.contains(offset) }
            let kept = expected.indices.filter { $0 != hit }.map { expected[$0] }
            #expect(try found(in: flipped, scan) == kept, "byte \(offset)")
        }
    }

    @Test func `bytes that are no record are skipped up to the next one`() throws {
        let noise = Random.bytes(500)
        let torn = Array(bytes[frames[0]].prefix(200))
        for rubbish in [noise, [0], torn, Array(bytes[frames[0]].prefix(60)), [UInt8](repeating: 0xF5, count: 45)] {
            let mixed = Array(bytes[frames[0]]) + rubbish + bytes[frames[1].lowerBound...]
            let scan = scan(mixed)
            #expect(scan.answers.map(\.sequence) == [1, 2, 3])
            #expect(scan.damaged == 1)
        }
    }

    @Test func `a record of another set, instance or key does not open`() throws {
        let others = [
            SpoolCipher(
                key: key, setID: [UInt8](repeating: 8, count: 16), instance: SpoolBed.instance(1)),
            SpoolCipher(key: key, setID: Self.setID, instance: SpoolBed.instance(2)),
            SpoolCipher(key: SecretBytes.random(count: 32), setID: Self.setID, instance: SpoolBed.instance(1)),
        ]
        for other in others {
            let scan = SegmentScan(bytes, from: 0, cipher: other)
            #expect(scan.answers.isEmpty && scan.removed.isEmpty)
            #expect(scan.damaged == 4)
        }
    }

    @Test func `a record under another number or as another kind does not open`() throws {
        guard case .complete(let head) = FrameHead.parse(bytes, at: 0) else { throw Broken() }
        let frame = bytes[frames[0]]
        let renumbered = FrameHead(
            kind: .answer, sequence: 9, nonce: head.nonce, sealedLength: head.sealedLength)
        let disguised = FrameHead(
            kind: .removal, sequence: 1, nonce: head.nonce, sealedLength: head.sealedLength)
        for changed in [renumbered, disguised] {
            let scan = scan(changed.encoded + frame.dropFirst(FrameHead.length))
            #expect(scan.answers.isEmpty && scan.removed.isEmpty)
            #expect(scan.damaged == 1)
        }
    }

    private struct Broken: Error {}

    @Test func `a length beyond all bounds is damage, not an end`() throws {
        let long = FrameHead(
            kind: .answer, sequence: 1, nonce: Random.bytes(24), sealedLength: FrameHead.maxSealedBytes + 1)
        let scan = scan(long.encoded + bytes)
        #expect(scan.damaged == 1)
        #expect(scan.answers.count == 3)
    }

    // MARK: Heads

    private func header() -> SegmentHeader {
        SegmentHeader(
            setID: Self.setID, instance: SpoolBed.instance(1), number: 3, rootID: "root", wrappedKey: [1, 2, 3])
    }

    @Test func `a head gives back its parts under its key alone`() throws {
        let bytes = try #require(header().encoded(key: key))
        #expect(bytes.count == SegmentHeader.length)
        #expect(try SegmentHeader(parsing: bytes) == header())
        #expect(SegmentHeader.isAuthentic(bytes, key: key))
        #expect(!SegmentHeader.isAuthentic(bytes, key: SecretBytes.random(count: 32)))
        #expect(header().encoded(key: SecretBytes.random(count: 31)) == nil)
    }

    @Test func `no changed byte of a head goes unnoticed`() throws {
        let bytes = try #require(header().encoded(key: key))
        for offset in bytes.indices {
            var changed = bytes
            changed[offset] ^= 0x10
            #expect(!SegmentHeader.isAuthentic(changed, key: key), "byte \(offset)")
            // Whatever it says then: it must not stop the process.
            _ = try? SegmentHeader(parsing: changed)
        }
    }

    @Test func `a shorter file is an unfinished one, another format is told apart`() throws {
        var bytes = try #require(header().encoded(key: key))
        #expect(throws: SegmentHeader.ParsingError.torn) { try SegmentHeader(parsing: Array(bytes.dropLast())) }
        #expect(throws: SegmentHeader.ParsingError.torn) { try SegmentHeader(parsing: []) }
        bytes[4] = 2
        #expect(throws: SegmentHeader.ParsingError.unsupportedFormat) { try SegmentHeader(parsing: bytes) }
        bytes[0] = 0
        #expect(throws: SegmentHeader.ParsingError.malformed) { try SegmentHeader(parsing: bytes) }
    }

    @Test func `a wrapped key that has no room is refused`() {
        let header = SegmentHeader(
            setID: Self.setID, instance: SpoolBed.instance(1), number: 1, rootID: "root",
            wrappedKey: [UInt8](repeating: 1, count: 4_096))
        #expect(header.encoded(key: key) == nil)
    }
}
