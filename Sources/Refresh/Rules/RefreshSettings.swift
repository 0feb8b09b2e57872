/// Bounds of refreshing.
package struct RefreshSettings: Hashable, Sendable {
    /// How long an instance may hold the right to refresh one connection.
    package var leaseDuration = Duration.seconds(40)
    /// Of one exchange with a token endpoint; at most half of the lease. Long, because an answer that comes after it is lost.
    package var requestTimeout = Duration.seconds(20)
    /// How long an attempt that may have spent a refresh token keeps other instances away after its lease has run out.
    package var unresolvedWait = Duration.seconds(300)
    /// How long a flight itself offers a token to a database that doesn't take it; what was spooled is offered on after it.
    package var longestWrite = Duration.seconds(60)
    /// After this a flight ends whatever it was doing.
    package var longestFlight = Duration.seconds(150)
    /// How often a flight looks whether another instance is done, should its announcement be lost.
    package var pollInterval = Duration.seconds(1)
    /// Hard cap on attempts of one connection in an hour.
    package var maxAttemptsPerHour = 120
    /// Connections that are refreshed at the same time, whoever asked.
    package var maxFlights = 2_048
    /// Those that the scheduler began.
    package var maxScheduledFlights = 512
    /// Callers that wait at the same time.
    package var maxWaiters = 65_536
    package var rules = RefreshRules()
    package var endpoints = EndpointLimits()
    package var scan = ScanSettings()

    package init() {}
}

/// Bounds of the search for due work.
package struct ScanSettings: Hashable, Sendable {
    /// Rows that one statement reads.
    package var pageRows = 2_000
    /// Due rows that wait in memory.
    package var maxRows = 65_536
    /// Of one tenant.
    package var maxRowsPerTenant = 4_096
    /// Of an endpoint that is closed at the time: enough to try it with.
    package var maxRowsOfClosedEndpoint = 16
    /// Rows that become due within this time are fetched together.
    package var gathering = Duration.milliseconds(50)
    /// How soon after an announcement the due times are looked at again: something may have become due earlier.
    package var afterAnnouncement = Duration.milliseconds(250)
    /// The longest time without a look at the database, should every announcement be lost.
    package var longestSleep = Duration.seconds(30)
    /// How often, at most, the search begins with the most overdue row again.
    package var shortestRescan = Duration.seconds(1)

    package init() {}
}
