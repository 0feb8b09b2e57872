extension Row {
    /// `text[]` of one dimension without `NULL` elements.
    package func textArray(_ column: Int) throws(PostgresError) -> [String] {
        guard let values = try optionalTextArray(column) else { throw .decoding(column: column) }
        return values
    }

    /// As ``textArray(_:)``; `nil` for `NULL`.
    package func optionalTextArray(_ column: Int) throws(PostgresError) -> [String]? {
        guard let ranges = try elements(column, array: TypeNumber.textArray, element: TypeNumber.text) else {
            return nil
        }
        var values: [String] = []
        values.reserveCapacity(ranges.count)
        for range in ranges {
            guard let text = String(validating: table.bytes[range], as: UTF8.self) else {
                throw .decoding(column: column)
            }
            values.append(text)
        }
        return values
    }

    /// `bigint[]` of one dimension without `NULL` elements.
    package func intArray(_ column: Int) throws(PostgresError) -> [Int64] {
        guard
            let ranges = try elements(column, array: TypeNumber.int8Array, element: TypeNumber.int8),
            ranges.allSatisfy({ $0.count == 8 })
        else { throw .decoding(column: column) }
        return ranges.map { Int64(bitPattern: BigEndian.uint64(table.bytes[$0])) }
    }

    /// `uuid[]` of one dimension without `NULL` elements, most significant halves first.
    package func uuidArray(_ column: Int) throws(PostgresError) -> [(high: UInt64, low: UInt64)] {
        guard
            let ranges = try elements(column, array: TypeNumber.uuidArray, element: TypeNumber.uuid),
            ranges.allSatisfy({ $0.count == 16 })
        else { throw .decoding(column: column) }
        return ranges.map { BigEndian.uuid(table.bytes[$0]) }
    }

    /// Where the elements lie. The layout is PostgreSQL's `array_send`: dimensions, a flag for `NULL`s and the
    /// element type; size and lower bound of each dimension; then length and bytes of each element.
    private func elements(
        _ column: Int, array: UInt32, element: UInt32
    ) throws(PostgresError) -> [Range<Int>]? {
        guard let range = try field(column, type: array) else { return nil }
        let malformed = PostgresError.decoding(column: column)
        guard range.count >= 12 else { throw malformed }
        let dimensions = word(range.lowerBound)
        guard word(range.lowerBound + 8) == element else { throw malformed }
        guard dimensions != 0 else { return [] }
        guard dimensions == 1, range.count >= 20 else { throw malformed }
        let count = Int(word(range.lowerBound + 12))
        var position = range.lowerBound + 20
        // Each element takes 4 bytes at least, so a count that lies reserves nothing beyond the field.
        guard count <= (range.upperBound - position) / 4 else { throw malformed }
        var ranges: [Range<Int>] = []
        ranges.reserveCapacity(count)
        for _ in 0..<count {
            guard range.upperBound - position >= 4 else { throw malformed }
            let length = Int(Int32(bitPattern: word(position)))
            position += 4
            guard length >= 0, length <= range.upperBound - position else { throw malformed }
            ranges.append(position..<(position + length))
            position += length
        }
        guard position == range.upperBound else { throw malformed }
        return ranges
    }

    private func word(_ position: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: BigEndian.uint64(table.bytes[position..<(position + 4)]))
    }
}
