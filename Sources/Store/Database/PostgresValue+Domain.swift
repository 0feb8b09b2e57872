import Domain
import Postgres

extension PostgresValue {
    static func optionalID<Kind: EntityKind>(_ id: EntityID<Kind>?) -> PostgresValue { id?.value ?? .null }

    static func timestamp(_ instant: Timestamp) -> PostgresValue { .timestampMicros(instant.microseconds) }

    static func optionalTimestamp(_ instant: Timestamp?) -> PostgresValue {
        .optionalTimestampMicros(instant?.microseconds)
    }

    /// For arithmetic with `interval '1 microsecond'`.
    static func duration(_ duration: Duration) -> PostgresValue { .int(duration.microseconds) }
}
