internal import Glibc

/// A moment on the monotonic clock, in nanoseconds.
struct Instant: Comparable, Sendable {
    let nanoseconds: Int64

    static let distantFuture = Instant(nanoseconds: .max)

    /// Now.
    static func now() -> Instant {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Never wraps: what lies too far off is the distant future.
    static func + (instant: Instant, duration: Duration) -> Instant {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? Instant(nanoseconds: 0) : .distantFuture }
        let (added, tooFar) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        guard !tooFar else { return .distantFuture }
        let (sum, beyond) = instant.nanoseconds.addingReportingOverflow(added)
        return beyond ? .distantFuture : Instant(nanoseconds: sum)
    }

    /// Whole milliseconds from `start` until this moment, rounded up, within 0…`limit`.
    func milliseconds(after start: Instant, limit: Int32) -> Int32 {
        guard self > start else { return 0 }
        let (difference, overflow) = nanoseconds.subtractingReportingOverflow(start.nanoseconds)
        guard !overflow, difference < Int64(limit) * 1_000_000 else { return limit }
        return Int32((difference + 999_999) / 1_000_000)
    }
}
