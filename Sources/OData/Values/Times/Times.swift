/// A day of the proleptic Gregorian calendar (`Edm.Date`).
public struct CalendarDate: Sendable, Hashable {
    /// −9999…9999; 0 is the year before 1.
    public let year: Int32
    /// 1…12.
    public let month: UInt8
    /// 1…31.
    public let day: UInt8

    /// - Returns: nil for a day that the calendar doesn't have, such as ABAP's `0000-00-00`.
    public init?(year: Int, month: Int, day: Int) {
        guard (-9_999...9_999).contains(year), (1...12).contains(month), day >= 1,
            day <= Self.days(in: month, of: year)
        else { return nil }
        (self.year, self.month, self.day) = (Int32(year), UInt8(month), UInt8(day))
    }

    /// - Important: only for days that the calendar has.
    init(uncheckedYear year: Int, month: Int, day: Int) {
        (self.year, self.month, self.day) = (Int32(year), UInt8(month), UInt8(day))
    }

    static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }
}

/// A time of the day (`Edm.TimeOfDay`), with up to the twelve digits of a second's fraction that the protocol has.
public struct TimeOfDay: Sendable, Hashable {
    // In this order they take nine bytes.

    /// Of the second: 0…999,999,999.
    public let nanosecond: UInt32
    /// What is finer than the nanosecond: 0…999.
    public let picosecond: UInt16
    /// 0…23.
    public let hour: UInt8
    /// 0…59.
    public let minute: UInt8
    /// 0…59: leap seconds don't exist here.
    public let second: UInt8

    /// - Returns: nil for an hour beyond 0…23, a minute or second beyond 0…59, a nanosecond beyond 0…999,999,999, or a
    ///   picosecond beyond 0…999.
    public init?(hour: Int, minute: Int, second: Int = 0, nanosecond: Int = 0, picosecond: Int = 0) {
        guard (0...23).contains(hour), (0...59).contains(minute), (0...59).contains(second),
            (0...999_999_999).contains(nanosecond), (0...999).contains(picosecond)
        else { return nil }
        (self.hour, self.minute, self.second) = (UInt8(hour), UInt8(minute), UInt8(second))
        (self.nanosecond, self.picosecond) = (UInt32(nanosecond), UInt16(picosecond))
    }

    /// - Important: only for parts in their ranges, and a fraction of 0…999,999,999,999 picoseconds.
    @inline(__always)
    init(uncheckedHour hour: Int, minute: Int, second: Int, fraction: Int) {
        self.hour = UInt8(truncatingIfNeeded: hour)
        self.minute = UInt8(truncatingIfNeeded: minute)
        self.second = UInt8(truncatingIfNeeded: second)
        nanosecond = UInt32(truncatingIfNeeded: fraction / 1_000)
        picosecond = UInt16(truncatingIfNeeded: fraction % 1_000)
    }

    /// - Important: as above, and only for a second of 0…86,399.
    init(uncheckedSecondOfDay second: Int, fraction: Int) {
        self.init(
            uncheckedHour: second / 3_600, minute: second / 60 % 60, second: second % 60, fraction: fraction)
    }

    /// Of the second, in picoseconds.
    var fraction: Int { Int(nanosecond) * 1_000 + Int(picosecond) }
}

/// A date with a time and no zone (`Edm.DateTime` of version 2): what a clock on the wall shows. Never shifted.
public struct LocalDateTime: Sendable, Hashable {
    /// The day that a calendar on the wall shows.
    public let date: CalendarDate
    /// The time that a clock on the wall shows.
    public let time: TimeOfDay

    public init(_ date: CalendarDate, _ time: TimeOfDay) { (self.date, self.time) = (date, time) }
}

/// An instant with the offset that it was written with (`Edm.DateTimeOffset`).
///
/// Equality is that of both; `secondsSinceEpoch` compares instants.
public struct OffsetDateTime: Sendable, Hashable {
    /// What a clock at that offset shows.
    public let local: LocalDateTime
    /// Minutes east of UTC, −840…840.
    public let offsetMinutes: Int16

    /// - Returns: nil for an offset beyond ±14 hours.
    public init?(_ local: LocalDateTime, offsetMinutes: Int = 0) {
        guard (-840...840).contains(offsetMinutes) else { return nil }
        (self.local, self.offsetMinutes) = (local, Int16(offsetMinutes))
    }
}

/// A span of days, hours, minutes and seconds (`Edm.Duration`, and `Edm.Time` of version 2), with up to twelve digits
/// of a second's fraction.
public struct ODataDuration: Sendable, Hashable {
    /// Whole seconds, negative for a negative span.
    public let seconds: Int64
    /// −999,999,999…999,999,999, of the same sign as `seconds`.
    public let nanoseconds: Int32
    /// −999…999, of the same sign.
    public let picoseconds: Int16

    /// - Returns: nil for parts beyond their ranges or of different signs.
    public init?(seconds: Int64, nanoseconds: Int32 = 0, picoseconds: Int16 = 0) {
        guard (-999_999_999...999_999_999).contains(nanoseconds), (-999...999).contains(picoseconds) else { return nil }
        let signs = [seconds.signum(), Int64(nanoseconds.signum()), Int64(picoseconds.signum())]
        guard !(signs.contains(1) && signs.contains(-1)) else { return nil }
        (self.seconds, self.nanoseconds, self.picoseconds) = (seconds, nanoseconds, picoseconds)
    }

    /// - Important: only for parts of one sign, and less than a second of picoseconds.
    init(uncheckedSeconds seconds: Int64, fraction: Int) {
        self.seconds = seconds
        nanoseconds = Int32(truncatingIfNeeded: fraction / 1_000)
        picoseconds = Int16(truncatingIfNeeded: fraction % 1_000)
    }

    /// Of the second, in picoseconds, with its sign.
    var fraction: Int { Int(nanoseconds) * 1_000 + Int(picoseconds) }
}
