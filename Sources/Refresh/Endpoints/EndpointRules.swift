/// What follows from the limits: shares, waits and the pace. Pure.
package struct EndpointRules: Sendable {
    package let limits: EndpointLimits
    /// Between two requests at full pace.
    package let interval: Duration

    package init(_ limits: EndpointLimits) {
        var sane = limits
        sane.maxConcurrent = max(1, limits.maxConcurrent)
        sane.perSecond = limits.perSecond.isNaN ? 0.001 : min(max(limits.perSecond, 0.001), 1_000_000)
        sane.burst = min(max(limits.burst, 1), 1_000_000)
        sane.failuresToOpen = max(1, limits.failuresToOpen)
        sane.refusalsToSuspect = max(1, limits.refusalsToSuspect)
        sane.shortestOpen = max(.milliseconds(1), limits.shortestOpen)
        sane.longestOpen = max(sane.shortestOpen, limits.longestOpen)
        sane.longestRetryAfter = max(.zero, limits.longestRetryAfter)
        sane.maxEndpoints = max(1, limits.maxEndpoints)
        sane.maxWaiters = max(0, limits.maxWaiters)
        sane.maxSuspicions = max(1, limits.maxSuspicions)
        self.limits = sane
        interval = .seconds(1 / sane.perSecond)
    }

    /// How long to leave alone what has failed `round` times before: from 1–2 times the shortest wait, doubled with each
    /// round to 0.5–1 times the longest, the half of it by chance; never less than the server asked for.
    package func wait(round: Int, retryAfter: Duration?, random: UInt64) -> Duration {
        let ceiling = min(limits.longestOpen, limits.shortestOpen * 2 * (1 << min(max(round, 0), 30)))
        let share = Double(random >> 11) / Double(1 << 53)
        let wait = ceiling / 2 + ceiling / 2 * share
        return max(wait, retryAfter.map { min($0, limits.longestRetryAfter) } ?? .zero)
    }

    /// How many of `places` the one who asks may fill: scheduled work leaves a fifth to callers.
    func share(of places: Int, for purpose: AdmissionPurpose) -> Int {
        switch purpose {
        case .caller: places
        case .scheduled: places - places / 5
        }
    }
}
