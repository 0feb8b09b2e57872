import Connections
import Domain
import Postgres

/// Reads a row's columns from left to right. Whatever doesn't fit the type is ``StoreError/corrupt``.
struct RowReader: ~Copyable {
    private let row: Row
    private var column = 0

    init(_ row: Row) { self.row = row }

    mutating func id<Kind: EntityKind>(_: Kind.Type = Kind.self) throws(StoreError) -> EntityID<Kind> {
        guard let id = try optionalID(Kind.self) else { throw .corrupt }
        return id
    }

    mutating func optionalID<Kind: EntityKind>(_: Kind.Type = Kind.self) throws(StoreError) -> EntityID<Kind>? {
        try next { (row, column) throws(PostgresError) in try row.optionalUUID(column) }
            .map { EntityID(high: $0.high, low: $0.low) }
    }

    mutating func text() throws(StoreError) -> String {
        try next { (row, column) throws(PostgresError) in try row.text(column) }
    }

    mutating func optionalText() throws(StoreError) -> String? {
        try next { (row, column) throws(PostgresError) in try row.optionalText(column) }
    }

    mutating func texts() throws(StoreError) -> [String] {
        try next { (row, column) throws(PostgresError) in try row.textArray(column) }
    }

    mutating func slug() throws(StoreError) -> Slug {
        guard let slug = Slug(try text()) else { throw .corrupt }
        return slug
    }

    /// A value of a closed list; one that a newer version wrote is corrupt here.
    mutating func code<Code: RawRepresentable<String>>(_: Code.Type = Code.self) throws(StoreError) -> Code {
        guard let code = Code(rawValue: try text()) else { throw .corrupt }
        return code
    }

    mutating func optionalCode<Code: RawRepresentable<String>>(_: Code.Type = Code.self) throws(StoreError) -> Code? {
        guard let text = try optionalText() else { return nil }
        guard let code = Code(rawValue: text) else { throw .corrupt }
        return code
    }

    mutating func int() throws(StoreError) -> Int64 {
        try next { (row, column) throws(PostgresError) in try row.int(column) }
    }

    mutating func optionalInt() throws(StoreError) -> Int64? {
        try next { (row, column) throws(PostgresError) in try row.optionalInt(column) }
    }

    mutating func bool() throws(StoreError) -> Bool {
        try next { (row, column) throws(PostgresError) in try row.bool(column) }
    }

    mutating func bytes() throws(StoreError) -> [UInt8] {
        try next { (row, column) throws(PostgresError) in try row.bytes(column) }
    }

    mutating func optionalBytes() throws(StoreError) -> [UInt8]? {
        try next { (row, column) throws(PostgresError) in try row.optionalBytes(column) }
    }

    mutating func timestamp() throws(StoreError) -> Timestamp {
        Timestamp(microseconds: try next { (row, column) throws(PostgresError) in try row.timestampMicros(column) })
    }

    mutating func optionalTimestamp() throws(StoreError) -> Timestamp? {
        try next { (row, column) throws(PostgresError) in try row.optionalTimestampMicros(column) }
            .map(Timestamp.init(microseconds:))
    }

    /// Envelope, key version and record version; nil where all three are `NULL`.
    mutating func optionalSecret() throws(StoreError) -> SealedSecret? {
        let (envelope, keyVersion, recordVersion) = (try optionalBytes(), try optionalInt(), try optionalInt())
        guard let envelope else { return nil }
        guard let keyVersion = keyVersion.flatMap(Int32.init(exactly:)), let recordVersion else { throw .corrupt }
        return SealedSecret(envelope: envelope, keyVersion: keyVersion, recordVersion: recordVersion)
    }

    mutating func secret() throws(StoreError) -> SealedSecret {
        guard let secret = try optionalSecret() else { throw .corrupt }
        return secret
    }

    private mutating func next<Value>(
        _ read: (Row, Int) throws(PostgresError) -> Value
    ) throws(StoreError) -> Value {
        defer { column += 1 }
        do {
            return try read(row, column)
        } catch {
            throw .corrupt
        }
    }
}

extension [Row] {
    /// The only row, decoded; nil for none. Keys are unique, so several are corrupt.
    func atMostOne<Value>(
        _ decode: (inout RowReader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        guard count <= 1 else { throw .corrupt }
        guard let row = first else { return nil }
        var reader = RowReader(row)
        return try decode(&reader)
    }

    func decoded<Value>(
        _ decode: (inout RowReader) throws(StoreError) -> Value
    ) throws(StoreError) -> [Value] {
        var elements: [Value] = []
        elements.reserveCapacity(count)
        for row in self {
            var reader = RowReader(row)
            elements.append(try decode(&reader))
        }
        return elements
    }
}
