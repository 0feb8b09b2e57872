import Testing

@testable import OData

@Suite("Literals of URLs")
struct ValuesLiteralsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var value: ODataValue?
        var text: String
        var version: ODataVersion

        var testDescription: String { "\(version) \(text)" }

        init(_ value: ODataValue?, _ text: String, _ version: ODataVersion) {
            (self.value, self.text, self.version) = (value, text, version)
        }
    }

    /// MS-ODATA §2.2.2.
    static let version2: [Case] = [
        Case(.null, "null", .v2), Case(.boolean(true), "true", .v2), Case(.byte(5), "5", .v2),
        Case(.sbyte(-5), "-5", .v2),
        Case(.int32(-10), "-10", .v2), Case(.int64(10), "10L", .v2), Case(.single(1.5), "1.5f", .v2),
        Case(.double(1.5), "1.5d", .v2),
        Case(.double(1e63), "1E63d", .v2), Case(.double(.infinity), "INF", .v2), Case(.double(-.infinity), "-INF", .v2),
        Case(.single(.infinity), "INFf", .v2), Case(ODataDecimal("10.50").map { .decimal($0) }, "10.50M", .v2),
        Case(.string("O'Neil"), "'O''Neil'", .v2), Case(.string(""), "''", .v2), Case(.string("''"), "''''''", .v2),
        Case(.guid(GUID(high: 1, low: 2)), "guid'00000000-0000-0001-0000-000000000002'", .v2),
        Case(.binary([0xAB, 0xCD]), "X'ABCD'", .v2), Case(.binary([]), "X''", .v2),
        Case(LocalDateTime("2000-12-12T12:00").map { .dateTime($0) }, "datetime'2000-12-12T12:00:00'", .v2),
        Case(
            LocalDateTime("2000-12-12T12:00:00.1234567").map { .dateTime($0) }, "datetime'2000-12-12T12:00:00.1234567'",
            .v2),
        Case(
            OffsetDateTime("2000-12-12T12:00:00Z").map { .dateTimeOffset($0) }, "datetimeoffset'2000-12-12T12:00:00Z'",
            .v2),
        Case(
            OffsetDateTime("2000-12-12T12:00:00+02:00").map { .dateTimeOffset($0) },
            "datetimeoffset'2000-12-12T12:00:00+02:00'", .v2),
        Case(ODataDuration("PT10H11M12S").map { .time($0) }, "time'PT10H11M12S'", .v2),
    ]

    /// The OData ABNF's test cases and examples.
    static let version4: [Case] = [
        Case(.null, "null", .v4), Case(.boolean(false), "false", .v4), Case(.int32(-128), "-128", .v4),
        Case(.int64(3_000_000_000), "3000000000", .v4),
        Case(ODataDecimal("34.95").map { .decimal($0) }, "34.95", .v4),
        Case(.string("Say Hello,then go"), "'Say Hello,then go'", .v4),
        Case(CalendarDate("2012-12-03").map { .date($0) }, "2012-12-03", .v4),
        Case(CalendarDate("-0003-12-03").map { .date($0) }, "-0003-12-03", .v4),
        Case(OffsetDateTime("2012-12-03T07:16:23Z").map { .dateTimeOffset($0) }, "2012-12-03T07:16:23Z", .v4),
        Case(TimeOfDay("07:59:59.999").map { .timeOfDay($0) }, "07:59:59.999", .v4),
        Case(
            ODataDuration("P12DT23H59M59.999999999999S").map { .duration($0) }, "duration'P12DT23H59M59.999999999999S'",
            .v4),
        Case(
            GUID("01234567-89ab-cdef-0123-456789abcdef").map { .guid($0) }, "01234567-89ab-cdef-0123-456789abcdef", .v4),
        Case(.binary(Array("OData".utf8)), "binary'T0RhdGE='", .v4), Case(.binary([]), "binary''", .v4),
        Case(
            .enumeration(EnumerationValue("Yellow", of: QualifiedName("Sales", "Pattern"))), "Sales.Pattern'Yellow'",
            .v4),
        Case(
            .enumeration(EnumerationValue("Solid,Yellow", of: QualifiedName("Sales", "Pattern"))),
            "Sales.Pattern'Solid,Yellow'", .v4),
        Case(.enumeration(EnumerationValue("Solid,-42", of: QualifiedName("a.b", "P"))), "a.b.P'Solid,-42'", .v4),
        Case(
            .geo(GeoValue(.string("SRID=0;Point(142.1 64.1)"), of: .geographyPoint)),
            "geography'SRID=0;Point(142.1 64.1)'", .v4),
        Case(
            .geo(GeoValue(.string("SRID=0;MultiPolygon(((1 1,1 1),(1 1,2 2,3 3,1 1)))"), of: .geometryMultiPolygon)),
            "geometry'SRID=0;MultiPolygon(((1 1,1 1),(1 1,2 2,3 3,1 1)))'", .v4),
        Case(
            .geo(
                GeoValue(
                    .string("SRID=0;GeometryCollection(LineString(142.1 64.1,3.14 2.78))"), of: .geographyCollection)),
            "geography'SRID=0;GeometryCollection(LineString(142.1 64.1,3.14 2.78))'", .v4),
        Case(.double(.infinity), "INF", .v4), Case(.double(1e63), "1E63", .v4),
    ]

    @Test(arguments: version2 + version4) func `a value is written and read again`(expected: Case) throws {
        let value = try #require(expected.value)
        #expect(try value.literal(expected.version) == expected.text)
        #expect(try ODataValue(literal: expected.text, version: expected.version, type: value.primitiveType) == value)
    }

    @Test(arguments: [
        ("10l", ODataValue.int64(10)), ("1.5D", .double(1.5)), ("1.5F", .single(1.5)), ("5m", .decimal(5)),
        ("10", .int32(10)),
        ("10000000000", .int64(10_000_000_000)), ("True", .boolean(true)), ("1E3", .double(1_000)),
        ("binary'ab01'", .binary([0xAB, 1])),
        ("-10M", .decimal(-10)),
    ])
    func `pitfall 15: suffixes and words of version 2 have no case`(text: String, value: ODataValue) throws {
        #expect(try ODataValue(literal: text, version: .v2, type: nil) == value)
    }

    @Test(arguments: ODataVersion.allCases)
    func `a decimal that could only be written with an exponent is out of range as a literal`(
        version: ODataVersion
    ) throws {
        let zeros = String(repeating: "0", count: 63)
        for text in ["0." + zeros, "0." + zeros + "1"] {
            #expect(throws: ValueError.outOfRange(.decimal)) {
                try ODataValue(literal: text, version: version, type: nil)
            }
        }
        #expect(throws: ValueError.outOfRange(.decimal)) {
            try ODataValue(literal: "0." + zeros + "M", version: .v2, type: nil)
        }
    }

    @Test func `pitfall 15: a decimal without M is read for a decimal property`() throws {
        #expect(try ODataValue(literal: "10.50", version: .v2, type: .decimal) == .decimal(valuesDecimal("10.50")))
        #expect(try ODataValue(literal: "10", version: .v2, type: .decimal) == .decimal(10))
        #expect(try ODataValue(literal: "10.50", version: .v2, type: nil) == .decimal(valuesDecimal("10.5")))
        #expect(try ODataValue(literal: "1.5d", version: .v2, type: .double) == .double(1.5))
        #expect(throws: ValueError.mismatch(expected: "Edm.Decimal")) {
            try ODataValue(literal: "1.5d", version: .v2, type: .decimal)
        }
    }

    @Test(arguments: [
        "", "'", "'a", "a'", "'a'b'", "'a'''b'", "guid'1'", "guid'", "X'A'", "X'AG'", "x'AB'", "datetime'2000'",
        "time'10:00'", "foo'bar'", "10Q",
        "NULL", "L", "M", "datetimeoffset'x'", "N.E'A'", "--1", "1 ", "01234567-89ab-cdef-0123-456789abcdef",
        "2012-12-03",
    ])
    func `a text that is no literal of version 2 is refused`(text: String) {
        #expect(throws: ValueError.self) { try ODataValue(literal: text, version: .v2, type: nil) }
    }

    @Test(arguments: [
        "", "'", "'it's'", "10L", "10M", "1.5d", "guid'01234567-89ab-cdef-0123-456789abcdef'",
        "datetime'2000-01-01T00:00:00'", "X'AB'",
        "binary'A'", "binary'T0RhdGE=='", "duration'1D'", "duration'P'", "Color'Red'", "N.E''", "N.E'a b'", "N.E'a,,b'",
        "N.E'a,'",
        "N..E'a'", ".E'a'", "geography'Point(1 2)'", "geography'SRID=0;Blob(1 2)'", "geography'SRID=0;'", "2012-13-03",
        "0000-00-00",
        "2012-12-03T07:16:23", "24:00:00", "7:00", "01234567-89ab-cdef-0123-456789abcdeg", "+-1", "\u{661}", "N.E'a'b'",
    ])
    func `a text that is no literal of version 4 is refused`(text: String) {
        #expect(throws: ValueError.self) { try ODataValue(literal: text, version: .v4, type: nil) }
    }

    @Test func `a literal of another type is no literal of this one`() {
        for (text, type) in [
            ("'5'", PrimitiveType.int32), ("5", .guid), ("'2012-12-03'", .date), ("true", .int32), ("1.5", .int32),
            ("1e3", .int64), ("2012-12-03", .string),
            ("duration'PT1H'", .date), ("'abc'", .guid),
        ] {
            #expect(throws: ValueError.self) { try ODataValue(literal: text, version: .v4, type: type) }
        }
        #expect(throws: ValueError.outOfRange(.byte)) { try ODataValue(literal: "256", version: .v4, type: .byte) }
        #expect(throws: ValueError.outOfRange(.int16)) { try ODataValue(literal: "40000", version: .v2, type: .int16) }
    }

    @Test func `4.01 has durations and enumerations without their words`() throws {
        #expect(
            try ODataValue(literal: "'PT1H'", version: .v401, type: .duration)
                == .duration(#require(ODataDuration("PT1H"))))
        #expect(try ODataValue.enumeration(EnumerationValue("Red")).literal(.v401) == "'Red'")
    }

    @Test func `booleans may be digits where one is wanted, in version 2`() throws {
        #expect(try ODataValue(literal: "1", version: .v2, type: .boolean) == .boolean(true))
        #expect(throws: ValueError.self) { try ODataValue(literal: "1", version: .v4, type: .boolean) }
    }

    @Test(arguments: ["Red'", "Red' or 1 eq 1", "", ",", "Red,", "Red Blue", "5a", "-", "a\u{0}"])
    func `an enumeration can't break out of its quotes`(members: String) {
        #expect(throws: ValueError.malformed(nil)) {
            try ODataValue.enumeration(EnumerationValue(members, of: QualifiedName("N", "E"))).literal(.v4)
        }
    }

    @Test func `blanks behind commas are dropped and strange type names refused`() throws {
        #expect(try EnumerationValue("Red, Blue", of: QualifiedName("N", "E")).literal(.v4) == "N.E'Red,Blue'")
        #expect(throws: ValueError.malformed(nil)) {
            try EnumerationValue("Red", of: QualifiedName("N'", "E")).literal(.v4)
        }
        #expect(throws: ValueError.malformed(nil)) {
            try EnumerationValue("Red", of: QualifiedName("N..M", "E")).literal(.v4)
        }
    }

    @Test func `a number needs no plus sign, which a query would lose`() throws {
        for value in [1e63, 1e300, Double.leastNonzeroMagnitude, -2.5e100] {
            for version in [ODataVersion.v2, .v4] {
                #expect(try !ODataValue.double(value).literal(version).contains("+"))
            }
        }
    }

    @Test func `a decimal that needs an exponent has no form in version 2`() throws {
        let tiny = ODataValue.decimal(try valuesDecimal("1E-60"))
        #expect(throws: ValueError.outOfRange(.decimal)) { try tiny.literal(.v2) }
        #expect(throws: ValueError.outOfRange(.decimal)) { try tiny.jsonNode(.v2, ieee754Compatible: false) }
        #expect(try tiny.literal(.v4) == "1E-60")
    }

    @Test func `what isn't a single value has no literal`() throws {
        for value: ODataValue in [
            .complex(ComplexValue()), .deferred(DeferredLink()), .stream(StreamReference()), .untyped(.array([])),
        ] {
            #expect(throws: ValueError.mismatch(expected: "a primitive value")) { try value.literal(.v4) }
        }
        #expect(try ODataValue.collection(["a", 1, nil]).literal(.v4) == #"["a",1,null]"#)
        #expect(throws: ValueError.mismatch(expected: "a single value")) { try ODataValue.collection([]).literal(.v2) }
        #expect(throws: ValueError.self) { try ODataValue.collection([.collection([])]).literal(.v4) }
        #expect(try ODataValue.untyped(.number("1.50")).literal(.v4) == "1.50")
    }

    @Test func `GeoJSON becomes well-known text`() throws {
        func numbers(_ texts: String...) -> JSONNode { .array(texts.map { .number($0) }) }
        func geometry(_ kind: String, _ coordinates: JSONNode) -> JSONNode {
            .object([.init("type", .string(kind)), .init("coordinates", coordinates)])
        }
        func literal(_ node: JSONNode, _ type: PrimitiveType = .geography) throws -> String {
            try GeoValue(node, of: type).literal()
        }
        let point = geometry("Point", numbers("142.1", "64.1"))
        let ring = JSONNode.array([numbers("1", "1"), numbers("2", "2"), numbers("1", "1")])
        #expect(try literal(point) == "geography'SRID=4326;Point(142.1 64.1)'")
        #expect(try literal(point, .geometryPoint) == "geometry'SRID=0;Point(142.1 64.1)'")
        #expect(try literal(geometry("LineString", ring)) == "geography'SRID=4326;LineString(1 1,2 2,1 1)'")
        #expect(
            try literal(geometry("Polygon", .array([ring, ring])))
                == "geography'SRID=4326;Polygon((1 1,2 2,1 1),(1 1,2 2,1 1))'")
        #expect(try literal(geometry("MultiPoint", ring)) == "geography'SRID=4326;MultiPoint((1 1),(2 2),(1 1))'")
        #expect(
            try literal(geometry("MultiPolygon", .array([.array([ring])])))
                == "geography'SRID=4326;MultiPolygon(((1 1,2 2,1 1)))'")
        let collection = JSONNode.object([
            .init("type", .string("GeometryCollection")), .init("geometries", .array([point, point])),
        ])
        #expect(
            try literal(collection) == "geography'SRID=4326;GeometryCollection(Point(142.1 64.1),Point(142.1 64.1))'")
        let crs = JSONNode.object([
            .init("type", .string("name")), .init("properties", .object([.init("name", .string("EPSG:25832"))])),
        ])
        #expect(
            try literal(
                .object([.init("type", .string("Point")), .init("coordinates", numbers("1", "2")), .init("crs", crs)]))
                == "geography'SRID=25832;Point(1 2)'")
        for wrong: JSONNode in [
            .null, .number("1"), .object([]), geometry("Blob", ring), geometry("Point", ring),
            geometry("Point", numbers("1")), geometry("Point", .array([.string("1'"), .number("2")])),
            .string("SRID=0;Point(1 2)'x"),
        ] {
            #expect(throws: ValueError.malformed(.geography)) { try literal(wrong) }
        }
        var nested = point
        for _ in 0..<20 {
            nested = .object([.init("type", .string("GeometryCollection")), .init("geometries", .array([nested]))])
        }
        #expect(throws: ValueError.malformed(.geography)) { try literal(nested) }
    }

    @Test func `ten million quotes take one pass`() throws {
        let text = String(repeating: "'", count: 10_000_000)
        let value = try ODataValue(literal: text, version: .v4, type: .string)
        #expect(value == .string(String(repeating: "'", count: 4_999_999)))
        #expect(try value.literal(.v4) == text)
        #expect(throws: ValueError.self) { try ODataValue(literal: text + "'", version: .v4, type: .string) }
    }
}
