/// Whole numbers in network byte order, as the protocol's binary formats have them.
enum BigEndian {
    /// The number that up to eight bytes spell.
    static func uint64(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Both halves of sixteen bytes.
    static func uuid(_ bytes: ArraySlice<UInt8>) -> (high: UInt64, low: UInt64) {
        (uint64(bytes.prefix(8)), uint64(bytes.dropFirst(8)))
    }

    static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        var shift = value.bitWidth - 8
        while shift >= 0 {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
            shift -= 8
        }
    }
}

/// PostgreSQL counts time from 2000-01-01 00:00 UTC.
enum PostgresEpoch {
    /// That moment in microseconds since 1970.
    static let unixMicros: Int64 = 946_684_800_000_000
}
