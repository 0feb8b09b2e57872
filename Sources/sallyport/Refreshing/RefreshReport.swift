import Domain
import Refresh
import StrictJSON

/// How the refreshes of one instance stand: what it writes with each heartbeat, and `refresh status` shows.
struct RefreshReport: Hashable, Sendable {
    struct Endpoint: Hashable, Sendable {
        let endpoint: String
        let state: EndpointSnapshot.State
        let inFlight: Int
        let waiting: Int
        let consecutiveFailures: Int
        /// Until something may be sent there again; nil where nothing keeps it.
        let blockedFor: Duration?
    }

    struct Spool: Hashable, Sendable {
        let records: Int
        let bytes: Int
        let isUsable: Bool
        /// How long the oldest of them has waited for the database.
        let oldestAge: Duration?
    }

    /// Endpoints in one report: with the longest names they fill half of the 64 KiB that it may have.
    static let maxEndpoints = 50

    var runsScheduler: Bool
    var inFlight: Int
    /// Callers that wait for a token.
    var waiting: Int
    /// Rows due, as the instance's last look at the database told; nil before the first one, and where it doesn't schedule.
    var due: Int?
    var lag: Duration?
    var spool: Spool?
    var endpoints: [Endpoint]
    /// How far the machine's clock is ahead of the database's.
    var clockSkew: Duration?

    var json: JSONValue {
        [
            "scheduler": .bool(runsScheduler), "in_flight": .int(Int64(inFlight)), "waiting": .int(Int64(waiting)),
            "due": .optional(due), "lag_ms": .optional(lag), "spool": spool.map(\.json) ?? .null,
            "endpoints": .array(shown.map(\.json)), "clock_skew_ms": .optional(clockSkew),
        ]
    }

    /// What is in trouble first, then what has most to do.
    private var shown: ArraySlice<Endpoint> {
        endpoints.sorted { left, right in
            let (leftRank, rightRank) = (left.isInTrouble ? 0 : 1, right.isInTrouble ? 0 : 1)
            if leftRank != rightRank { return leftRank < rightRank }
            if left.inFlight != right.inFlight { return left.inFlight > right.inFlight }
            return left.endpoint < right.endpoint
        }.prefix(Self.maxEndpoints)
    }
}

extension RefreshReport.Endpoint {
    init(_ snapshot: EndpointSnapshot, now: ContinuousClock.Instant) {
        self.init(
            endpoint: snapshot.endpoint.text, state: snapshot.state, inFlight: snapshot.inFlight,
            waiting: snapshot.waiting, consecutiveFailures: snapshot.consecutiveFailures,
            blockedFor: snapshot.blockedUntil.flatMap { $0 > now ? $0 - now : nil })
    }

    var isInTrouble: Bool { state != .closed }

    fileprivate var json: JSONValue {
        [
            "endpoint": .string(endpoint), "state": .string(state.rawValue), "in_flight": .int(Int64(inFlight)),
            "waiting": .int(Int64(waiting)), "consecutive_failures": .int(Int64(consecutiveFailures)),
            "blocked_for_ms": .optional(blockedFor),
        ]
    }
}

extension RefreshReport.Spool {
    init(_ status: SpoolStatus) {
        self.init(
            records: status.pendingRecords + status.adoptedRecords, bytes: status.diskBytes, isUsable: status.isUsable,
            oldestAge: status.oldestAge)
    }

    fileprivate var json: JSONValue {
        [
            "records": .int(Int64(records)), "bytes": .int(Int64(bytes)), "usable": .bool(isUsable),
            "oldest_age_ms": .optional(oldestAge),
        ]
    }
}

extension JSONValue {
    static func optional(_ count: Int?) -> JSONValue { count.map { .int(Int64($0)) } ?? .null }

    /// In whole milliseconds.
    static func optional(_ duration: Duration?) -> JSONValue {
        duration.map { .int($0.microseconds / 1_000) } ?? .null
    }
}
