/// One row of a result. Columns count from 0 in the order of the statement's list.
///
/// Every reader throws ``PostgresError/decoding(column:)`` for a column that doesn't exist, for another type, and,
/// unless its name begins with `optional`, for `NULL`. The row owns its bytes; keeping one keeps its whole result.
package struct Row: Sendable {
    let table: ResultTable
    let index: Int

    /// Number of columns.
    package var count: Int { table.types.count }

    /// Whether the column is `NULL`.
    package func isNull(_ column: Int) throws(PostgresError) -> Bool {
        try field(column) == nil
    }

    /// `text`, `varchar`, `name`, `json`, `jsonb` or an enumeration.
    package func text(_ column: Int) throws(PostgresError) -> String {
        try required(optionalText(column), column)
    }

    /// As ``text(_:)``; `nil` for `NULL`.
    package func optionalText(_ column: Int) throws(PostgresError) -> String? {
        guard var range = try field(column) else { return nil }
        let type = table.types[column]
        guard !TypeNumber.isBinary(type) else { throw .decoding(column: column) }
        if type == TypeNumber.jsonb {
            guard table.bytes[range].first == 1 else { throw .decoding(column: column) }
            range = (range.lowerBound + 1)..<range.upperBound
        }
        guard let text = String(validating: table.bytes[range], as: UTF8.self) else { throw .decoding(column: column) }
        return text
    }

    /// `bigint`, `integer` or `smallint`.
    package func int(_ column: Int) throws(PostgresError) -> Int64 {
        try required(optionalInt(column), column)
    }

    /// As ``int(_:)``; `nil` for `NULL`.
    package func optionalInt(_ column: Int) throws(PostgresError) -> Int64? {
        guard let range = try field(column) else { return nil }
        let field = table.bytes[range]
        switch table.types[column] {
        case TypeNumber.int8 where field.count == 8: return Int64(bitPattern: BigEndian.uint64(field))
        case TypeNumber.int4 where field.count == 4: return Int64(Int32(truncatingIfNeeded: BigEndian.uint64(field)))
        case TypeNumber.int2 where field.count == 2: return Int64(Int16(truncatingIfNeeded: BigEndian.uint64(field)))
        default: throw .decoding(column: column)
        }
    }

    /// `boolean`.
    package func bool(_ column: Int) throws(PostgresError) -> Bool {
        try required(optionalBool(column), column)
    }

    /// As ``bool(_:)``; `nil` for `NULL`.
    package func optionalBool(_ column: Int) throws(PostgresError) -> Bool? {
        guard let range = try field(column, type: TypeNumber.bool, length: 1) else { return nil }
        return table.bytes[range.lowerBound] != 0
    }

    /// `double precision`.
    package func double(_ column: Int) throws(PostgresError) -> Double {
        guard let range = try field(column, type: TypeNumber.float8, length: 8) else {
            throw .decoding(column: column)
        }
        return Double(bitPattern: BigEndian.uint64(table.bytes[range]))
    }

    /// `bytea`.
    package func bytes(_ column: Int) throws(PostgresError) -> [UInt8] {
        try required(optionalBytes(column), column)
    }

    /// As ``bytes(_:)``; `nil` for `NULL`.
    package func optionalBytes(_ column: Int) throws(PostgresError) -> [UInt8]? {
        guard let range = try field(column, type: TypeNumber.bytea) else { return nil }
        return Array(table.bytes[range])
    }

    /// `uuid`, most significant half first.
    package func uuid(_ column: Int) throws(PostgresError) -> (high: UInt64, low: UInt64) {
        try required(optionalUUID(column), column)
    }

    /// As ``uuid(_:)``; `nil` for `NULL`.
    package func optionalUUID(_ column: Int) throws(PostgresError) -> (high: UInt64, low: UInt64)? {
        guard let range = try field(column, type: TypeNumber.uuid, length: 16) else { return nil }
        return BigEndian.uuid(table.bytes[range])
    }

    /// `timestamptz` in microseconds since 1970-01-01 00:00 UTC; `infinity` is refused.
    package func timestampMicros(_ column: Int) throws(PostgresError) -> Int64 {
        try required(optionalTimestampMicros(column), column)
    }

    /// As ``timestampMicros(_:)``; `nil` for `NULL`.
    package func optionalTimestampMicros(_ column: Int) throws(PostgresError) -> Int64? {
        guard let range = try field(column, type: TypeNumber.timestamptz, length: 8) else { return nil }
        let sincePostgresEpoch = Int64(bitPattern: BigEndian.uint64(table.bytes[range]))
        let (micros, overflow) = sincePostgresEpoch.addingReportingOverflow(PostgresEpoch.unixMicros)
        // The extremes stand for infinity (PostgreSQL's DT_NOBEGIN and DT_NOEND).
        guard !overflow, sincePostgresEpoch != .min else { throw .decoding(column: column) }
        return micros
    }

    private func required<Value>(_ value: Value?, _ column: Int) throws(PostgresError) -> Value {
        guard let value else { throw .decoding(column: column) }
        return value
    }

    /// Where a field lies in the table's bytes; `nil` for `NULL`.
    func field(_ column: Int) throws(PostgresError) -> Range<Int>? {
        guard table.types.indices.contains(column) else { throw .decoding(column: column) }
        let position = index * table.types.count + column
        let length = Int(table.lengths[position])
        guard length >= 0 else { return nil }
        return table.starts[position]..<(table.starts[position] + length)
    }

    /// As ``field(_:)`` for a column of one type and, if given, of one length.
    func field(_ column: Int, type: UInt32, length: Int? = nil) throws(PostgresError) -> Range<Int>? {
        guard let range = try field(column) else {
            guard table.types[column] == type else { throw .decoding(column: column) }
            return nil
        }
        guard table.types[column] == type, length == nil || range.count == length else {
            throw .decoding(column: column)
        }
        return range
    }
}

extension [Row] {
    /// The only row; ``PostgresError/rowCount(_:)`` for none or several.
    package func exactlyOne() throws(PostgresError) -> Row {
        guard count == 1 else { throw .rowCount(count) }
        return self[0]
    }

    /// The only row or `nil`; ``PostgresError/rowCount(_:)`` for several.
    package func atMostOne() throws(PostgresError) -> Row? {
        guard count <= 1 else { throw .rowCount(count) }
        return first
    }
}
