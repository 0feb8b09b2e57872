internal import Domain
internal import Sodium

/// What a record says.
enum FrameKind: UInt8, Sendable, CaseIterable {
    /// Holds a ``SpooledAnswer``.
    case answer = 1
    /// Holds the sequence numbers (8 bytes each) of answers that are done with.
    case removal = 2
}

/// The start of a record in its file.
///
/// ```
/// magic 4 | kind 1 | length of what is sealed 4 | sequence 8 | nonce 24 | check 4 || sealed
/// ```
/// The check (the first bytes of the unkeyed BLAKE2b of all before it) is no protection: it tells a head from bytes that
/// look like one, so that a damaged record doesn't take along those that follow.
struct FrameHead: Hashable, Sendable {
    static let length = 45
    private static let magic: [UInt8] = [0xF5, 0x53, 0x50, 0xA7]
    /// No record is longer, so that a length that is no length fails early.
    static let maxSealedBytes = 16 << 20

    let kind: FrameKind
    let sequence: UInt64
    let nonce: [UInt8]
    let sealedLength: Int

    /// The record with its head.
    var frameLength: Int { Self.length + sealedLength }

    var encoded: [UInt8] {
        let head =
            Self.magic + [kind.rawValue] + BigEndian.bytes(UInt32(sealedLength)) + BigEndian.bytes(sequence) + nonce
        return head + Self.check(head)
    }

    enum Parsed: Hashable {
        case complete(FrameHead)
        /// The bytes end within this record, as they do where a process is killed while writing.
        case torn
        case broken
    }

    static func parse(_ bytes: [UInt8], at position: Int) -> Parsed {
        let rest = bytes[position...]
        guard magic.starts(with: rest.prefix(magic.count)) else { return .broken }
        guard rest.count >= length else { return .torn }
        let head = Array(rest.prefix(length - 4))
        guard rest[(position + length - 4)..<(position + length)].elementsEqual(check(head)),
            let kind = FrameKind(rawValue: head[4])
        else { return .broken }
        let sealedLength = Int(BigEndian.value(head[5..<9], as: UInt32.self))
        guard sealedLength <= maxSealedBytes else { return .broken }
        guard rest.count >= length + sealedLength else { return .torn }
        return .complete(
            FrameHead(
                kind: kind, sequence: BigEndian.value(head[9..<17], as: UInt64.self), nonce: Array(head[17..<41]),
                sealedLength: sealedLength))
    }

    private static func check(_ head: [UInt8]) -> ArraySlice<UInt8> { BLAKE2b.digest(head).bytes.prefix(4) }
}

/// Seals and opens the records of one set.
///
/// XChaCha20-Poly1305 under the set's own key, without the vault's derivation of a key for each record: the key lives as
/// long as one process, its random nonces of 24 bytes never meet, and the commitment in each file's head does for all
/// records what the envelope's does for one.
struct SpoolCipher: Sendable {
    private let key: SecretBytes
    private let context: [UInt8]

    init(key: SecretBytes, setID: [UInt8], instance: InstanceID) {
        self.key = key
        context = Array("spool record/1".utf8) + setID + instance.bytes
    }

    /// A whole record. Bound to its set, its kind and its sequence number, not to its file: so a record can move.
    ///
    /// Nil where the set's key has not 32 bytes.
    func seal(_ plaintext: SecretBytes, _ kind: FrameKind, sequence: UInt64) -> [UInt8]? {
        let head = FrameHead(
            kind: kind, sequence: sequence, nonce: Random.bytes(XChaCha20Poly1305.nonceLength),
            sealedLength: plaintext.count + XChaCha20Poly1305.tagLength)
        let encoded = head.encoded
        // Only lengths can be refused, and the nonce has its own.
        let sealed = try? XChaCha20Poly1305.seal(plaintext, key: key, nonce: head.nonce, aad: context + encoded)
        return sealed.map { encoded + $0 }
    }

    /// Nil where it was altered, or sealed for another set, kind or sequence number.
    func open(_ frame: ArraySlice<UInt8>, _ head: FrameHead) -> SecretBytes? {
        // All that it can throw means the same here.
        try? XChaCha20Poly1305.open(
            Array(frame.dropFirst(FrameHead.length)), key: key, nonce: head.nonce, aad: context + head.encoded)
    }
}
