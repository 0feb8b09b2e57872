import Testing

@testable import OData

@Suite("Dates and numbers of SAP's services in JSON")
struct ValuesSAPDatesTests {
    @Test(arguments: [
        ("/Date(0)/", "1970-01-01T00:00:00"), ("/Date(-1)/", "1969-12-31T23:59:59.999"),
        ("/Date(1641254400000)/", "2022-01-04T00:00:00"), ("/Date(1641254400123)/", "2022-01-04T00:00:00.123"),
        ("/Date(253402300799000)/", "9999-12-31T23:59:59"), ("/Date(-62135596800000)/", "0001-01-01T00:00:00"),
        ("/Date(0+0000)/", "1970-01-01T00:00:00"), ("/Date(0+0120)/", "1970-01-01T02:00:00"),
        ("/Date(0-0090)/", "1969-12-31T22:30:00"),
    ])
    func `pitfall 3: milliseconds are wall time, an offset is in minutes`(text: String, wall: String) throws {
        #expect(try valuesRead(text, as: .dateTime, .v2) == valuesWall(wall))
    }

    @Test(arguments: [
        ("/Date(0)/", "1970-01-01T00:00:00Z"), ("/Date(0+0120)/", "1970-01-01T02:00:00+02:00"),
        ("/Date(1641254400000-0330)/", "2022-01-03T18:30:00-05:30"), ("2022-01-04T00:00:00Z", "2022-01-04T00:00:00Z"),
        ("2022-01-04T00:00:00", "2022-01-04T00:00:00Z"),
        ("2022-01-04T00:00:00.1234567+01:00", "2022-01-04T00:00:00.1234567+01:00"),
    ])
    func `pitfall 3: an instant comes with and without an offset`(text: String, instant: String) throws {
        #expect(try valuesRead(text, as: .dateTimeOffset, .v2) == valuesInstant(instant))
    }

    @Test(arguments: [
        "2022-01-04", "2022-01-04T00:00:00", "2022-01-04T00:00", "2022-01-04T00:00:00Z", "/Date(1641254400000)/",
    ])
    func `pitfall 4: a date in ISO form is the same wall time`(text: String) throws {
        #expect(try valuesRead(text, as: .dateTime, .v2) == valuesWall("2022-01-04T00:00:00"))
    }

    @Test(arguments: [
        "/Date()/", "/Date(", "/Date(0", "/Date(0)", "/Date(0/", "/Date(a)/", "/Date(0)/x", "/Date(0+)/",
        "/Date(0+01200)/",
        "/Date(0 +0120)/", "/Date(--1)/", "/Date(1.5)/", "/date(0)/", "/", "//", "/Date(-)/", "\\/Date(0)\\/",
    ])
    func `pitfall 3: what only looks like milliseconds is malformed`(text: String) {
        #expect(throws: ValueError.malformed(.dateTime)) { try valuesRead(text, as: .dateTime, .v2) }
    }

    @Test(arguments: [
        "/Date(9223372036854775807)/", "/Date(-9223372036854775808-9999)/", "/Date(253402300800000)/",
        "/Date(99999999999999999999999)/",
    ])
    func `pitfall 3: milliseconds beyond the years are out of range`(text: String) {
        #expect(throws: ValueError.outOfRange(.dateTime)) { try valuesRead(text, as: .dateTime, .v2) }
    }

    @Test func `pitfall 5: ABAP's empty date is null and its last day a day`() throws {
        for text in ["0000-00-00", "0000-00-00T00:00:00"] {
            #expect(try valuesRead(text, as: .dateTime, .v2) == .null)
            #expect(try valuesRead(text + (text.count > 10 ? "Z" : ""), as: .dateTimeOffset, .v2) == .null)
        }
        #expect(try valuesRead("0000-00-00", as: .date, .v4) == .null)
        #expect(try valuesRead("null", string: false, as: .dateTime, .v2) == .null)
        #expect(try valuesRead("9999-12-31", as: .date, .v4) == .date(.last))
        #expect(throws: ValueError.outOfRange(.dateTime)) { try valuesRead("0000-00-01", as: .dateTime, .v2) }
        #expect(throws: ValueError.malformed(.dateTime)) { try valuesRead("0000-00-00T", as: .dateTime, .v2) }
    }

    @Test func `pitfall 6: a time is a span, up to and beyond midnight`() throws {
        let time = try #require(ODataDuration(seconds: 36_672))
        #expect(try valuesRead("PT10H11M12S", as: .time, .v2) == .time(time))
        #expect(try ODataValue.time(time).jsonNode(.v2, ieee754Compatible: false) == .string("PT10H11M12S"))
        #expect(try ODataValue.time(time).literal(.v2) == "time'PT10H11M12S'")
        let midnight = try valuesRead("PT24H00M00S", as: .time, .v2)
        #expect(try midnight.jsonNode(.v2, ieee754Compatible: false) == .string("PT24H00M00S"))
        #expect(try valuesRead("PT00H00M00S", as: .time, .v2).literal(.v2) == "time'PT00H00M00S'")
    }

    @Test func `pitfall 7: a decimal is sent as text in version 2 and as number in version 4`() throws {
        let price = ODataValue.decimal(try valuesDecimal("12.50"))
        #expect(try price.jsonNode(.v2, ieee754Compatible: false) == .string("12.50"))
        #expect(try price.jsonNode(.v2, ieee754Compatible: true) == .string("12.50"))
        #expect(try price.jsonNode(.v4, ieee754Compatible: false) == .number("12.50"))
    }

    @Test func `pitfall 48: with IEEE754Compatible long numbers are text`() throws {
        #expect(try ODataValue.int64(.max).jsonNode(.v4, ieee754Compatible: true) == .string("9223372036854775807"))
        #expect(try ODataValue.int64(.max).jsonNode(.v4, ieee754Compatible: false) == .number("9223372036854775807"))
        #expect(
            try ODataValue.decimal(valuesDecimal("0.10")).jsonNode(.v401, ieee754Compatible: true) == .string("0.10"))
        #expect(try ODataValue.int32(5).jsonNode(.v4, ieee754Compatible: true) == .number("5"))
        #expect(try ODataValue.double(0.5).jsonNode(.v4, ieee754Compatible: true) == .number("0.5"))
    }

    @Test func `pitfall 21: initial values are values`() throws {
        #expect(try valuesRead("", as: .string, .v2) == .string(""))
        let zero = try valuesRead("0.00", as: .decimal, .v2)
        #expect(zero == .decimal(.zero))
        #expect(try zero.jsonNode(.v2, ieee754Compatible: false) == .string("0.00"))
        #expect(zero != .null)
    }

    @Test func `pitfall 22: digits of a string stay text`() throws {
        let key = try valuesRead("0001000001", as: .string, .v2)
        #expect(key == .string("0001000001"))
        #expect(key != .string("1000001"))
        #expect(try key.literal(.v2) == "'0001000001'")
        #expect(throws: ValueError.mismatch(expected: "Edm.String")) {
            try ODataValue(literal: "1000001", version: .v2, type: .string)
        }
    }

    @Test func `pitfall 23: 34 digits with a scale of 14 go there and back`() throws {
        for text in ["12345678901234567890.12345678901234", "-0.00000000000001", "1000.000", "1000.00000000000000"] {
            let value = try valuesRead(text, as: .decimal, .v2)
            #expect(try value.jsonNode(.v2, ieee754Compatible: false) == .string(text))
            #expect(try value.literal(.v2) == text + "M")
            #expect(
                try valuesRead(text, string: false, as: .decimal, .v4).jsonNode(.v4, ieee754Compatible: false)
                    == .number(text))
        }
    }

    @Test func `pitfall 24: blanks at the end stay`() throws {
        #expect(try valuesRead("EA ", as: .string, .v2) == .string("EA "))
        #expect(try ODataValue.string("EA ").literal(.v2) == "'EA '")
    }

    @Test func `pitfall 25: an amount knows no unit, which is another property`() throws {
        #expect(throws: ValueError.malformed(.decimal)) { try valuesRead("12.50 EUR", as: .decimal, .v2) }
    }

    @Test func `a date is sent in milliseconds, or in ISO form where these are too coarse`() throws {
        #expect(
            try valuesWall("2022-01-04T00:00:00").jsonNode(.v2, ieee754Compatible: false)
                == .string("/Date(1641254400000)/"))
        #expect(
            try valuesWall("1969-12-31T23:59:59.999").jsonNode(.v2, ieee754Compatible: false) == .string("/Date(-1)/"))
        #expect(
            try valuesWall("2022-01-04T00:00:00.1234567").jsonNode(.v2, ieee754Compatible: false)
                == .string("2022-01-04T00:00:00.1234567"))
        #expect(
            try valuesInstant("1970-01-01T02:00:00+02:00").jsonNode(.v2, ieee754Compatible: false)
                == .string("/Date(0+0120)/"))
        #expect(
            try valuesInstant("1970-01-01T00:00:00Z").jsonNode(.v2, ieee754Compatible: false) == .string("/Date(0)/"))
        #expect(
            try valuesInstant("1970-01-01T00:00:00-00:30").jsonNode(.v2, ieee754Compatible: false)
                == .string("/Date(1800000-0030)/"))
    }

    @Test func `dates of version 4 become what version 2 has, and times the other way`() throws {
        let date = ODataValue.date(try #require(CalendarDate("2022-01-04")))
        #expect(try date.literal(.v2) == "datetime'2022-01-04T00:00:00'")
        let time = ODataValue.timeOfDay(try #require(TimeOfDay("10:11:12")))
        #expect(try time.literal(.v2) == "time'PT10H11M12S'")
        let span = ODataValue.time(try #require(ODataDuration("PT10H")))
        #expect(try span.jsonNode(.v4, ieee754Compatible: false) == .string("10:00:00"))
        #expect(throws: ValueError.mismatch(expected: "Edm.DateTimeOffset")) {
            try valuesWall("2022-01-04").literal(.v4)
        }
        #expect(throws: ValueError.mismatch(expected: "Edm.TimeOfDay")) {
            try ODataValue.time(#require(ODataDuration("PT24H"))).literal(.v4)
        }
    }
}
