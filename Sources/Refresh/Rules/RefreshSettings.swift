/// Bounds of refreshing.
package struct RefreshSettings: Hashable, Sendable {
    /// How long an instance may hold the right to refresh one connection.
    package var leaseDuration = Duration.seconds(30)
    /// Of one exchange with a token endpoint; well below the lease.
    package var requestTimeout = Duration.seconds(10)
    /// How long a token that was obtained is offered to a database that doesn't take it; the fence keeps a late write out.
    package var longestWrite = Duration.seconds(60)
    /// After this a flight ends whatever it was doing.
    package var longestFlight = Duration.seconds(120)
    /// How often a flight looks whether another instance is done, should its announcement be lost.
    package var pollInterval = Duration.seconds(1)
    /// Connections that are refreshed at the same time.
    package var maxFlights = 1_024
    /// Callers that wait at the same time.
    package var maxWaiters = 65_536
    package var rules = RefreshRules()

    package init() {}
}
