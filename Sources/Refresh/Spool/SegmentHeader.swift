internal import Domain
internal import Sodium

/// The head of each file of a set, by which a file can be read alone: always 4 KiB.
///
/// ```
/// magic 4 | format 1 | set 16 | instance 16 | number 4 | root id 4 + n | wrapped key 4 + n | zeros | commitment 32
/// ```
/// All numbers big-endian. The set's key is random, wrapped by a root key, and seals nothing but this set's records. The
/// commitment is `BLAKE2b-256(set key, "spool head/1" || all before it)`: it makes the head authentic, and it ties the
/// records, whose cipher alone would open under more than one key, to this key. The length is fixed so that a file whose
/// making was cut short is told from a damaged one by its size alone.
struct SegmentHeader: Hashable, Sendable {
    static let length = 4_096
    static let setIDLength = 16
    private static let commitmentStart = length - 32
    private static let magic: [UInt8] = Array("SPSG".utf8)
    private static let format: UInt8 = 1

    let setID: [UInt8]
    let instance: InstanceID
    let number: UInt32
    let rootID: String
    let wrappedKey: [UInt8]

    init(setID: [UInt8], instance: InstanceID, number: UInt32, rootID: String, wrappedKey: [UInt8]) {
        self.setID = setID
        self.instance = instance
        self.number = number
        self.rootID = rootID
        self.wrappedKey = wrappedKey
    }

    /// Nil where the key has not 32 bytes, or root id and wrapped key are too long (about 4,000 bytes together).
    func encoded(key: SecretBytes) -> [UInt8]? {
        var bytes = Self.magic + [Self.format] + setID + instance.bytes + BigEndian.bytes(number)
        for field in [Array(rootID.utf8), wrappedKey] { bytes += BigEndian.bytes(UInt32(field.count)) + field }
        let room = Self.commitmentStart - bytes.count
        guard room >= 0 else { return nil }
        bytes += [UInt8](repeating: 0, count: room)
        return Self.commitment(bytes, key).map { bytes + $0 }
    }

    enum ParsingError: Error, Hashable {
        /// The file ends within its head, as a process leaves it that is killed while making it: it holds no record.
        case torn
        case malformed
        /// A newer version wrote it.
        case unsupportedFormat
    }

    /// Reads a head; nothing in it is authentic before ``isAuthentic(in:key:)``.
    init(parsing bytes: [UInt8]) throws(ParsingError) {
        guard bytes.count >= Self.length else { throw .torn }
        guard bytes.starts(with: Self.magic) else { throw .malformed }
        guard bytes[Self.magic.count] == Self.format else { throw .unsupportedFormat }
        var position = Self.magic.count + 1
        func take(_ count: Int) throws(ParsingError) -> [UInt8] {
            guard count <= Self.commitmentStart - position else { throw .malformed }
            defer { position += count }
            return Array(bytes[position..<position + count])
        }
        func field() throws(ParsingError) -> [UInt8] {
            try take(Int(BigEndian.value(try take(4), as: UInt32.self)))
        }
        setID = try take(Self.setIDLength)
        instance = InstanceID(bytes: try take(16))
        number = BigEndian.value(try take(4), as: UInt32.self)
        guard let rootID = String(validating: try field(), as: UTF8.self) else { throw .malformed }
        self.rootID = rootID
        wrappedKey = try field()
    }

    /// Whether the head that was read from these bytes was made with this key.
    static func isAuthentic(_ bytes: [UInt8], key: SecretBytes) -> Bool {
        guard bytes.count >= length, let expected = commitment(Array(bytes[..<commitmentStart]), key)
        else { return false }
        return ConstantTime.equals(expected, Array(bytes[commitmentStart..<length]))
    }

    private static func commitment(_ head: [UInt8], _ key: SecretBytes) -> [UInt8]? {
        // Only the length of a key can be refused.
        key.count == 32 ? try? BLAKE2b.hash(Array("spool head/1".utf8) + head, key: key) : nil
    }
}

/// Whole numbers as the spool's files hold them.
enum BigEndian {
    static func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        stride(from: Value.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    /// As many of the bytes as fit, the last ones.
    static func value<Value: FixedWidthInteger & UnsignedInteger>(
        _ bytes: some Sequence<UInt8>, as _: Value.Type
    ) -> Value {
        bytes.reduce(0) { $0 << 8 | Value($1) }
    }
}

extension EntityID {
    /// Of exactly 16 bytes, as `bytes` gives them.
    init(bytes: some Collection<UInt8>) {
        self.init(
            high: BigEndian.value(bytes.prefix(8), as: UInt64.self),
            low: BigEndian.value(bytes.dropFirst(8), as: UInt64.self))
    }
}
