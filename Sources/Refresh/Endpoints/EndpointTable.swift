internal import Domain

/// All endpoints of a process with the callers in line at each; a value behind one lock. Bounded: where a new endpoint finds
/// no room, those go first that remember nothing, then those that remember little, and last those that are blocked.
struct EndpointTable: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// Whom to tell, once the lock is open again.
    struct Wake: Sendable {
        var signals: [AsyncStream<Void>.Continuation] = []
        /// Scheduled work was turned away at this endpoint before, and may be admitted now.
        var isForScheduler = false
    }

    enum Answer: Sendable {
        case admitted(UInt64)
        case busy(until: Instant?)
        case blocked(StatusReason, until: Instant)
        /// In line under that number. The head of the line looks again at that instant, or (nil) when it is woken.
        case waiting(UInt64, until: Instant?)
    }

    private struct Entry: Sendable {
        var state: EndpointState
        var line = WaitingLine()
        var usedAt: Instant
    }

    let rules: EndpointRules
    private var entries: [TokenEndpointKey: Entry] = [:]
    /// Where scheduled work was turned away and nobody has been told of an opening since.
    private var awaited: Set<TokenEndpointKey> = []
    private var lastNumber: UInt64 = 0

    init(_ rules: EndpointRules) { self.rules = rules }

    var count: Int { entries.count }

    mutating func admit(
        _ key: TokenEndpointKey, _ integration: IntegrationID?, as purpose: AdmissionPurpose, now: Instant
    ) -> Answer {
        guard prepare(key, now) else { return .busy(until: now + rules.limits.shortestOpen) }
        let answer = admit(key, integration, as: purpose, now, overtaking: false)
        if purpose == .scheduled {
            if case .admitted = answer { awaited.remove(key) } else { awaited.insert(key) }
        }
        return answer
    }

    /// Admits a caller, or puts it in line; `.busy` where the line is full.
    mutating func join(
        _ key: TokenEndpointKey, _ integration: IntegrationID?, _ signal: AsyncStream<Void>.Continuation, now: Instant
    ) -> Answer {
        guard prepare(key, now) else { return .busy(until: now + rules.limits.shortestOpen) }
        let answer = admit(key, integration, as: .caller, now, overtaking: false)
        guard case .busy(let until) = answer, let inLine = entries[key]?.line.count, inLine < rules.limits.maxWaiters
        else { return answer }
        lastNumber += 1
        entries[key]?.line.append(lastNumber, WaitingLine.Waiter(integration: integration, signal: signal))
        return .waiting(lastNumber, until: inLine == 0 ? until : nil)
    }

    /// A caller in line looks again; whatever is answered but `.waiting` has taken it out of the line.
    mutating func look(_ number: UInt64, at key: TokenEndpointKey, now: Instant) -> (Answer, Wake) {
        guard let waiter = entries[key]?.line[number] else { return (.busy(until: nil), Wake()) }
        let answer: Answer =
            if entries[key]?.line.head == number {
                admit(key, waiter.integration, as: .caller, now, overtaking: true)
            } else if case .blocked(let reason, let until) = blockage(of: waiter.integration, at: key, now) {
                .blocked(reason, until: until)
            } else {
                .busy(until: nil)
            }
        if case .busy(let until) = answer { return (.waiting(number, until: until), Wake()) }
        return (answer, leave(number, at: key))
    }

    /// A caller waits no longer; the next one becomes the head.
    mutating func leave(_ number: UInt64, at key: TokenEndpointKey) -> Wake {
        entries[key]?.line.remove(number)
        return wake(at: key)
    }

    mutating func attribute(
        _ attempt: UInt64, of key: TokenEndpointKey, to integration: IntegrationID, now: Instant
    ) -> (Answer, Wake) {
        guard let verdict = entries[key]?.state.attribute(attempt, to: integration, now: now, rules) else {
            return (.busy(until: nil), Wake())
        }
        switch verdict {
        case .admitted: return (.admitted(attempt), Wake())
        case .busy(let until): return (.busy(until: until), Wake())
        case .blocked(let reason, let until): return (.blocked(reason, until: until), wake(at: key))
        }
    }

    mutating func report(
        _ attempt: UInt64, of key: TokenEndpointKey, _ outcome: EndpointOutcome, now: Instant, random: UInt64
    ) -> Wake {
        guard entries[key] != nil else { return Wake() }
        entries[key]?.state.report(attempt, outcome, now: now, rules, random: random)
        entries[key]?.usedAt = now
        return wake(at: key, all: outcome.canBlock)
    }

    mutating func forgive(_ integration: IntegrationID) {
        for key in entries.keys { entries[key]?.state.forgive(integration) }
    }

    func isSuspect(_ key: TokenEndpointKey, _ integration: IntegrationID) -> Bool {
        entries[key]?.state.isSuspect(integration) ?? false
    }

    /// Whether it admits nobody now, or one probe at most.
    func isShut(_ key: TokenEndpointKey, now: Instant) -> Bool { entries[key]?.state.isShut(now: now) ?? false }

    /// See ``TokenEndpoints/nextOpening(after:)``.
    mutating func nextOpening(after now: Instant) -> Instant? {
        var earliest: Instant?
        var told: [TokenEndpointKey] = []
        for key in awaited {
            guard let entry = entries[key], entry.line.isEmpty, let opening = entry.state.opening(now: now, rules)
            else { continue }
            if opening <= now { told.append(key) }
            earliest = min(earliest ?? opening, opening)
        }
        awaited.subtract(told)
        return earliest
    }

    func snapshots(now: Instant) -> [EndpointSnapshot] {
        entries.map { $0.value.state.snapshot(of: $0.key, waiting: $0.value.line.count, now: now) }
            .sorted { $0.endpoint < $1.endpoint }
    }

    /// - Parameter overtaking: the one who asks is the head of the line; else everybody in it comes first.
    private mutating func admit(
        _ key: TokenEndpointKey, _ integration: IntegrationID?, as purpose: AdmissionPurpose, _ now: Instant,
        overtaking: Bool
    ) -> Answer {
        // No copy of the entry lives while it is changed: its collections would be copied too.
        if !overtaking, entries[key]?.line.isEmpty == false {
            guard case .blocked(let reason, let until) = blockage(of: integration, at: key, now)
            else { return .busy(until: nil) }
            return .blocked(reason, until: until)
        }
        lastNumber += 1
        let number = lastNumber
        let verdict = entries[key]?.state.admit(number, integration, as: purpose, now: now, rules)
        switch verdict {
        case .admitted: return .admitted(number)
        case .busy(let until): return .busy(until: until)
        case .blocked(let reason, let until): return .blocked(reason, until: until)
        case nil: return .busy(until: nil)
        }
    }

    private func blockage(
        of integration: IntegrationID?, at key: TokenEndpointKey, _ now: Instant
    ) -> EndpointState.Verdict? {
        entries[key]?.state.blockage(of: integration, now: now, rules)
    }

    private mutating func wake(at key: TokenEndpointKey, all: Bool = false) -> Wake {
        guard let line = entries[key]?.line else { return Wake() }
        guard line.isEmpty else {
            return Wake(signals: all ? line.signals : line.headSignal.map { [$0] } ?? [])
        }
        return Wake(isForScheduler: awaited.remove(key) != nil)
    }

    /// Finds or makes the endpoint's entry; false where no room can be made.
    private mutating func prepare(_ key: TokenEndpointKey, _ now: Instant) -> Bool {
        if entries[key] != nil {
            entries[key]?.usedAt = now
            return true
        }
        if entries.count >= rules.limits.maxEndpoints { makeRoom(now) }
        guard entries.count < rules.limits.maxEndpoints else { return false }
        entries[key] = Entry(state: EndpointState(now: now, rules), usedAt: now)
        return true
    }

    /// Many at a time, so that the search is paid for by as many newcomers; of the blocked ones few, the least used first.
    private mutating func makeRoom(_ now: Instant) {
        typealias Idle = (key: TokenEndpointKey, worth: EndpointState.Worth, at: Instant)
        let idle = entries.compactMap { key, entry -> Idle? in
            guard entry.line.isEmpty, let worth = entry.state.worth(now: now, rules) else { return nil }
            return (key, worth, entry.usedAt)
        }
        let leaving = idle.sorted { ($0.worth, $0.at) < ($1.worth, $1.at) }
        let isForgettable = leaving.first.map { $0.worth < .warning } ?? false
        let share = isForgettable ? 8 : 128
        for (key, worth, _) in leaving.prefix(max(1, rules.limits.maxEndpoints / share)) {
            guard worth < .warning || !isForgettable else { return }
            entries[key] = nil
            awaited.remove(key)
        }
    }
}

extension EndpointOutcome {
    /// After it, those in line may be kept away, and must look.
    fileprivate var canBlock: Bool {
        switch self {
        case .succeeded, .grantRefused, .notSent: false
        case .refusedWithoutReason, .clientRefused, .rateLimited, .failed: true
        }
    }
}
