/// The bounds of refreshing as the settings give them, and what must hold between them.
struct RefreshBounds: Hashable, Sendable {
    let spoolDirectory: String
    let spoolBytes: Int
    let runsScheduler: Bool
    let maxInFlight: Int
    let endpointConcurrency: Int
    let endpointRate: Int
    let maxAttemptsPerHour: Int
    let requestTimeout: Duration
    let lease: Duration
    let unresolvedWait: Duration
    let eventRetention: Duration

    /// A lease outlasts the request that is made under it by as much again: the time to begin it, and to write the answer.
    static let leaseInRequests = 2
    static let shortestRequest = Duration.milliseconds(100)
    static let smallestSpool = 8 << 20

    init(_ settings: Settings) {
        spoolDirectory = settings.text("refresh.spool_directory") ?? ""
        spoolBytes = settings.bytes("refresh.spool_bytes")
        runsScheduler = settings.boolean("refresh.scheduler")
        maxInFlight = settings.integer("refresh.max_in_flight")
        endpointConcurrency = settings.integer("refresh.endpoint_concurrency")
        endpointRate = settings.integer("refresh.endpoint_rate")
        maxAttemptsPerHour = settings.integer("refresh.max_attempts_per_hour")
        requestTimeout = settings.duration("refresh.request_timeout")
        lease = settings.duration("refresh.lease")
        unresolvedWait = settings.duration("refresh.unresolved_wait")
        eventRetention = settings.period("refresh.event_retention")
    }

    /// Everything that is wrong, as sentences that name the keys; empty for bounds that can be served with.
    var faults: [String] {
        var faults: [String] = []
        if !spoolDirectory.hasPrefix("/") { faults.append("refresh.spool_directory is an absolute path") }
        if spoolBytes < Self.smallestSpool { faults.append("refresh.spool_bytes is 8MiB or more") }
        if requestTimeout < Self.shortestRequest { faults.append("refresh.request_timeout is 100ms or more") }
        if lease < requestTimeout * Self.leaseInRequests {
            faults.append(
                "refresh.lease is at least twice refresh.request_timeout: a lease that ends before its request lets a "
                    + "second instance send the same refresh token")
        }
        if unresolvedWait < requestTimeout {
            faults.append(
                "refresh.unresolved_wait is at least refresh.request_timeout: without it an instance that was held up past "
                    + "its lease is overtaken by a second instance that sends the same refresh token")
        }
        return faults
    }

    /// The bounds, where nothing is wrong with them.
    static func checked(_ settings: Settings) throws(SettingsError) -> RefreshBounds {
        let bounds = RefreshBounds(settings)
        guard let fault = bounds.faults.first else { return bounds }
        throw .refused(fault)
    }
}
