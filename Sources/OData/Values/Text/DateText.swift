/// Dates and times as text, read from bytes (`date`, `timeOfDayValue`, `dateTimeOffsetValue` of the OData ABNF, §7),
/// and the `/Date(…)/` of version 2's JSON.
///
/// Deviations of the text that services send are named where they are accepted. Fractions have twelve digits at most
/// (`fractionalSeconds`), which is what the types hold: nothing is rounded.
enum DateText {
    /// `[-]YYYY-MM-DD` up to a place.
    ///
    /// - Returns: nil for `0000-00-00`, which ABAP has for no date.
    @inline(__always)
    static func date(
        in text: Span<UInt8>, at place: inout Int, as type: PrimitiveType
    ) throws(ValueError) -> CalendarDate? {
        guard let year = try year(in: text, at: &place, as: type), text.has("-", at: place + 2),
            let month = text.twoDigits(at: place), let day = text.twoDigits(at: place + 3)
        else { throw .malformed(type) }
        place += 5
        if year == 0, month == 0, day == 0 { return nil }
        guard let date = CalendarDate(year: year, month: month, day: day) else { throw .outOfRange(type) }
        return date
    }

    /// The year and the `-` behind it.
    @inline(__always)
    private static func year(
        in text: Span<UInt8>, at place: inout Int, as type: PrimitiveType
    ) throws(ValueError) -> Int? {
        let isNegative = text.has("-", at: place)
        if isNegative { place += 1 }
        guard let century = text.twoDigits(at: place), let rest = text.twoDigits(at: place + 2) else { return nil }
        place += 4
        guard text.has("-", at: place) else {
            // Five digits and more are a year, but none that fits.
            while place < text.count, text.digit(at: place) < 10 { place += 1 }
            if text.has("-", at: place), century >= 10 { throw .outOfRange(type) }
            return nil
        }
        place += 1
        return isNegative ? -(century * 100 + rest) : century * 100 + rest
    }

    /// `hh:mm[:ss[.f…]]` up to a place.
    @inline(__always)
    static func time(
        in text: Span<UInt8>, at place: inout Int, as type: PrimitiveType
    ) throws(ValueError) -> TimeOfDay {
        guard let hour = text.twoDigits(at: place), text.has(":", at: place + 2),
            let minute = text.twoDigits(at: place + 3)
        else { throw .malformed(type) }
        place += 5
        var (second, picoseconds) = (0, 0)
        if text.has(":", at: place) {
            guard let seconds = text.twoDigits(at: place + 1) else { throw .malformed(type) }
            second = seconds
            place += 3
            if text.has(".", at: place) { picoseconds = try fraction(in: text, at: &place, as: type) }
        }
        guard hour < 24, minute < 60, second < 60 else { throw .outOfRange(type) }
        return TimeOfDay(uncheckedHour: hour, minute: minute, second: second, fraction: picoseconds)
    }

    /// `.` and one to twelve digits, in picoseconds.
    static func fraction(
        in text: Span<UInt8>, at place: inout Int, as type: PrimitiveType
    ) throws(ValueError) -> Int {
        place += 1
        let start = place
        var value = 0
        while place < text.count, place - start < 13 {
            let digit = text.digit(at: place)
            guard digit < 10 else { break }
            value = value * 10 + Int(digit)
            place += 1
        }
        let count = place - start
        guard count > 0, count < 13 else { throw .malformed(type) }
        for _ in count..<12 { value *= 10 }
        return value
    }

    /// A date alone.
    @inline(__always)
    static func wholeDate(_ text: Span<UInt8>) throws(ValueError) -> CalendarDate? {
        var place = 0
        let date = try date(in: text, at: &place, as: .date)
        guard place == text.count else { throw .malformed(.date) }
        return date
    }

    @inline(__always)
    static func wholeTime(_ text: Span<UInt8>) throws(ValueError) -> TimeOfDay {
        var place = 0
        let time = try time(in: text, at: &place, as: .timeOfDay)
        guard place == text.count else { throw .malformed(.timeOfDay) }
        return time
    }

    /// Wall time: `YYYY-MM-DDThh:mm[:ss[.f…]]`.
    ///
    /// Accepted besides: a date alone, which Business ByDesign sends, and a `Z` at the end, which says nothing of a
    /// wall.
    ///
    /// - Returns: nil for ABAP's `0000-00-00`, whatever the time.
    static func wallTime(_ text: Span<UInt8>) throws(ValueError) -> LocalDateTime? {
        var place = 0
        let date = try date(in: text, at: &place, as: .dateTime)
        if place == text.count { return date.map { LocalDateTime($0, .midnight) } }
        try separator(in: text, at: &place, as: .dateTime)
        let time = try time(in: text, at: &place, as: .dateTime)
        if text.has("Z", at: place) { place += 1 }
        guard place == text.count else { throw .malformed(.dateTime) }
        return date.map { LocalDateTime($0, time) }
    }

    /// `YYYY-MM-DDThh:mm[:ss[.f…]](Z|±hh:mm)`.
    ///
    /// - Parameter isLenient: accepts what version 2 services send: no offset, which is UTC, or a date alone.
    /// - Returns: nil for ABAP's `0000-00-00`, whatever the time.
    static func instant(_ text: Span<UInt8>, isLenient: Bool) throws(ValueError) -> OffsetDateTime? {
        var place = 0
        let date = try date(in: text, at: &place, as: .dateTimeOffset)
        if isLenient, place == text.count {
            return date.flatMap { OffsetDateTime(LocalDateTime($0, .midnight)) }
        }
        try separator(in: text, at: &place, as: .dateTimeOffset)
        let time = try time(in: text, at: &place, as: .dateTimeOffset)
        let offset = isLenient && place == text.count ? 0 : try offset(in: text, from: place)
        guard let date else { return nil }
        guard let instant = OffsetDateTime(LocalDateTime(date, time), offsetMinutes: offset)
        else { throw .outOfRange(.dateTimeOffset) }
        return instant
    }

    @inline(__always)
    private static func separator(
        in text: Span<UInt8>, at place: inout Int, as type: PrimitiveType
    ) throws(ValueError) {
        // The ABNF's strings have no case.
        guard place < text.count, text[place].lowercasedASCII == UInt8(ascii: "t") else { throw .malformed(type) }
        place += 1
    }

    /// `Z` or `±hh:mm`, up to the end.
    @inline(__always)
    private static func offset(in text: Span<UInt8>, from place: Int) throws(ValueError) -> Int {
        guard place < text.count else { throw .malformed(.dateTimeOffset) }
        let isNegative = text[place] == UInt8(ascii: "-")
        if text[place].lowercasedASCII == UInt8(ascii: "z"), place + 1 == text.count { return 0 }
        guard isNegative || text[place] == UInt8(ascii: "+"), place + 6 == text.count, text.has(":", at: place + 3),
            let hours = text.twoDigits(at: place + 1), let minutes = text.twoDigits(at: place + 4)
        else { throw .malformed(.dateTimeOffset) }
        guard minutes < 60 else { throw .outOfRange(.dateTimeOffset) }
        return isNegative ? -(hours * 60 + minutes) : hours * 60 + minutes
    }
}
