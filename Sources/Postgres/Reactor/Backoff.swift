/// How long to wait before the next attempt to connect: doubling from 50 ms to 5 s, with jitter, so that many
/// instances don't come back at the same moment.
struct Backoff {
    private var failures = 0

    /// A connection is up: the next failure counts as the first.
    mutating func reset() {
        failures = 0
    }

    /// - Parameter random: 0…1, evenly distributed.
    /// - Returns: between half and all of the step's time.
    mutating func next(random: Double) -> Duration {
        let milliseconds = min(50.0 * Double(1 << min(failures, 10)), 5_000)
        failures += 1
        return .microseconds(Int64(milliseconds * 1_000 * (0.5 + random / 2)))
    }
}
