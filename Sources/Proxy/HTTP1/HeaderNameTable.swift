/// Finds a ``HeaderName`` by its bytes in one probe or two: open addressing over a hash that the parser computes while it
/// checks the name.
struct HeaderNameTable: Sendable {
    static let shared = HeaderNameTable()

    private struct Slot: Sendable {
        var hash: UInt64 = 0
        var name = HeaderName.other
    }

    private static let mask = 255
    private var slots = [Slot](repeating: Slot(), count: mask + 1)
    private let texts: [[UInt8]]

    private init() {
        texts = HeaderName.allCases.map { Array($0.text.utf8) }
        for name in HeaderName.allCases where name != .other {
            let hash = texts[Int(name.rawValue)].reduce(Self.seed) { Self.mix($0, $1) }
            var index = Int(truncatingIfNeeded: hash) & Self.mask
            while slots[index].name != .other { index = (index + 1) & Self.mask }
            slots[index] = Slot(hash: hash, name: name)
        }
    }

    static let seed: UInt64 = 0xCBF2_9CE4_8422_2325

    /// One step of the hash; letters count without case.
    @inline(__always)
    static func mix(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
        let mixed = (hash ^ UInt64(byte | 0x20)) &* 0x0000_0100_0000_01B3
        return mixed ^ (mixed &>> 29)
    }

    /// The name of exactly these bytes (letters without case); `hash` is theirs.
    @inline(__always)
    func find(_ bytes: Span<UInt8>, start: Int, count: Int, hash: UInt64) -> HeaderName {
        var index = Int(truncatingIfNeeded: hash) & Self.mask
        while slots[index].name != .other {
            if slots[index].hash == hash, bytes.matches(texts[Int(slots[index].name.rawValue)], at: start, count: count)
            {
                return slots[index].name
            }
            index = (index + 1) & Self.mask
        }
        return .other
    }

    /// The name that an upstream may read there if it takes `_` for `-`, as CGI-style servers do.
    func findReadingUnderscoresAsHyphens(_ bytes: Span<UInt8>, start: Int, count: Int) -> HeaderName {
        var folded: [UInt8] = []
        folded.reserveCapacity(count)
        for index in start..<start + count {
            let byte = HTTPCharacters.lowercased(bytes[index])
            folded.append(byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : byte)
        }
        let hash = folded.reduce(Self.seed) { Self.mix($0, $1) }
        return find(folded.span, start: 0, count: count, hash: hash)
    }
}

extension RequestHead {
    /// Whether a header asks for another method than the request line's, also as a reader of `_` for `-` sees it.
    func overridesMethod(_ bytes: Span<UInt8>) -> Bool {
        for field in fields {
            if field.name.overridesMethod { return true }
            let range = field.nameRange
            var hasUnderscore = false
            for index in range where bytes[index] == UInt8(ascii: "_") { hasUnderscore = true }
            guard hasUnderscore else { continue }
            let name = HeaderNameTable.shared.findReadingUnderscoresAsHyphens(
                bytes, start: range.lowerBound, count: range.count)
            if name.overridesMethod { return true }
        }
        return false
    }
}
