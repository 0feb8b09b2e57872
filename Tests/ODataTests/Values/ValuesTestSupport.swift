import Testing

@testable import OData

/// Steele's SplitMix64: the same cases in every run.
struct ValuesRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func int(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &self) }
    mutating func chance(_ outOf: Int) -> Bool { int(1...outOf) == 1 }
}

/// Values of every type, with a leaning to the ends of their ranges.
extension ValuesRandom {
    mutating func decimal(exponents: ClosedRange<Int> = -60...40) -> ODataDecimal {
        let digits = int(0...38)
        var significand: UInt128 = 0
        for _ in 0..<digits { significand = significand * 10 + UInt128(chance(3) ? 0 : int(0...9)) }
        return ODataDecimal(significand: significand, exponent: Int16(int(exponents)), isNegative: chance(2))
    }

    mutating func fraction() -> (nanosecond: Int, picosecond: Int) {
        switch int(0...3) {
        case 0: (0, 0)
        case 1: (int(0...999) * 1_000_000, 0)
        case 2: (int(0...999_999_999), 0)
        default: (int(0...999_999_999), int(0...999))
        }
    }

    mutating func time() throws -> TimeOfDay {
        let fraction = fraction()
        return try #require(
            TimeOfDay(
                hour: int(0...23), minute: int(0...59), second: int(0...59), nanosecond: fraction.nanosecond,
                picosecond: fraction.picosecond))
    }

    mutating func date() throws -> CalendarDate {
        let day = int(CalendarDate.first.daysSinceEpoch...CalendarDate.last.daysSinceEpoch)
        return try #require(CalendarDate(daysSinceEpoch: chance(3) ? int(0...30_000) : day))
    }

    mutating func wallTime() throws -> LocalDateTime { LocalDateTime(try date(), try time()) }

    mutating func instant() throws -> OffsetDateTime {
        let offset = chance(2) ? 0 : int(-840...840)
        // A day away from the ends, so that UTC is within the years as well.
        var local = try wallTime()
        while local.date.daysSinceEpoch < CalendarDate.first.daysSinceEpoch + 2
            || local.date.daysSinceEpoch > CalendarDate.last.daysSinceEpoch - 2
        { local = try wallTime() }
        return try #require(OffsetDateTime(local, offsetMinutes: offset))
    }

    mutating func duration() throws -> ODataDuration {
        let seconds = chance(2) ? int(0...200_000) : Int(truncatingIfNeeded: next() >> UInt64(int(1...60)))
        let fraction = fraction()
        let sign = chance(2) ? -1 : 1
        return try #require(
            ODataDuration(
                seconds: Int64(sign * seconds), nanoseconds: Int32(sign * fraction.nanosecond),
                picoseconds: Int16(sign * fraction.picosecond)))
    }

    mutating func double() -> Double {
        switch int(0...4) {
        case 0: return Double(int(-1_000...1_000)) / 8
        case 1:
            return [Double.infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, -0.0][int(0...4)]
        default:
            let value = Double(bitPattern: next())
            return value.isNaN ? 0 : value
        }
    }

    mutating func single() -> Float {
        let value = Float(bitPattern: UInt32(truncatingIfNeeded: next()))
        return value.isNaN ? 1.5 : value
    }

    mutating func string() -> String {
        let pieces = ["'", "''", "a", "Ä", "\u{1F600}", "%27", "/", "+", " ", "", "\"", "\\", "e\u{301}", "0"]
        return (0..<int(0...12)).map { _ in pieces[int(0...(pieces.count - 1))] }.joined()
    }

    mutating func bytes() -> [UInt8] { (0..<int(0...20)).map { _ in UInt8(truncatingIfNeeded: next()) } }
    mutating func guid() -> GUID { GUID(high: next(), low: next()) }

    mutating func integer(bits: Int) -> Int64 { Int64(truncatingIfNeeded: next()) >> Int64(64 - int(1...bits)) }

    /// - Returns: nil where the version doesn't have the type.
    mutating func value(of type: PrimitiveType, _ version: ODataVersion) throws -> ODataValue? {
        guard type.exists(in: version) else { return nil }
        switch type {
        case .boolean: return .boolean(chance(2))
        case .byte: return .byte(UInt8(truncatingIfNeeded: next()))
        case .sbyte: return .sbyte(Int8(truncatingIfNeeded: next()))
        case .int16: return .int16(Int16(truncatingIfNeeded: integer(bits: 16)))
        case .int32: return .int32(Int32(truncatingIfNeeded: integer(bits: 32)))
        case .int64: return .int64(integer(bits: 64))
        case .single: return .single(single())
        case .double: return .double(double())
        case .decimal: return .decimal(decimal(exponents: version.isV4 ? -120...120 : -40...40))
        case .string: return .string(string())
        case .guid: return .guid(guid())
        case .binary: return .binary(bytes())
        case .date: return .date(try date())
        case .dateTime: return .dateTime(try wallTime())
        case .dateTimeOffset: return .dateTimeOffset(try instant())
        case .time: return .time(try duration())
        case .timeOfDay: return .timeOfDay(try time())
        case .duration: return .duration(try duration())
        default: return nil
        }
    }
}

/// What the JSON reader does with a scalar, without the reader.
func valuesRead(
    _ text: String, string: Bool = true, as type: PrimitiveType, _ version: ODataVersion
) throws(ValueError) -> ODataValue {
    let utf8 = text.utf8Span
    return try .fromJSON(utf8.span, isString: string, as: type, version: version)
}

func valuesReadBytes(
    _ bytes: [UInt8], string: Bool = true, as type: PrimitiveType, _ version: ODataVersion
) throws(ValueError) -> ODataValue {
    try .fromJSON(bytes.span, isString: string, as: type, version: version)
}

func valuesDecimal(_ text: String) throws -> ODataDecimal { try #require(ODataDecimal(text)) }

/// A wall time of its text.
func valuesWall(_ text: String) throws -> ODataValue { .dateTime(try #require(LocalDateTime(text))) }

func valuesInstant(_ text: String) throws -> ODataValue { .dateTimeOffset(try #require(OffsetDateTime(text))) }
