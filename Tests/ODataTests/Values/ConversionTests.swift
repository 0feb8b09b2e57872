import Testing

@testable import OData

@Suite("Values become what a property wants")
struct ValuesConversionTests {
    private func converted(_ value: ODataValue, _ type: PrimitiveType) throws(ValueError) -> ODataValue {
        try value.converted(to: .primitive(type), version: .v2, metadata: nil)
    }

    @Test(arguments: [
        (ODataValue.int32(5), PrimitiveType.decimal, ODataValue.decimal(5)), (.int32(5), .int64, .int64(5)),
        (.int64(5), .byte, .byte(5)),
        (.byte(5), .double, .double(5)), (.int32(-5), .single, .single(-5)), (.decimal(5), .int32, .int32(5)),
        (.single(1.5), .double, .double(1.5)),
        (.double(1.5), .single, .single(1.5)),
        ("12.50", .decimal, .decimal(ODataDecimal(significand: 1250, exponent: -2))),
        ("5", .int32, .int32(5)), ("1.5", .double, .double(1.5)), ("true", .boolean, .boolean(true)),
        (nil, .decimal, nil),
        (.decimal(ODataDecimal(significand: 15, exponent: -1)), .double, .double(1.5)),
        (.decimal(ODataDecimal(significand: 15, exponent: -1)), .single, .single(1.5)),
        (.untyped(.number("1.50")), .decimal, .decimal(ODataDecimal(significand: 150, exponent: -2))),
        (.untyped(.string("a")), .string, "a"),
        (.string("x"), .string, "x"),
    ])
    func `without loss`(value: ODataValue, type: PrimitiveType, expected: ODataValue) throws {
        let result = try converted(value, type)
        #expect(result == expected)
    }

    @Test(arguments: [
        (ODataValue.int32(256), PrimitiveType.byte), (.int64(.max), .int32), (.int32(16_777_217), .single),
        (.int64(9_007_199_254_740_993), .double),
        (.decimal(ODataDecimal(significand: 15, exponent: -1)), .int32), (.double(0.1), .single),
        (.double(1e300), .single),
        (.decimal(ODataDecimal(significand: 1, exponent: 400)), .double), ("256", .byte), ("0000-00-00", .dateTime),
    ])
    func `a loss is out of range`(value: ODataValue, type: PrimitiveType) {
        #expect(throws: ValueError.outOfRange(type)) { try converted(value, type) }
    }

    @Test(arguments: [
        (ODataValue.double(1.5), PrimitiveType.decimal), (.single(1.5), .decimal), (.double(1), .int32),
        (.int32(1), .boolean), (.boolean(true), .int32),
        (.int32(1), .string), (.guid(GUID(high: 0, low: 0)), .string), ("AQID", .binary), (.int32(1), .date),
        (.collection([]), .int32),
        (.complex(ComplexValue()), .string), (.enumeration(EnumerationValue("A")), .string),
    ])
    func `another kind is a mismatch, a binary float for a decimal too`(value: ODataValue, type: PrimitiveType) {
        #expect(throws: ValueError.mismatch(expected: type.rawValue)) { try converted(value, type) }
    }

    @Test func `dates and times become their relatives`() throws {
        let date = try #require(CalendarDate("2024-02-29"))
        let wall = LocalDateTime(date, .midnight)
        #expect(try converted(.date(date), .dateTime) == .dateTime(wall))
        #expect(try converted(.dateTime(wall), .date) == .date(date))
        #expect(throws: ValueError.outOfRange(.date)) { try converted(valuesWall("2024-02-29T00:00:01"), .date) }
        #expect(throws: ValueError.mismatch(expected: "Edm.DateTimeOffset")) {
            try converted(.dateTime(wall), .dateTimeOffset)
        }
        let time = try #require(TimeOfDay("10:00"))
        #expect(try converted(.timeOfDay(time), .time) == .time(ODataDuration(time)))
        #expect(try converted(.time(ODataDuration(time)), .timeOfDay) == .timeOfDay(time))
        #expect(try converted(.duration(ODataDuration(time)), .time) == .time(ODataDuration(time)))
        #expect(throws: ValueError.outOfRange(.timeOfDay)) {
            try converted(.duration(#require(ODataDuration("P1D"))), .timeOfDay)
        }
        #expect(try converted("2024-02-29", .dateTime) == .dateTime(wall))
        #expect(try converted("2024-02-29", .date) == .date(date))
        #expect(throws: ValueError.malformed(.date)) { try converted("29.02.2024", .date) }
    }

    @Test func `collections are converted one by one`() throws {
        let type = TypeReference(.primitive(.decimal), isCollection: true)
        #expect(
            try ODataValue.collection([1, "2.0"]).converted(to: type, version: .v4, metadata: nil)
                == .collection([.decimal(1), .decimal(2)]))
        #expect(throws: ValueError.mismatch(expected: "a collection")) {
            try ODataValue.int32(1).converted(to: type, version: .v4, metadata: nil)
        }
        #expect(throws: ValueError.self) {
            try ODataValue.collection([.collection([])]).converted(to: type, version: .v4, metadata: nil)
        }
    }

    private func metadata() -> Metadata {
        var parts = MetadataParts()
        var color = EnumerationType(name: QualifiedName("N", "Color"))
        color.members = [.init(name: "Red", value: 1), .init(name: "Blue", value: 2)]
        var flags = color
        (flags.name, flags.isFlags) = (QualifiedName("N", "Flags"), true)
        parts.enumerationTypes = [color.name: color, flags.name: flags]
        let money = TypeDefinition(name: QualifiedName("N", "Money"), underlyingType: .primitive(.decimal))
        parts.typeDefinitions = [money.name: money]
        parts.structuredTypes = [
            QualifiedName("N", "Address"): StructuredType(kind: .complex, name: QualifiedName("N", "Address"))
        ]
        return Metadata(parts)
    }

    @Test func `enumerations take the members that they have`() throws {
        let metadata = metadata()
        func enumerated(_ value: ODataValue, _ name: String) throws(ValueError) -> ODataValue {
            try value.converted(to: TypeReference(.named(QualifiedName("N", name))), version: .v4, metadata: metadata)
        }
        let color = QualifiedName("N", "Color")
        #expect(try enumerated("Red", "Color") == .enumeration(EnumerationValue("Red", of: color)))
        #expect(try enumerated(.int32(2), "Color") == .enumeration(EnumerationValue("2", of: color)))
        #expect(
            try enumerated("Red, Blue", "Flags")
                == .enumeration(EnumerationValue("Red,Blue", of: QualifiedName("N", "Flags"))))
        #expect(
            try enumerated(.enumeration(EnumerationValue("Blue")), "Color")
                == .enumeration(EnumerationValue("Blue", of: color)))
        #expect(try enumerated(nil, "Color") == .null)
        #expect(throws: ValueError.mismatch(expected: "N.Color")) { try enumerated("Green", "Color") }
        #expect(throws: ValueError.mismatch(expected: "N.Color")) { try enumerated("Red,Blue", "Color") }
        #expect(throws: ValueError.mismatch(expected: "N.Color")) { try enumerated(.double(1), "Color") }
        #expect(throws: ValueError.malformed(nil)) { try enumerated("Red'", "Color") }
        #expect(throws: ValueError.malformed(nil)) { try enumerated("", "Flags") }
    }

    @Test func `type definitions are what they stand for, structured types take no scalars`() throws {
        let metadata = metadata()
        let money = TypeReference(.named(QualifiedName("N", "Money")))
        #expect(try ODataValue.int32(5).converted(to: money, version: .v4, metadata: metadata) == .decimal(5))
        #expect(throws: ValueError.mismatch(expected: "Edm.Decimal")) {
            try ODataValue.double(5).converted(to: money, version: .v4, metadata: metadata)
        }
        let address = TypeReference(.named(QualifiedName("N", "Address")))
        #expect(
            try ODataValue.complex(ComplexValue()).converted(to: address, version: .v4, metadata: metadata)
                == .complex(ComplexValue(of: QualifiedName("N", "Address"))))
        #expect(throws: ValueError.mismatch(expected: "N.Address")) {
            try ODataValue.int32(5).converted(to: address, version: .v4, metadata: metadata)
        }
        #expect(try ODataValue.int32(5).converted(to: money, version: .v4, metadata: nil) == .int32(5))
        #expect(
            try ODataValue.int32(5).converted(
                to: TypeReference(.abstract("Edm.PrimitiveType")), version: .v4, metadata: nil) == .int32(5))
    }
}

@Suite("Swift types among OData's values")
struct ValuesConvertibleTests {
    private func roundTrip<Value: ODataConvertible & Equatable>(_ value: Value, _ expected: ODataValue) throws {
        #expect(value.odataValue == expected)
        #expect(try Value(odataValue: expected) == value)
    }

    @Test func `each type has its value`() throws {
        try roundTrip(true, .boolean(true))
        try roundTrip(5, .int32(5))
        try roundTrip(5_000_000_000, .int64(5_000_000_000))
        try roundTrip(Int64(5), .int64(5))
        try roundTrip(Int32(5), .int32(5))
        try roundTrip(Int16(5), .int16(5))
        try roundTrip(Int8(-5), .sbyte(-5))
        try roundTrip(UInt8(5), .byte(5))
        try roundTrip("a", .string("a"))
        try roundTrip(1.5, .double(1.5))
        try roundTrip(Float(1.5), .single(1.5))
        try roundTrip(ODataDecimal(15), .decimal(15))
        try roundTrip(GUID(high: 1, low: 2), .guid(GUID(high: 1, low: 2)))
        try roundTrip(CalendarDate.last, .date(.last))
        try roundTrip(TimeOfDay.midnight, .timeOfDay(.midnight))
        try roundTrip(LocalDateTime(.last, .midnight), .dateTime(LocalDateTime(.last, .midnight)))
        try roundTrip(#require(OffsetDateTime(secondsSinceEpoch: 0)), valuesInstant("1970-01-01T00:00:00Z"))
        try roundTrip(#require(ODataDuration(seconds: 5)), .duration(#require(ODataDuration(seconds: 5))))
        try roundTrip(EnumerationValue("A"), .enumeration(EnumerationValue("A")))
        try roundTrip([UInt8]([1, 2]), .binary([1, 2]))
        try roundTrip(["a", "b"], .collection(["a", "b"]))
        try roundTrip(String?.none, .null)
        try roundTrip(String?.some("a"), .string("a"))
        try roundTrip([Int?]([1, nil]), .collection([1, nil]))
        try roundTrip(ODataValue.null, .null)
    }

    @Test func `relatives are taken, strangers and losses aren't`() throws {
        #expect(try Int(odataValue: .decimal(5)) == 5)
        #expect(try ODataDecimal(odataValue: .int64(5)) == 5)
        #expect(try CalendarDate(odataValue: .dateTime(LocalDateTime(.last, .midnight))) == .last)
        #expect(try [UInt8](odataValue: .collection([.byte(1)])) == [1])
        #expect(throws: ValueError.outOfRange(.byte)) { try UInt8(odataValue: .int32(256)) }
        #expect(throws: ValueError.outOfRange(.int64)) {
            try Int(odataValue: .decimal(ODataDecimal(significand: 15, exponent: -1)))
        }
        #expect(throws: ValueError.mismatch(expected: "Edm.Decimal")) { try ODataDecimal(odataValue: .double(1)) }
        #expect(throws: ValueError.mismatch(expected: "Edm.Decimal")) { try ODataDecimal(odataValue: "1") }
        #expect(throws: ValueError.mismatch(expected: "Edm.Double")) { try Double(odataValue: .decimal(1)) }
        #expect(throws: ValueError.mismatch(expected: "Edm.String")) { try String(odataValue: .int32(1)) }
        #expect(throws: ValueError.mismatch(expected: "Edm.String")) { try String(odataValue: .null) }
        #expect(throws: ValueError.mismatch(expected: "a collection")) { try [Int](odataValue: 5) }
        #expect(throws: ValueError.mismatch(expected: "Edm.Boolean")) { try Bool(odataValue: "true") }
    }
}
