package import Connections
package import Domain
package import Logging
package import Observability
internal import Synchronization

/// What the data plane needs of the rest, handed in by whoever wires the process.
package struct DataPlaneDependencies: Sendable {
    /// Makes what knows callers, once for each event loop: ``CachedCallerTokens``.
    package var makeTokenLookup: @Sendable () -> any CallerTokenLookup
    package var opening: any ConnectionOpening
    /// Answers `POST /oauth2/token`; nil leaves that path to the control plane.
    package var callerTokens: (any CallerTokenEndpoint)?
    package var announcements: any AnnouncementSource
    package var audit: any AuditStore
    package var clock: any WallClock
    package var identifiers: IdentifierSource
    package var metrics: MetricRegistry
    package var logger: Logger

    package init(
        makeTokenLookup: @escaping @Sendable () -> any CallerTokenLookup, opening: any ConnectionOpening,
        callerTokens: (any CallerTokenEndpoint)? = nil, announcements: any AnnouncementSource, audit: any AuditStore,
        clock: any WallClock, identifiers: IdentifierSource, metrics: MetricRegistry, logger: Logger
    ) {
        self.makeTokenLookup = makeTokenLookup
        self.opening = opening
        self.callerTokens = callerTokens
        self.announcements = announcements
        self.audit = audit
        self.clock = clock
        self.identifiers = identifiers
        self.metrics = metrics
        self.logger = logger
    }
}

/// What the loops share; all of it is immutable or locks for itself.
final class DataPlaneShared: Sendable {
    let configuration: DataPlaneConfiguration
    let makeTokenLookup: @Sendable () -> any CallerTokenLookup
    let opening: any ConnectionOpening
    let callerTokens: (any CallerTokenEndpoint)?
    let clock: any WallClock
    let usage: UsageRecorder
    let metrics: DataPlaneMetrics
    let resolver: UpstreamResolver
    let logger: Logger
    private let connections = Atomic<Int>(0)

    init(
        configuration: DataPlaneConfiguration, dependencies: DataPlaneDependencies, usage: UsageRecorder,
        resolver: UpstreamResolver
    ) {
        self.configuration = configuration
        makeTokenLookup = dependencies.makeTokenLookup
        opening = dependencies.opening
        callerTokens = dependencies.callerTokens
        clock = dependencies.clock
        self.usage = usage
        metrics = DataPlaneMetrics(dependencies.metrics)
        self.resolver = resolver
        logger = dependencies.logger
    }

    /// Counts a caller's connection in; false beyond the bound, and then it isn't counted.
    func admit() -> Bool {
        if connections.wrappingAdd(1, ordering: .relaxed).newValue <= configuration.maxConnections { return true }
        connections.wrappingSubtract(1, ordering: .relaxed)
        return false
    }

    func release() { connections.wrappingSubtract(1, ordering: .relaxed) }

    var openConnections: Int { connections.load(ordering: .relaxed) }
}
