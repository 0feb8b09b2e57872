internal import Observability

/// The data plane's series. Loops count in plain numbers of their own and add them here once a second.
final class DataPlaneMetrics: Sendable {
    /// Routes as they are counted: those of ``DataPlaneRoute``, then what matched none.
    static let routeCount = DataPlaneRoute.allCases.count + 1
    /// Status classes 1xx to 5xx by their first digit, and 0 for an answer that was never sent.
    static let classCount = 6

    private let registry: MetricRegistry
    let requests: [Counter]
    let durations: Histogram
    let upstreamConnects: Counter
    let upstreamReuses: Counter
    let upstreamFailures: Counter
    let tokenHits: Counter
    let tokenMisses: Counter
    let connectionHits: Counter
    let connectionMisses: Counter
    let bytesFromCallers: Counter
    let bytesToCallers: Counter
    let auditDropped: Counter

    init(_ registry: MetricRegistry) {
        self.registry = registry
        let routes = DataPlaneRoute.allCases.map(\.template) + ["none"]
        requests = routes.flatMap { route in
            (0..<Self.classCount).map { status in
                registry.counter(
                    "sallyport_data_plane_requests_total", "Requests of the data plane by route and status class.",
                    labels: [("route", route), ("status", status == 0 ? "none" : "\(status)xx")])
            }
        }
        durations = registry.histogram(
            "sallyport_data_plane_request_seconds", "From a request's head to the end of its answer.")
        upstreamConnects = registry.counter(
            "sallyport_upstream_connects_total", "Connections opened to upstreams.")
        upstreamReuses = registry.counter(
            "sallyport_upstream_reuses_total", "Requests sent on a connection that was kept alive.")
        upstreamFailures = registry.counter(
            "sallyport_upstream_failures_total", "Requests without a usable answer of the upstream.")
        func cache(_ name: String, _ result: String) -> Counter {
            registry.counter(
                "sallyport_data_plane_cache_total", "Look-ups in the data plane's caches.",
                labels: [("cache", name), ("result", result)])
        }
        tokenHits = cache("caller_token", "hit")
        tokenMisses = cache("caller_token", "miss")
        connectionHits = cache("connection", "hit")
        connectionMisses = cache("connection", "miss")
        bytesFromCallers = registry.counter(
            "sallyport_data_plane_received_bytes_total", "Bytes of request bodies.")
        bytesToCallers = registry.counter(
            "sallyport_data_plane_sent_bytes_total", "Bytes of response bodies.")
        auditDropped = registry.counter(
            "sallyport_data_plane_audit_dropped_total", "Audit events lost because too many waited for the database.")
    }

    /// Reports how many callers are connected; the closure lives as long as the registry.
    func observeConnections(_ read: @escaping @Sendable () -> Double) {
        registry.gauge("sallyport_data_plane_connections", "Callers connected now.", read: read)
    }
}

/// One loop's counts since it last added them to the shared ones.
struct LoopCounters {
    var requests = [Int](repeating: 0, count: DataPlaneMetrics.routeCount * DataPlaneMetrics.classCount)
    var upstreamConnects = 0
    var upstreamReuses = 0
    var upstreamFailures = 0
    var tokenHits = 0
    var tokenMisses = 0
    var connectionHits = 0
    var connectionMisses = 0
    var bytesFromCallers = 0
    var bytesToCallers = 0

    mutating func countRequest(_ route: DataPlaneRoute?, status: Int) {
        let row: Int
        switch route {
        case .proxy: row = 0
        case .tokenFetch: row = 1
        case .live: row = 2
        case .issue: row = 3
        case nil: row = 4
        }
        requests[row * DataPlaneMetrics.classCount + min(status / 100, DataPlaneMetrics.classCount - 1)] += 1
    }

    mutating func flush(into metrics: DataPlaneMetrics) {
        for index in requests.indices where requests[index] > 0 {
            metrics.requests[index].increment(by: requests[index])
            requests[index] = 0
        }
        Self.move(&upstreamConnects, to: metrics.upstreamConnects)
        Self.move(&upstreamReuses, to: metrics.upstreamReuses)
        Self.move(&upstreamFailures, to: metrics.upstreamFailures)
        Self.move(&tokenHits, to: metrics.tokenHits)
        Self.move(&tokenMisses, to: metrics.tokenMisses)
        Self.move(&connectionHits, to: metrics.connectionHits)
        Self.move(&connectionMisses, to: metrics.connectionMisses)
        Self.move(&bytesFromCallers, to: metrics.bytesFromCallers)
        Self.move(&bytesToCallers, to: metrics.bytesToCallers)
    }

    private static func move(_ count: inout Int, to counter: Counter) {
        if count > 0 { counter.increment(by: count) }
        count = 0
    }
}
