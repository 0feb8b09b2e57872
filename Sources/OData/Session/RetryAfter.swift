internal import HTTPTypes

/// `Retry-After` (RFC 9110 §10.2.3), in seconds or as a date.
enum RetryAfter {
    /// A service that names more is taken to say a year: it is past every deadline.
    private static let maxSeconds: Int64 = 31_536_000

    /// Counted from the answer. A date is read against the answer's own `Date`, so that clocks needn't agree; without
    /// one it says nothing.
    static func duration(_ headers: HTTPFields) -> Duration? {
        guard let text = headers[.retryAfter] else { return nil }
        if let seconds = seconds(text) { return .seconds(seconds) }
        guard let until = HTTPDate.seconds(text), let now = headers[.date].flatMap({ HTTPDate.seconds($0) }) else {
            return nil
        }
        return .seconds(min(max(until - now, 0), maxSeconds))
    }

    private static func seconds(_ text: String) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return min(Int64(text) ?? maxSeconds, maxSeconds)
    }
}
