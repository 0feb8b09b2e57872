extension CalendarDate: Comparable {
    /// −9999-01-01.
    public static let first = CalendarDate(uncheckedYear: -9_999, month: 1, day: 1)
    /// 9999-12-31, which SAP has for "without end".
    public static let last = CalendarDate(uncheckedYear: 9_999, month: 12, day: 31)

    private static let minDay = -4_371_587
    private static let maxDay = 2_932_896

    /// Days since 1970-01-01, negative before it.
    public var daysSinceEpoch: Int {
        // Years are counted from March, so that a leap day is the last of its year; 400 years have 146,097 days.
        let shifted = month > 2 ? Int(year) : Int(year) - 1
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let monthFromMarch = (Int(month) + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + Int(day) - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// - Returns: nil for a day before the year −9999 or after 9999.
    public init?(daysSinceEpoch days: Int) {
        guard days >= Self.minDay, days <= Self.maxDay else { return nil }
        // Counted from March of the year −11200, so that nothing is negative and 32 bits do: this is a hot path.
        let fromMarch = UInt32(truncatingIfNeeded: days + 719_468 + 28 * 146_097)
        let era = fromMarch / 146_097
        let dayOfEra = fromMarch - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let isNextYear = monthFromMarch >= 10
        year = Int32(yearOfEra + era * 400) - 11_200 + (isNextYear ? 1 : 0)
        month = UInt8(truncatingIfNeeded: isNextYear ? monthFromMarch - 9 : monthFromMarch + 3)
        day = UInt8(truncatingIfNeeded: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    /// - Returns: nil beyond the years −9999…9999.
    public func adding(days: Int) -> CalendarDate? {
        let (sum, overflow) = daysSinceEpoch.addingReportingOverflow(days)
        return overflow ? nil : CalendarDate(daysSinceEpoch: sum)
    }

    public static func < (left: CalendarDate, right: CalendarDate) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }
}

extension TimeOfDay: Comparable {
    /// 00:00:00.
    public static let midnight = TimeOfDay(uncheckedSecondOfDay: 0, fraction: 0)

    /// 0…86,399.
    public var secondOfDay: Int { (Int(hour) * 60 + Int(minute)) * 60 + Int(second) }

    /// - Returns: nil for a second beyond 0…86,399, or a nanosecond beyond 0…999,999,999.
    public init?(secondOfDay: Int, nanosecond: Int = 0) {
        guard (0..<86_400).contains(secondOfDay), (0..<1_000_000_000).contains(nanosecond) else { return nil }
        self.init(uncheckedSecondOfDay: secondOfDay, fraction: nanosecond * 1_000)
    }

    public static func < (left: TimeOfDay, right: TimeOfDay) -> Bool {
        (left.secondOfDay, left.fraction) < (right.secondOfDay, right.fraction)
    }
}
