import Testing

@testable import OData

@Suite("JSON forms of values")
struct ValuesJSONFormsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var isString: Bool
        var type: PrimitiveType
        var version: ODataVersion
        var value: ODataValue?

        var testDescription: String { "\(version) \(type.rawValue) \(text)" }

        init(_ text: String, string: Bool = true, _ type: PrimitiveType, _ version: ODataVersion, _ value: ODataValue?)
        {
            (self.text, isString, self.type, self.version, self.value) = (text, string, type, version, value)
        }
    }

    /// Numbers as SAP's services and UI5's test data have them.
    static let version2: [Case] = [
        Case("9223372036854775807", .int64, .v2, .int64(.max)), Case("-5", string: false, .int64, .v2, .int64(-5)),
        Case("12.50", .decimal, .v2, ODataDecimal("12.50").map { .decimal($0) }),
        Case("12.5", string: false, .decimal, .v2, ODataDecimal("12.5").map { .decimal($0) }),
        Case("1.0000000000000001E63", .double, .v2, .double(1.0000000000000001e63)),
        Case("-1.234567E-03", .single, .v2, .single(-1.234567e-03)), Case("INF", .double, .v2, .double(.infinity)),
        Case("-INF", .single, .v2, .single(-.infinity)), Case("3.5", string: false, .double, .v2, .double(3.5)),
        Case("255", string: false, .byte, .v2, .byte(255)), Case("255", .byte, .v2, .byte(255)),
        Case("-128", string: false, .sbyte, .v2, .sbyte(-128)), Case("7", .int16, .v2, .int16(7)),
        Case("true", string: false, .boolean, .v2, .boolean(true)), Case("false", .boolean, .v2, .boolean(false)),
        Case("AQID", .binary, .v2, .binary([1, 2, 3])), Case("/+8=", .binary, .v2, .binary([255, 239])),
        Case("null", string: false, .decimal, .v2, .null), Case("", .string, .v2, .string("")),
    ]

    /// OData JSON 4.01 §7.1, example 12, and the forms of the ABNF.
    static let version4: [Case] = [
        Case("null", string: false, .string, .v4, .null), Case("null", .string, .v4, .string("null")),
        Case("T0RhdGE", .binary, .v4, .binary(Array("OData".utf8))),
        Case("T0RhdGE=", .binary, .v4, .binary(Array("OData".utf8))),
        Case("-128", string: false, .sbyte, .v4, .sbyte(-128)),
        Case("3.1415926535897931", string: false, .double, .v4, .double(3.1415926535897931)),
        Case("INF", .single, .v4, .single(.infinity)),
        Case("34.95", string: false, .decimal, .v4, ODataDecimal("34.95").map { .decimal($0) }),
        Case("34.95", .decimal, .v4, ODataDecimal("34.95").map { .decimal($0) }),
        Case("Say \"Hello\",\nthen go", .string, .v4, .string("Say \"Hello\",\nthen go")),
        Case("2012-12-03", .date, .v4, CalendarDate("2012-12-03").map { .date($0) }),
        Case(
            "2012-12-03T07:16:23Z", .dateTimeOffset, .v4,
            OffsetDateTime("2012-12-03T07:16:23Z").map { .dateTimeOffset($0) }),
        Case(
            "P12DT23H59M59.999999999999S", .duration, .v4,
            ODataDuration(seconds: 1_123_199, nanoseconds: 999_999_999, picoseconds: 999).map { .duration($0) }),
        Case(
            "07:59:59.999", .timeOfDay, .v4,
            TimeOfDay(hour: 7, minute: 59, second: 59, nanosecond: 999_000_000).map { .timeOfDay($0) }),
        Case(
            "01234567-89ab-cdef-0123-456789abcdef", .guid, .v4,
            .guid(GUID(high: 0x0123_4567_89ab_cdef, low: 0x0123_4567_89ab_cdef))),
        Case("0", string: false, .int64, .v4, .int64(0)),
        Case("9007199254740993", .int64, .v401, .int64(9_007_199_254_740_993)),
        Case("1.0", string: false, .int32, .v4, .int32(1)), Case("1e2", string: false, .byte, .v4, .byte(100)),
        Case("-_-_", .binary, .v4, .binary([251, 255, 191])), Case("", .binary, .v4, .binary([])),
    ]

    @Test(arguments: version2) func `version 2 is read`(expected: Case) throws {
        let value = try #require(expected.value)
        let read = try valuesRead(expected.text, string: expected.isString, as: expected.type, expected.version)
        #expect(read == value)
    }

    @Test(arguments: version4) func `version 4 is read`(expected: Case) throws {
        let value = try #require(expected.value)
        let read = try valuesRead(expected.text, string: expected.isString, as: expected.type, expected.version)
        #expect(read == value)
    }

    @Test func `pitfall 2: numbers come as strings and as numbers`() throws {
        for type in [PrimitiveType.int64, .decimal, .double, .single, .byte, .sbyte, .int16, .int32] {
            let (string, number) = (
                try valuesRead("100", as: type, .v2), try valuesRead("100", string: false, as: type, .v2)
            )
            #expect(string == number)
            #expect(string.primitiveType == type)
        }
    }

    @Test func `NaN is read and isn't a number in either version`() throws {
        for version in [ODataVersion.v2, .v4] {
            guard case .double(let value) = try valuesRead("NaN", as: .double, version) else {
                Issue.record("no double"); return
            }
            #expect(value.isNaN)
            #expect(throws: ValueError.malformed(.double)) { try valuesRead("nan", as: .double, version) }
            #expect(throws: ValueError.malformed(.double)) { try valuesRead("Infinity", as: .double, version) }
        }
    }

    static let refused: [Case] = [
        Case("5", .int32, .v4, nil), Case("5", .double, .v4, nil), Case("true", .boolean, .v4, nil),
        Case("1", string: false, .boolean, .v2, nil),
        Case("TRUE", string: false, .boolean, .v2, nil), Case("5", string: false, .string, .v2, nil),
        Case("true", string: false, .string, .v4, nil),
        Case("5", string: false, .date, .v4, nil), Case("5", string: false, .guid, .v4, nil),
        Case("5", string: false, .binary, .v4, nil),
        Case("", .int64, .v2, nil), Case("-", .int64, .v2, nil), Case("1.5", .int64, .v2, nil),
        Case("0x10", .int64, .v2, nil),
        Case("0x1p3", .double, .v2, nil), Case("1e", .double, .v2, nil), Case("", .double, .v2, nil),
        Case(" 1", .double, .v2, nil),
        Case("A", .binary, .v4, nil), Case("AB", .binary, .v4, nil), Case("AA=", .binary, .v4, nil),
        Case("A===", .binary, .v4, nil),
        Case("AAA*", .binary, .v4, nil), Case("AA\nA", .binary, .v2, nil), Case("=", .binary, .v4, nil),
        Case("/Date(0)/", .dateTimeOffset, .v4, nil), Case("/Date(0)/", .date, .v4, nil),
        Case("2012-12-03T07:16:23", .dateTimeOffset, .v4, nil), Case("2012-12-03", .dateTimeOffset, .v4, nil),
        Case("2012-12-03 07:16:23Z", .dateTimeOffset, .v4, nil),
        Case("2012-12-03T07:16:23+0100", .dateTimeOffset, .v4, nil),
        Case("2012-12-03T07:16:23+01", .dateTimeOffset, .v4, nil),
        Case("2012-12-03T07:16:23ZZ", .dateTimeOffset, .v4, nil),
        Case("2012-12-03T07:16:23+01:00", .dateTime, .v2, nil), Case("null", .int32, .v2, nil),
        Case("", .timeOfDay, .v4, nil),
        Case("10:11:12", .time, .v2, nil), Case("true", string: false, .decimal, .v2, nil),
    ]

    @Test(arguments: refused) func `another form is malformed`(wrong: Case) {
        #expect(throws: ValueError.malformed(wrong.type)) {
            try valuesRead(wrong.text, string: wrong.isString, as: wrong.type, wrong.version)
        }
    }

    static let beyond: [Case] = [
        Case("256", string: false, .byte, .v4, nil), Case("-1", string: false, .byte, .v2, nil),
        Case("128", string: false, .sbyte, .v4, nil),
        Case("32768", string: false, .int16, .v4, nil), Case("2147483648", string: false, .int32, .v4, nil),
        Case("9223372036854775808", .int64, .v2, nil), Case("-9223372036854775809", .int64, .v4, nil),
        Case("99999999999999999999999999", string: false, .int64, .v4, nil),
        Case("1.5", string: false, .int32, .v4, nil),
        Case("1e400", string: false, .int64, .v4, nil), Case("1E999", .double, .v2, nil),
        Case("-1E999999999", string: false, .double, .v4, nil),
        Case("1E39", .single, .v2, nil), Case("3.5E38", string: false, .single, .v4, nil),
        Case("2012-12-03T07:16:23+14:01", .dateTimeOffset, .v4, nil),
        Case("2012-12-03T07:16:23-99:00", .dateTimeOffset, .v4, nil),
        Case("2012-12-03T07:16:23+01:60", .dateTimeOffset, .v4, nil),
        Case("2012-02-30T07:16:23Z", .dateTimeOffset, .v4, nil),
        Case("10000-01-01T00:00:00", .dateTime, .v2, nil), Case("/Date(0+0841)/", .dateTimeOffset, .v2, nil),
    ]

    @Test(arguments: beyond) func `a value that its type can't hold is out of range`(wrong: Case) {
        #expect(throws: ValueError.outOfRange(wrong.type)) {
            try valuesRead(wrong.text, string: wrong.isString, as: wrong.type, wrong.version)
        }
    }

    @Test func `the least and the largest integers are read`() throws {
        #expect(try valuesRead("-9223372036854775808", as: .int64, .v2) == .int64(.min))
        #expect(try valuesRead("0000000000000000000000000000009", as: .int64, .v2) == .int64(9))
        #expect(try valuesRead("-2147483648", string: false, as: .int32, .v4) == .int32(.min))
    }

    @Test func `floats are rounded once, to the nearest`() throws {
        // Halfway cases and long digits, where a second rounding would show.
        #expect(try valuesRead("9007199254740993", string: false, as: .double, .v4) == .double(9_007_199_254_740_992))
        #expect(
            try valuesRead("1.00000005960464477539062500001", string: false, as: .single, .v4) == .single(1.0000001))
        #expect(
            try valuesRead("2.2250738585072011e-308", string: false, as: .double, .v4)
                == .double(Double(bitPattern: 0x000F_FFFF_FFFF_FFFF)))
        #expect(try valuesRead("1e-999999999", string: false, as: .double, .v4) == .double(0))
        #expect(
            try valuesRead("123456789012345678901234567890e-10", string: false, as: .double, .v4)
                == .double(12345678901234567890.123456789))
        #expect(throws: ValueError.outOfRange(.double)) {
            try valuesReadBytes(
                [UInt8](repeating: UInt8(ascii: "1"), count: 10_000_000), string: false, as: .double, .v4)
        }
    }

    @Test func `every way to a float rounds as the standard library does`() throws {
        var random = ValuesRandom(seed: 7)
        for _ in 0..<20_000 {
            var digits = String(random.next() >> UInt64(random.int(0...60)))
            if random.chance(2) {
                let place = random.int(1...digits.utf8.count)
                if place < digits.utf8.count {
                    digits.insert(".", at: digits.index(digits.startIndex, offsetBy: place))
                }
            }
            let text = (random.chance(2) ? "-" : "") + digits + "e\(random.int(-45...18))"
            let double = try #require(Double(text))
            let read = try valuesRead(text, string: false, as: .double, .v4)
            #expect(read == .double(double))
            if let single = Float(text), single.isFinite {
                let read = try valuesRead(text, string: false, as: .single, .v4)
                #expect(read == .single(single))
            }
        }
    }

    @Test func `halves go to the even float`() throws {
        // 2^53 + 1 lies between two floats; with a digit more it is nearer to the upper one.
        for (text, nearest) in [
            ("9007199254740993", 0x1p53), ("9007199254740993.0", 0x1p53), ("9007199254740993.001", 0x1p53 + 2),
            ("9007199254740995", 0x1p53 + 4),
            ("900719925474099.3", 900_719_925_474_099.3), ("0.5000000000000000555", 0.5),
            ("0.5000000000000000556", 0.5000000000000001),
        ] {
            let read = try valuesRead(text, string: false, as: .double, .v4)
            #expect(read == .double(nearest))
            #expect(Double(text) == nearest)
        }
    }

    @Test func `bytes that are no UTF-8 are no string`() {
        #expect(throws: ValueError.malformed(.string)) { try valuesReadBytes([0xFF, 0x41], as: .string, .v4) }
        #expect(throws: ValueError.malformed(.decimal)) { try valuesReadBytes([0xFF, 0x31], as: .decimal, .v4) }
        #expect(throws: ValueError.malformed(.date)) { try valuesReadBytes([0xFF, 0x31], as: .date, .v4) }
    }

    @Test func `spatial values and streams are kept as they came`() throws {
        #expect(try valuesRead("x", as: .geographyPoint, .v2) == .geo(GeoValue(.string("x"), of: .geographyPoint)))
        #expect(try valuesRead("5.0", string: false, as: .stream, .v4) == .untyped(.number("5.0")))
        #expect(try valuesRead("true", string: false, as: .stream, .v4) == .untyped(.boolean(true)))
    }
}
