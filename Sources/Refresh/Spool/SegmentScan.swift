internal import Sodium

/// Reads the records of one file of a set.
///
/// A tail that a killed process left unfinished is no damage: the write that it belongs to never returned. Anything else
/// that is no record is skipped up to the next one and counted.
struct SegmentScan {
    struct Frame: Hashable, Sendable {
        let sequence: UInt64
        /// Where it lies in the file.
        let range: Range<Int>
    }

    private(set) var answers: [Frame] = []
    private(set) var removed: [UInt64] = []
    private(set) var damaged = 0

    /// - Parameters:
    ///   - bytes: the file.
    ///   - start: where its head ends.
    init(_ bytes: [UInt8], from start: Int, cipher: SpoolCipher) {
        var position = start
        while position < bytes.count {
            switch FrameHead.parse(bytes, at: position) {
            case .complete(let head):
                let range = position..<position + head.frameLength
                if take(bytes[range], head, range, cipher) {
                    position = range.upperBound
                    continue
                }
            case .torn:
                return
            case .broken:
                // Room that was given to the file before the machine lost power, and never written.
                if bytes[position...].allSatisfy({ $0 == 0 }) { return }
            }
            damaged += 1
            position = Self.nextFrame(in: bytes, after: position) ?? bytes.count
        }
    }

    private mutating func take(
        _ frame: ArraySlice<UInt8>, _ head: FrameHead, _ range: Range<Int>, _ cipher: SpoolCipher
    ) -> Bool {
        guard let plaintext = cipher.open(frame, head) else { return false }
        switch head.kind {
        case .answer:
            guard (try? SpooledAnswer(decoding: plaintext)) != nil else { return false }
            answers.append(Frame(sequence: head.sequence, range: range))
        case .removal:
            guard plaintext.count % 8 == 0 else { return false }
            removed += plaintext.withBytes { bytes in
                stride(from: 0, to: bytes.byteCount, by: 8).map { start in
                    BigEndian.value((start..<start + 8).map { bytes[$0] }, as: UInt64.self)
                }
            }
        }
        return true
    }

    private static func nextFrame(in bytes: [UInt8], after position: Int) -> Int? {
        ((position + 1)..<bytes.count).first { start in
            switch FrameHead.parse(bytes, at: start) {
            case .complete: true
            // A few bytes at the end that look like a beginning are more likely part of what is broken.
            case .torn: bytes.count - start >= FrameHead.length
            case .broken: false
            }
        }
    }
}
