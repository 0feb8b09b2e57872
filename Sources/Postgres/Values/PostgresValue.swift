/// A parameter of a ``Statement``. Every case states its own type to the server, so a column of another type needs a
/// cast in the SQL (`$1::inet`, `$2::connection_state`); integers convert by assignment.
package enum PostgresValue: Sendable {
    /// SQL `NULL`, of the type the statement asks for.
    case null
    /// `text`; a zero character is refused by the server (SQLSTATE 22021).
    case text(String)
    /// `bigint`.
    case int(Int64)
    /// `boolean`.
    case bool(Bool)
    /// `double precision`.
    case double(Double)
    /// `bytea`, at most 1 GiB less overhead.
    case bytes([UInt8])
    /// `uuid`, most significant half first.
    case uuid(high: UInt64, low: UInt64)
    /// `timestamptz` in microseconds since 1970-01-01 00:00 UTC.
    case timestampMicros(Int64)
    /// `text[]`.
    case textArray([String])
    /// `bigint[]`.
    case intArray([Int64])
    /// `uuid[]`, most significant halves first.
    case uuidArray([(high: UInt64, low: UInt64)])
    /// `jsonb`, as JSON text; malformed text is refused by the server (SQLSTATE 22P02).
    case json(String)
}

extension PostgresValue {
    /// `text`, or `NULL` for `nil`.
    package static func optionalText(_ value: String?) -> PostgresValue { value.map { .text($0) } ?? .null }
    /// `bigint`, or `NULL` for `nil`.
    package static func optionalInt(_ value: Int64?) -> PostgresValue { value.map { .int($0) } ?? .null }
    /// `bytea`, or `NULL` for `nil`.
    package static func optionalBytes(_ value: [UInt8]?) -> PostgresValue { value.map { .bytes($0) } ?? .null }
    /// `timestamptz`, or `NULL` for `nil`.
    package static func optionalTimestampMicros(_ value: Int64?) -> PostgresValue {
        value.map { .timestampMicros($0) } ?? .null
    }
}
