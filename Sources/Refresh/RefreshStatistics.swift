package import Observability

/// What the engine counts; every series is made at the start.
package final class RefreshStatistics: Sendable {
    private let outcomes: [RefreshOutcomeClass: Counter]
    private let waits: Counter
    private let waited: Histogram
    private let replayed: Counter
    private let superseded: Counter
    private let spoolFull: Counter

    package init(_ metrics: MetricRegistry) {
        var outcomes: [RefreshOutcomeClass: Counter] = [:]
        for outcome in RefreshOutcomeClass.allCases {
            outcomes[outcome] = metrics.counter(
                "sallyport_refresh_outcomes_total", "Refreshes by how they ended.",
                labels: [("class", outcome.rawValue)])
        }
        self.outcomes = outcomes
        waits = metrics.counter(
            "sallyport_refresh_waits_total", "Calls that waited for a token; none do in the steady state.")
        waited = metrics.histogram("sallyport_refresh_waited_seconds", "How long they waited.")
        replayed = metrics.counter(
            "sallyport_spool_replayed_total", "Received token sets that the replay wrote to the database.")
        spoolFull = metrics.counter(
            "sallyport_spool_full_total",
            "Refreshes that were not begun because the spool had no room for their answer.")
        superseded = metrics.counter(
            "sallyport_spool_superseded_total",
            "Received token sets that came too late: another one, or another credential, was stored meanwhile.")
    }

    func countSpoolFull() { spoolFull.increment() }

    func count(_ outcome: RefreshOutcomeClass) { outcomes[outcome]?.increment() }

    func countWait(_ duration: Duration) {
        waits.increment()
        waited.record(duration)
    }

    func countReplayed() { replayed.increment() }
    func countSuperseded() { superseded.increment() }

    package func count(of outcome: RefreshOutcomeClass) -> Int { outcomes[outcome]?.value ?? 0 }
    package var spoolFullCount: Int { spoolFull.value }
    package var waitCount: Int { waits.value }
}
