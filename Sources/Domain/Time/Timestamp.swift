/// An instant in UTC with microseconds, as PostgreSQL's `timestamptz` keeps it.
package struct Timestamp: Hashable, Sendable, Comparable {
    /// Microseconds since 1970-01-01T00:00:00Z; leap seconds are not counted.
    package let microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }
    package init(seconds: Int64) { self.microseconds = seconds * 1_000_000 }

    /// Whole seconds since the epoch, rounded down: the form of `iat`, `exp` and `expires_at` (RFC 7519 §2, NumericDate).
    package var seconds: Int64 { microseconds >= 0 ? microseconds / 1_000_000 : (microseconds - 999_999) / 1_000_000 }

    package static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }

    package static func + (instant: Self, duration: Duration) -> Self {
        Self(microseconds: instant.microseconds &+ duration.microseconds)
    }

    package static func - (instant: Self, duration: Duration) -> Self {
        Self(microseconds: instant.microseconds &- duration.microseconds)
    }

    package static func - (later: Self, earlier: Self) -> Duration {
        .microseconds(later.microseconds &- earlier.microseconds)
    }
}

extension Duration {
    /// Whole microseconds, rounded toward zero.
    package var microseconds: Int64 {
        components.seconds &* 1_000_000 &+ components.attoseconds / 1_000_000_000_000
    }
}
