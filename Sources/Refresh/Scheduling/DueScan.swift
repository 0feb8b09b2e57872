internal import Connections
internal import Domain

/// Where the search for due rows stands, and what waits in memory; a value without clock and database.
///
/// The search goes forward through the order of due times and begins with the most overdue row again only where it has passed
/// something by: a tenant's rows beyond its bound, or rows that could not be taken. So its work is proportional to what is
/// due, and a row that waits for a closed endpoint costs nothing but its place in the index.
struct DueScan {
    typealias Instant = ContinuousClock.Instant

    /// Between two passes, however long one takes.
    private static let longestPause = Duration.seconds(300)

    private let settings: ScanSettings
    private(set) var queue: FairQueue
    /// The last row that was read; the next page begins after it.
    private(set) var position: DuePosition?
    /// More rows that are due now lie beyond the position.
    private var isAmidPass = true
    /// When to look for rows that have become due.
    private var lookAt: Instant
    /// When to begin with the most overdue row again at the latest.
    private var rescanAt: Instant
    private var begunAt: Instant
    /// Time that this pass has spent on reading; what it waited for room isn't counted.
    private var reading = Duration.zero
    /// It has come to what is due now at least once; what is read since then is what has become due.
    private var hasEndedPass = false
    /// Rows were passed by because their tenant or endpoint, or all together, had as many waiting as they may.
    private var hasPassedForRoom = false
    /// Shut endpoints of which rows were passed by.
    private var passedBy: Set<TokenEndpointKey> = []
    private var mustRescan = false

    init(_ settings: ScanSettings, now: Instant) {
        self.settings = settings
        queue = FairQueue(maxRows: settings.maxRows, maxPerTenant: settings.maxRowsPerTenant)
        lookAt = now
        rescanAt = now.advanced(by: settings.longestSleep)
        begunAt = now
    }

    /// Somebody asked for a look.
    mutating func note(rescan: Bool, look: Bool, now: Instant) {
        if rescan { mustRescan = true }
        if look { lookAt = min(lookAt, now.advanced(by: settings.afterAnnouncement)) }
    }

    /// What was passed by for an endpoint's sake is looked for when it opens.
    mutating func noteOpenings(_ isShut: (TokenEndpointKey) -> Bool) {
        guard passedBy.contains(where: { !isShut($0) }) else { return }
        passedBy = passedBy.filter(isShut)
        mustRescan = true
    }

    /// Whether to read a page now; begins a pass anew where that is due.
    mutating func shouldRead(now: Instant) -> Bool {
        if isRescanDue(now) { beginPass(now) }
        guard queue.count + settings.pageRows <= settings.maxRows else { return false }
        return isAmidPass || now >= lookAt
    }

    private func isRescanDue(_ now: Instant) -> Bool {
        if now >= rescanAt { return true }
        guard now >= begunAt.advanced(by: settings.shortestRescan) else { return false }
        // What is beyond a bound is fetched when most of what waits is done.
        return mustRescan || (hasPassedForRoom && queue.count <= settings.maxRowsPerTenant / 2)
    }

    private mutating func beginPass(_ now: Instant) {
        position = nil
        isAmidPass = true
        (mustRescan, hasPassedForRoom) = (false, false)
        begunAt = now
        reading = .zero
        hasEndedPass = false
        rescanAt = now.advanced(by: settings.longestSleep)
    }

    /// - Parameters:
    ///   - isShut: whether an endpoint takes nothing now: of its rows a few are kept to try it with.
    ///   - began: when the page was asked for.
    mutating func take(_ page: DuePage, began: Instant, now: Instant, isShut: (TokenEndpointKey) -> Bool) {
        // A page that hung in a database that was away was not work.
        reading += min(now - began, settings.shortestRescan)
        var shut: [TokenEndpointKey: Bool] = [:]
        for row in page.rows {
            var limit: Int?
            if let endpoint = row.endpoint {
                let known = shut[endpoint] ?? isShut(endpoint)
                shut[endpoint] = known
                if known { limit = settings.maxRowsOfClosedEndpoint }
            }
            switch queue.offer(row, endpointLimit: limit) {
            case .queued, .known: break
            case .tenantFull, .full: hasPassedForRoom = true
            case .endpointFull:
                // An endpoint that is open works off what waits; one that is shut tells when it opens.
                if let endpoint = row.endpoint, limit != nil {
                    passedBy.insert(endpoint)
                } else {
                    hasPassedForRoom = true
                }
            }
        }
        if let last = page.rows.last {
            position = DuePosition(dueAt: last.dueAt, connectionID: last.connectionID)
        }
        isAmidPass = page.next != nil
        if !isAmidPass {
            let pause = min(max(page.untilNextDue ?? settings.longestSleep, settings.gathering), settings.longestSleep)
            lookAt = now.advanced(by: pause)
            guard !hasEndedPass else { return }
            hasEndedPass = true
            // A long pass is not begun again so soon: at most a twentieth of the time goes into it.
            rescanAt = max(rescanAt, now.advanced(by: min(reading * 20, Self.longestPause)))
        }
    }

    /// The database did not answer.
    mutating func fail(now: Instant) {
        mustRescan = true
        isAmidPass = false
        lookAt = now.advanced(by: settings.shortestRescan)
    }

    mutating func next(upTo limit: Int, _ admits: (TokenEndpointKey?) -> Bool) -> [DueRefresh] {
        queue.next(upTo: limit, admits)
    }

    /// When there is something to do again, if nobody tells anything before.
    func nextInstant(now: Instant) -> Instant {
        guard queue.count + settings.pageRows <= settings.maxRows else {
            return now.advanced(by: settings.longestSleep)
        }
        if isAmidPass { return now }
        var instant = min(lookAt, rescanAt)
        if mustRescan || (hasPassedForRoom && queue.count <= settings.maxRowsPerTenant / 2) {
            instant = min(instant, begunAt.advanced(by: settings.shortestRescan))
        }
        return instant
    }
}
