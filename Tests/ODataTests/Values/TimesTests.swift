import Testing

@testable import OData

@Suite("Dates and times of the calendar")
struct ValuesTimesTests {
    @Test(arguments: [
        ("1970-01-01", 0), ("1969-12-31", -1), ("2000-02-29", 11_016), ("2026-11-24", 20_781), ("0001-01-01", -719_162),
        ("0000-03-01", -719_468), ("9999-12-31", 2_932_896), ("-9999-01-01", -4_371_587), ("1900-03-01", -25_508),
    ])
    func `days are counted from 1970`(text: String, days: Int) throws {
        let date = try #require(CalendarDate(text))
        #expect(date.daysSinceEpoch == days)
        #expect(CalendarDate(daysSinceEpoch: days) == date)
        #expect(date.description == text)
    }

    @Test func `each day follows the one before`() throws {
        var previous = try #require(CalendarDate(year: 1895, month: 12, day: 31))
        for day in (previous.daysSinceEpoch + 1)...(previous.daysSinceEpoch + 80_000) {
            let date = try #require(CalendarDate(daysSinceEpoch: day))
            #expect(date > previous)
            #expect(date.daysSinceEpoch == day)
            #expect(date.day == previous.day + 1 || date.day == 1)
            previous = date
        }
    }

    @Test(arguments: [
        "2023-02-29", "1900-02-29", "2024-02-30", "2024-13-01", "2024-00-01", "2024-01-00", "2024-04-31", "10000-01-01",
        "-10000-01-01",
    ])
    func `a day that no calendar has is out of range`(text: String) {
        #expect(CalendarDate(text) == nil)
        #expect(throws: ValueError.outOfRange(.date)) { try valuesRead(text, as: .date, .v4) }
    }

    @Test(arguments: [
        "", "2024", "2024-1-01", "2024-01-1", "24-01-01", "2024/01/01", "2024-01-01 ", " 2024-01-01", "+2024-01-01",
        "2024-01-01T", "２０２４-01-01", "00000-01-01", "02024-01-01", "2024-01-0a", "20240101", "--024-01-01",
    ])
    func `another form is no date`(text: String) {
        #expect(throws: ValueError.malformed(.date)) { try valuesRead(text, as: .date, .v4) }
    }

    @Test func `leap days are where the rules have them`() {
        for (year, isLeap) in [
            (2000, true), (1900, false), (2024, true), (2023, false), (0, true), (-4, true), (-100, false),
        ] {
            #expect((CalendarDate(year: year, month: 2, day: 29) != nil) == isLeap)
        }
    }

    @Test func `dates move by days and stay within the years`() throws {
        let date = try #require(CalendarDate("2024-02-28"))
        #expect(date.adding(days: 2)?.description == "2024-03-01")
        #expect(CalendarDate.last.adding(days: 1) == nil)
        #expect(CalendarDate.first.adding(days: -1) == nil)
        #expect(date.adding(days: .max) == nil)
        #expect(date.adding(days: .min) == nil)
    }

    @Test(arguments: [
        ("00:00", "00:00:00"), ("07:59:59.999", "07:59:59.999"), ("23:59:59.999999999999", "23:59:59.999999999999"),
        ("12:00:00.100", "12:00:00.1"), ("12:00:00.000000000001", "12:00:00.000000000001"),
    ])
    func `times are read to the last of twelve digits`(text: String, printed: String) throws {
        #expect(try #require(TimeOfDay(text)).description == printed)
    }

    @Test(arguments: ["24:00:00", "23:60:00", "23:59:60", "99:00:00"])
    func `a time that no day has is out of range`(text: String) {
        #expect(throws: ValueError.outOfRange(.timeOfDay)) { try valuesRead(text, as: .timeOfDay, .v4) }
    }

    @Test(arguments: [
        "", "7:00", "07", "07:0", "07:00:", "07:00:0", "07:00:00.", "07:00:00.1234567890123", "07:00:00,5", "07:00Z",
        "-07:00",
    ])
    func `another form is no time`(text: String) {
        #expect(throws: ValueError.malformed(.timeOfDay)) { try valuesRead(text, as: .timeOfDay, .v4) }
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", Int64(0)), ("1970-01-01T02:00:00+02:00", 0), ("1969-12-31T23:59:59Z", -1),
        ("2026-11-24T12:00:00-05:30", 1_795_541_400), ("9999-12-31T23:59:59-14:00", 253_402_351_199),
    ])
    func `instants are counted in seconds whatever their offset`(text: String, seconds: Int64) throws {
        let instant = try #require(OffsetDateTime(text))
        #expect(instant.secondsSinceEpoch == seconds)
        #expect(instant.description == text)
        let same = OffsetDateTime(secondsSinceEpoch: seconds, offsetMinutes: Int(instant.offsetMinutes))
        #expect(same == instant)
    }

    @Test func `instants compare by time, then by offset`() throws {
        let early = try #require(OffsetDateTime("2024-01-01T12:00:00+02:00"))
        let late = try #require(OffsetDateTime("2024-01-01T11:00:00Z"))
        #expect(early < late)
        let same = try #require(early.at(offsetMinutes: 0))
        #expect(same.description == "2024-01-01T10:00:00Z")
        #expect(same != early)
        #expect(same < early)
    }

    @Test func `an instant beyond the years or offsets is none`() {
        #expect(OffsetDateTime(secondsSinceEpoch: .max) == nil)
        #expect(OffsetDateTime(secondsSinceEpoch: .min, offsetMinutes: -840) == nil)
        #expect(OffsetDateTime(secondsSinceEpoch: 253_402_300_799, offsetMinutes: 1) == nil)
        #expect(OffsetDateTime(secondsSinceEpoch: 0, offsetMinutes: 841) == nil)
        #expect(OffsetDateTime(secondsSinceEpoch: 0, nanoseconds: 1_000_000_000) == nil)
        #expect(OffsetDateTime(secondsSinceEpoch: 0, nanoseconds: -1) == nil)
    }

    @Test(arguments: [
        ("PT0S", "PT0S"), ("P12DT23H59M59.999999999999S", "P12DT23H59M59.999999999999S"), ("-P1D", "-P1D"),
        ("PT24H00M00S", "P1D"), ("PT10H11M12S", "PT10H11M12S"), ("P0Y0M0DT3H", "PT3H"), ("PT90M", "PT1H30M"),
        ("-PT0.5S", "-PT0.5S"), ("PT1M", "PT1M"), ("P1DT0.000000000001S", "P1DT0.000000000001S"), ("-PT0S", "PT0S"),
    ])
    func `spans are read and printed without parts that are zero`(text: String, printed: String) throws {
        #expect(try #require(ODataDuration(text)).description == printed)
    }

    @Test(arguments: [
        "", "P", "PT", "-P", "P1", "1D", "P1DT", "PT1", "P1H", "PT1D", "PT1S1M", "PT1M1M", "P1D1D", "PT1.5M", "PT.5S",
        "PT1.S",
        "P-1D", "P1W", "PT1H T1M", "p1d", "PT1S ", "PTT1S", "P1DT1HT1M",
    ])
    func `another form is no span`(text: String) {
        #expect(throws: ValueError.malformed(.duration)) { try valuesRead(text, as: .duration, .v4) }
    }

    @Test(arguments: [
        "PT9223372036854775808S", "P106751991167301D", "PT99999999999999999999999H", "P1Y", "P1M", "P1Y2M3DT4H",
    ])
    func `a span that seconds of 64 bits don't hold is out of range`(text: String) {
        #expect(throws: ValueError.outOfRange(.duration)) { try valuesRead(text, as: .duration, .v4) }
    }

    @Test func `the longest spans print and read`() throws {
        for seconds in [Int64.min, .min + 1, .max, .max - 1] {
            let span = try #require(ODataDuration(seconds: seconds))
            #expect(ODataDuration(span.description) == span)
            #expect(try valuesRead(DurationText.timeText(of: span), as: .time, .v2) == .time(span))
        }
    }

    @Test func `spans of mixed signs don't exist`() {
        #expect(ODataDuration(seconds: 1, nanoseconds: -1) == nil)
        #expect(ODataDuration(seconds: 0, nanoseconds: -1, picoseconds: 1) == nil)
        #expect(ODataDuration(seconds: -1, nanoseconds: -1, picoseconds: -999) != nil)
        #expect(ODataDuration(seconds: 0, nanoseconds: .min) == nil)
    }

    @Test func `spans become Swift durations and come back`() throws {
        var random = ValuesRandom(seed: 3)
        for _ in 0..<20_000 {
            let span = try random.duration()
            #expect(ODataDuration(exactly: Duration(span)) == span)
        }
        #expect(ODataDuration(exactly: Duration(secondsComponent: 1, attosecondsComponent: 1)) == nil)
        #expect(ODataDuration(truncating: Duration(secondsComponent: -1, attosecondsComponent: -1)).seconds == -1)
    }

    @Test func `times of day and spans below a day become each other`() throws {
        let time = try #require(TimeOfDay("10:11:12.5"))
        #expect(TimeOfDay(ODataDuration(time)) == time)
        #expect(TimeOfDay(try #require(ODataDuration("PT24H"))) == nil)
        #expect(TimeOfDay(try #require(ODataDuration("-PT0.1S"))) == nil)
    }

    @Test func `every printed date, time and instant reads as itself`() throws {
        var random = ValuesRandom(seed: 4)
        for _ in 0..<20_000 {
            let (date, time, instant) = (try random.date(), try random.time(), try random.instant())
            #expect(CalendarDate(date.description) == date)
            #expect(TimeOfDay(time.description) == time)
            let wall = LocalDateTime(date, time)
            #expect(LocalDateTime(wall.description) == wall)
            #expect(OffsetDateTime(instant.description) == instant)
            #expect(instant.at(offsetMinutes: 0)?.secondsSinceEpoch == instant.secondsSinceEpoch)
        }
    }

    @Test func `GUIDs print in small letters and are read in either`() throws {
        let text = "01234567-89ab-cdef-0123-456789abcdef"
        let guid = try #require(GUID(text.uppercased()))
        #expect(guid.description == text)
        #expect(GUID(bytes: guid.bytes) == guid)
        for wrong in [
            "", "0123456789abcdef0123456789abcdef", "{\(text)}", text + "0", text.replacing("f", with: "g"),
            text.replacing("-", with: "0"),
        ] {
            #expect(GUID(wrong) == nil)
        }
        var random = ValuesRandom(seed: 5)
        for _ in 0..<20_000 {
            let guid = random.guid()
            #expect(GUID(guid.description) == guid)
            #expect(GUID(bytes: guid.bytes) == guid)
        }
    }
}
