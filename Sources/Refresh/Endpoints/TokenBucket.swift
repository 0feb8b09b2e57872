/// A token bucket kept as one instant: when it will be full again. Exact, because nothing is ever rounded to a number of
/// tokens (the generic cell rate algorithm of ITU-T I.371, seen from the other side).
struct TokenBucket: Sendable {
    private var fullAt: ContinuousClock.Instant

    /// Begins full.
    init(now: ContinuousClock.Instant) { fullAt = now }

    /// When a token can be taken so that `reserve` remain; past or now where it can be already.
    func opening(leaving reserve: Int, _ rules: EndpointRules) -> ContinuousClock.Instant {
        fullAt - rules.interval * (rules.limits.burst - 1 - reserve)
    }

    mutating func take(now: ContinuousClock.Instant, _ rules: EndpointRules) {
        fullAt = max(fullAt, now) + rules.interval
    }

    mutating func giveBack(_ rules: EndpointRules) { fullAt -= rules.interval }

    /// Leaves one token at most: what wasn't used while nothing could pass isn't made up for.
    mutating func drain(now: ContinuousClock.Instant, _ rules: EndpointRules) {
        fullAt = max(fullAt, now + rules.interval * (rules.limits.burst - 1))
    }

    func isFull(now: ContinuousClock.Instant) -> Bool { fullAt <= now }
}
