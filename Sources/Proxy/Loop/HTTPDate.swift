internal import Domain

/// The `Date` header (RFC 9110 §5.6.7, IMF-fixdate).
enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// `date: Tue, 24 Nov 2026 13:41:23 GMT` and CRLF.
    static func line(_ instant: Timestamp) -> [UInt8] {
        let seconds = max(0, instant.seconds)
        // 2026-11-24T13:41:23Z
        let text = Timestamp(seconds: seconds).rfc3339
        let parts = text.split { "-T:Z".contains($0) }
        let day = days[Int(seconds / 86_400 % 7)]
        let month = months[(Int(parts[1]) ?? 1) - 1]
        return Array("date: \(day), \(parts[2]) \(month) \(parts[0]) \(parts[3]):\(parts[4]):\(parts[5]) GMT\r\n".utf8)
    }
}
