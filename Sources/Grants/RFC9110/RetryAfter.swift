package import Domain

/// The `Retry-After` header (RFC 9110 §10.2.3): seconds, or a date in one of the three forms of §5.6.7.
package enum RetryAfter {
    /// What an answer asks for; nil where it doesn't.
    ///
    /// A date is the server's, and so is measured from the answer's own `Date` where it has one: the two clocks may be minutes
    /// apart, and the wait then comes out as nothing or far too long.
    ///
    /// - Parameter receivedAt: our clock, for an answer without a usable `Date`.
    package static func duration(of response: OutboundResponse, receivedAt: Timestamp) -> Duration? {
        guard let value = response.header("retry-after") else { return nil }
        return duration(value, now: response.header("date").flatMap(HTTPDate.parse) ?? receivedAt)
    }

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
