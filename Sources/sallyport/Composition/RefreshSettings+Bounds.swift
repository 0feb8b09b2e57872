import Domain
import Refresh

extension RefreshSettings {
    /// The engine's own defaults where no setting decides.
    init(_ bounds: RefreshBounds) {
        self.init()
        leaseDuration = bounds.lease
        requestTimeout = bounds.requestTimeout
        unresolvedWait = bounds.unresolvedWait
        // A flight waits for another instance's lease, takes its own and asks.
        longestFlight = max(longestFlight, bounds.lease * 3)
        maxAttemptsPerHour = bounds.maxAttemptsPerHour
        maxScheduledFlights = bounds.maxInFlight
        // Callers are not held up by due work, however much of it there is.
        maxFlights = bounds.maxInFlight * 4
        endpoints.maxConcurrent = bounds.endpointConcurrency
        endpoints.perSecond = Double(bounds.endpointRate)
        endpoints.burst = bounds.endpointRate
    }
}
