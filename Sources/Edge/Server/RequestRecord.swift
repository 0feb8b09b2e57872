internal import Domain
internal import HTTPTypes
internal import Logging
internal import Observability

/// What is remembered of a finished request: a log line and the metrics. Never its URI, a header or a body.
struct RequestRecord: Sendable {
    var requestID: String
    var trace: TraceParent?
    /// Nil for a path that is no route.
    var routeIndex: Int?
    var method: String
    var apiKey: String?
    var environment: String?
    var tenant: String?
}

/// Counts and logs requests by route template.
struct RequestJournal: Sendable {
    private struct Series: Sendable {
        let classes: [Counter]
        let durations: Histogram
    }

    private let logger: Logger
    private let series: [Series]
    private let unmatched: Series

    init(_ metrics: MetricRegistry, logger: Logger) {
        self.logger = logger
        series = ControlPlaneRoute.all.map { Self.series($0.method.rawValue, $0.template, metrics) }
        unmatched = Self.series("OTHER", "unmatched", metrics)
    }

    private static func series(_ method: String, _ route: String, _ metrics: MetricRegistry) -> Series {
        let labels = [("method", method), ("route", route)]
        return Series(
            classes: (1...5).map { digit in
                metrics.counter(
                    "sallyport_control_plane_requests_total",
                    "Requests of the control plane by route and status class.",
                    labels: labels + [("status", "\(digit)xx")])
            },
            durations: metrics.histogram(
                "sallyport_control_plane_request_seconds", "Time from the head of a request to its answer.",
                labels: labels))
    }

    func finish(_ record: RequestRecord, _ answer: Answer, took duration: Duration) {
        let series = record.routeIndex.map { self.series[$0] } ?? unmatched
        let statusClass = answer.status.code / 100
        if (1...5).contains(statusClass) { series.classes[statusClass - 1].increment() }
        series.durations.record(duration)
        log(record, answer, duration)
    }

    private func log(_ record: RequestRecord, _ answer: Answer, _ duration: Duration) {
        let route = record.routeIndex.map { ControlPlaneRoute.all[$0] }
        var facts: [LogKey: String] = [
            .requestID: record.requestID, .route: route?.template ?? "unmatched", .method: record.method,
            .status: String(answer.status.code), .listener: "control",
            .durationMilliseconds: String(duration.microseconds / 1_000),
        ]
        facts[.traceID] = record.trace?.traceID
        facts[.apiKey] = record.apiKey
        facts[.environment] = record.environment
        facts[.tenant] = record.tenant
        facts[.code] = answer.problemCode
        logger.log(level: Self.level(route, answer), "request", metadata: .facts(facts))
    }

    /// Probes and scrapes are the only lines of a healthy, idle service: not worth reading.
    private static func level(_ route: ControlPlaneRoute?, _ answer: Answer) -> Logger.Level {
        if answer.status.code >= 500 { return answer.status == .serviceUnavailable ? .warning : .error }
        return route?.access == .open ? .debug : .info
    }
}
