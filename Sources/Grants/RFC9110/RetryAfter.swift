package import Domain

/// The `Retry-After` header (RFC 9110 §10.2.3): seconds, or a date in one of the three forms of §5.6.7.
package enum RetryAfter {
    /// How long to wait from `now`; zero for a date that has passed, nil for what is neither form. Not capped: the caller
    /// knows what it will wait for.
    package static func duration(_ value: String, now: Timestamp) -> Duration? {
        if let seconds = seconds(value) { return .seconds(seconds) }
        guard let date = HTTPDate.parse(value) else { return nil }
        return date > now ? date - now : .zero
    }

    private static func seconds(_ value: String) -> Int64? {
        guard !value.isEmpty, value.utf8.count <= 10, value.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else {
            return nil
        }
        return Int64(value)
    }
}
