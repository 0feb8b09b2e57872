import Postgres
import TestSupport
import Testing

@Suite("Values travel to PostgreSQL and back unchanged")
struct ValueRoundTripTests {
    private func row(_ statement: Statement) async throws -> Row {
        try await TestDatabase.with { database in
            try await database.withClient { try await $0.read(statement).exactlyOne() }
        }
    }

    @Test func `text keeps every character, the empty one included`() async throws {
        let texts = [
            "", "plain", "Grüße, 日本語 🚪\u{301}", "quote ' back \\ slash $1 %s\n\t",
            String(repeating: "x", count: 100_000),
        ]
        let row = try await row(Statement("SELECT $1, $2, $3, $4, $5", texts.map { .text($0) }))
        for (index, text) in texts.enumerated() { #expect(try row.text(index) == text) }
    }

    @Test func `a zero character in text is refused by the server, not cut off`() async throws {
        await #expect(throws: PostgresError.server(SQLState("22021"), constraint: nil)) {
            _ = try await row(Statement("SELECT $1", [.text("a\u{0}b")]))
        }
    }

    @Test func `whole numbers keep their extremes in all three sizes`() async throws {
        let row = try await row(
            Statement(
                "SELECT $1, $2, $3, (-32768)::int2, 32767::int2, (-2147483648)::int4, 2147483647::int4",
                [.int(.min), .int(.max), .int(-1)]))
        let expected: [Int64] = [.min, .max, -1, -32_768, 32_767, -2_147_483_648, 2_147_483_647]
        for (index, number) in expected.enumerated() { #expect(try row.int(index) == number) }
    }

    @Test func `a number that its column cannot hold is an error of the server`() async throws {
        await #expect(throws: PostgresError.server(SQLState("22003"), constraint: nil)) {
            _ = try await row(Statement("SELECT $1::int2", [.int(40_000)]))
        }
    }

    @Test func `booleans, doubles, UUIDs and times round trip`() async throws {
        let (high, low) = (UInt64(0x0199_1234_5678_7abc), UInt64(0x8fff_ffff_ffff_ffff))
        let micros: [Int64] = [0, -1, 1_795_512_600_123_456, -62_135_596_800_000_000]
        let row = try await row(
            Statement(
                "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $4::text, $7 = '2026-11-24 09:30:00.123456+00'",
                [.bool(true), .bool(false), .double(-0.1), .uuid(high: high, low: low)]
                    + micros.map { .timestampMicros($0) }))
        #expect(try row.bool(0))
        #expect(try !row.bool(1))
        #expect(try row.double(2) == -0.1)
        #expect(try row.uuid(3) == (high, low))
        for (index, value) in micros.enumerated() { #expect(try row.timestampMicros(4 + index) == value) }
        #expect(try row.text(8) == "01991234-5678-7abc-8fff-ffffffffffff")
        #expect(try row.bool(9) == true, "the server must mean the same moment")
    }

    @Test func `bytes keep every value, a mebibyte of them too`() async throws {
        let all = (0...255).map { UInt8($0) }
        var large: [UInt8] = []
        for index in 0..<(1 << 20) { large.append(UInt8(truncatingIfNeeded: index &* 31 >> 3)) }
        let row = try await row(Statement("SELECT $1, $2, $3, length($3)", [.bytes([]), .bytes(all), .bytes(large)]))
        #expect(try row.bytes(0) == [])
        #expect(try row.bytes(1) == all)
        #expect(try row.bytes(2) == large)
        #expect(try row.int(3) == 1 << 20)
    }

    @Test func `arrays keep order, empty elements and emptiness`() async throws {
        let row = try await row(
            Statement(
                "SELECT $1, $2, $3, $4, $5, array_length($1, 1), $6",
                [
                    .textArray(["b", "", "ä,{}\"\\", "NULL"]), .textArray([]), .intArray([3, .min, .max]),
                    .uuidArray([(high: 1, low: 2), (high: .max, low: 0)]), .uuidArray([]), .intArray([]),
                ]))
        #expect(try row.textArray(0) == ["b", "", "ä,{}\"\\", "NULL"])
        #expect(try row.textArray(1) == [])
        #expect(try row.intArray(2) == [3, .min, .max])
        let uuids = try row.uuidArray(3)
        #expect(uuids.map(\.high) == [1, .max])
        #expect(uuids.map(\.low) == [2, 0])
        #expect(try row.uuidArray(4).isEmpty)
        #expect(try row.int(5) == 4)
        #expect(try row.intArray(6) == [])
    }

    @Test func `JSON arrives as the server stores it`() async throws {
        let row = try await row(
            Statement("SELECT $1, $1->>'name', '{\"b\": 1}'::json", [.json("{\"name\":\"Grüße\",\"n\":[1,2]}")]))
        #expect(try row.text(0) == "{\"n\": [1, 2], \"name\": \"Grüße\"}")
        #expect(try row.text(1) == "Grüße")
        #expect(try row.text(2) == "{\"b\": 1}")
    }

    @Test func `malformed JSON is an error of the server`() async throws {
        await #expect(throws: PostgresError.server(SQLState("22P02"), constraint: nil)) {
            _ = try await row(Statement("SELECT $1", [.json("{\"half\":")]))
        }
    }

    @Test func `NULL goes both ways and is nothing else`() async throws {
        let row = try await row(
            Statement(
                "SELECT $1::text, $2::int8, $3::bytea, $4::uuid, $5::timestamptz, $6::text[], $7::bool",
                [.null, .optionalInt(nil), .optionalBytes(nil), .null, .optionalTimestampMicros(nil), .null, .null]))
        #expect(try row.optionalText(0) == nil)
        #expect(try row.optionalInt(1) == nil)
        #expect(try row.optionalBytes(2) == nil)
        #expect(try row.optionalUUID(3) == nil)
        #expect(try row.optionalTimestampMicros(4) == nil)
        #expect(try row.optionalTextArray(5) == nil)
        #expect(try row.optionalBool(6) == nil)
        #expect(throws: PostgresError.decoding(column: 0)) { _ = try row.text(0) }
        #expect(throws: PostgresError.decoding(column: 1)) { _ = try row.int(1) }
    }

    @Test func `one statement takes NULL and a value in the same place`() async throws {
        try await TestDatabase.with { database in
            try await database.withClient { client in
                for value: Int64? in [nil, 7, nil, 8] {
                    let statement = Statement("SELECT $1::int8", [.optionalInt(value)])
                    let row = try await client.read(statement).exactlyOne()
                    #expect(try row.optionalInt(0) == value)
                }
            }
        }
    }

    @Test func `a column of another type, or none at all, is a decoding error`() async throws {
        let row = try await row(
            Statement(
                """
                SELECT 1.5::numeric, 'a'::text, '{1,NULL}'::int8[], '{{1,2},{3,4}}'::int8[], 'infinity'::timestamptz,
                    '-infinity'::timestamptz, now()
                """))
        #expect(throws: PostgresError.decoding(column: 0)) { _ = try row.text(0) }
        #expect(throws: PostgresError.decoding(column: 0)) { _ = try row.int(0) }
        #expect(throws: PostgresError.decoding(column: 1)) { _ = try row.int(1) }
        #expect(throws: PostgresError.decoding(column: 1)) { _ = try row.uuid(1) }
        #expect(throws: PostgresError.decoding(column: 2)) { _ = try row.intArray(2) }
        #expect(throws: PostgresError.decoding(column: 3)) { _ = try row.intArray(3) }
        #expect(throws: PostgresError.decoding(column: 4)) { _ = try row.timestampMicros(4) }
        #expect(throws: PostgresError.decoding(column: 5)) { _ = try row.timestampMicros(5) }
        #expect(throws: PostgresError.decoding(column: 6)) { _ = try row.text(6) }
        #expect(throws: PostgresError.decoding(column: 7)) { _ = try row.text(7) }
        #expect(throws: PostgresError.decoding(column: -1)) { _ = try row.text(-1) }
    }

    @Test func `enumerations and varchar read as text`() async throws {
        try await TestDatabase.with { database in
            try await database.withClient { client in
                try await client.script("CREATE TYPE mood AS ENUM ('sad', 'glad')")
                let row = try await client.read(
                    Statement("SELECT $1::mood, 'v'::varchar(3), 'n'::name", [.text("glad")])
                ).exactlyOne()
                #expect(try row.text(0) == "glad")
                #expect(try row.text(1) == "v")
                #expect(try row.text(2) == "n")
            }
        }
    }

    @Test func `a thousand rows come whole and in order`() async throws {
        try await TestDatabase.with { database in
            try await database.withClient { client in
                let rows = try await client.read(
                    Statement("SELECT n, repeat('r', n % 50) FROM generate_series(1, 1000) AS n"))
                #expect(rows.count == 1_000)
                for (index, row) in rows.enumerated() {
                    #expect(try row.int(0) == Int64(index + 1))
                    #expect(try row.text(1).count == (index + 1) % 50)
                }
                #expect(throws: PostgresError.rowCount(1_000)) { _ = try rows.exactlyOne() }
                #expect(throws: PostgresError.rowCount(1_000)) { _ = try rows.atMostOne() }
                let none = try await client.read(Statement("SELECT 1 WHERE false"))
                #expect(try none.atMostOne()?.count == nil)
                #expect(throws: PostgresError.rowCount(0)) { _ = try none.exactlyOne() }
            }
        }
    }
}
