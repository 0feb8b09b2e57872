package import Domain

// What attempts tell.
extension EndpointState {
    /// Takes the end of an attempt. One that is not known, or ended before, changes nothing.
    package mutating func report(
        _ id: UInt64, _ outcome: EndpointOutcome, now: Instant, _ rules: EndpointRules, random: UInt64
    ) {
        guard let attempt = attempts.removeValue(forKey: id) else { return }
        let isProbe = breaker == .halfOpen(id)
        let isCurrent = attempt.era == era
        let end = End(id: id, integration: attempt.integration, now: now, random: random)
        switch outcome {
        case .notSent:
            bucket.giveBack(rules)
            if isProbe { breaker = .open(until: now) }
            noteEnd(end, wasSent: false, rules)
        case .succeeded:
            worked(isProbe: isProbe, isCurrent: isCurrent, now, rules)
            if let integration = attempt.integration { suspicions[integration] = nil }
        case .grantRefused:
            worked(isProbe: isProbe, isCurrent: isCurrent, now, rules)
            noteEnd(end, wasSent: true, rules)
        case .refusedWithoutReason(let connection):
            worked(isProbe: isProbe, isCurrent: isCurrent, now, rules)
            noteRefusal(of: connection, for: .tokenEndpointRefused, end, rules)
        case .clientRefused(let connection):
            worked(isProbe: isProbe, isCurrent: isCurrent, now, rules)
            noteRefusal(of: connection, for: .invalidClient, end, rules)
        case .rateLimited(let retryAfter):
            limited(isProbe: isProbe, isCurrent: isCurrent, retryAfter, end, rules)
            noteEnd(end, wasSent: true, rules)
        case .failed(let reason, let retryAfter):
            failed(reason, isProbe: isProbe, isCurrent: isCurrent, retryAfter, end, rules)
            noteEnd(end, wasSent: true, rules)
        }
    }

    /// The integration was changed, perhaps mended: nothing is held against it any more.
    package mutating func forgive(_ integration: IntegrationID) { suspicions[integration] = nil }

    private struct End {
        let id: UInt64
        let integration: IntegrationID?
        let now: Instant
        let random: UInt64
    }

    private mutating func worked(isProbe: Bool, isCurrent: Bool, _ now: Instant, _ rules: EndpointRules) {
        if isProbe { return close(now, rules) }
        guard breaker == .closed else { return }
        consecutiveFailures = 0
        askedUntil = nil
        guard isCurrent else { return }
        shuttings = 0
        // One more for each answer: the places double with each round of them.
        allowance = min(allowance + 1, rules.limits.maxConcurrent)
    }

    private mutating func close(_ now: Instant, _ rules: EndpointRules) {
        breaker = .closed
        closedAt = now
        consecutiveFailures = 0
        askedUntil = nil
        beginAnew(now, rules)
    }

    private mutating func beginAnew(_ now: Instant, _ rules: EndpointRules) {
        era += 1
        allowance = 1
        bucket.drain(now: now, rules)
    }

    private mutating func failed(
        _ reason: StatusReason, isProbe: Bool, isCurrent: Bool, _ retryAfter: Duration?, _ end: End,
        _ rules: EndpointRules
    ) {
        if let retryAfter {
            let asked = end.now + min(max(retryAfter, .zero), rules.limits.longestRetryAfter)
            askedUntil = max(askedUntil ?? asked, asked)
            if case .open(let until) = breaker { breaker = .open(until: max(until, asked)) }
        }
        guard isProbe || (isCurrent && breaker == .closed) else { return }
        self.reason = reason
        consecutiveFailures += 1
        guard isProbe || consecutiveFailures >= rules.limits.failuresToOpen else { return }
        // An endpoint that answers one probe and falls again goes on waiting where it was.
        let wasClosedBriefly = closedAt.map { end.now - $0 < rules.limits.longestOpen } ?? false
        openings = isProbe || wasClosedBriefly ? openings + 1 : 0
        let until = end.now + rules.wait(round: openings, retryAfter: nil, random: end.random)
        breaker = .open(until: max(until, askedUntil ?? until))
        era += 1
    }

    private mutating func limited(
        isProbe: Bool, isCurrent: Bool, _ retryAfter: Duration?, _ end: End, _ rules: EndpointRules
    ) {
        // The endpoint answers: it is there, and asks for patience.
        if isProbe { close(end.now, rules) }
        guard isProbe || isCurrent else {
            // Of a burst that was under way when the door was shut: it adds what it asks for, and no round.
            let asked = end.now + min(max(retryAfter ?? .zero, .zero), rules.limits.longestRetryAfter)
            return doorOpensAt = max(doorOpensAt ?? asked, asked)
        }
        let until = end.now + rules.wait(round: shuttings, retryAfter: retryAfter, random: end.random)
        doorOpensAt = max(doorOpensAt ?? until, until)
        shuttings += 1
        beginAnew(until, rules)
    }

    private mutating func noteEnd(_ end: End, wasSent: Bool, _ rules: EndpointRules) {
        guard let integration = end.integration else { return }
        suspicions[integration]?.ended(end.id, wasSent: wasSent, end.now, rules, random: end.random)
    }

    private mutating func noteRefusal(
        of connection: ConnectionID, for reason: StatusReason, _ end: End, _ rules: EndpointRules
    ) {
        guard let integration = end.integration, makeRoom(for: integration, rules) else { return }
        suspicions[integration, default: ClientSuspicion()]
            .refused(connection, for: reason, by: end.id, end.now, rules, random: end.random)
    }

    /// Suspects stay; of the others any may go. False where all that are remembered are suspect.
    private mutating func makeRoom(for integration: IntegrationID, _ rules: EndpointRules) -> Bool {
        guard suspicions[integration] == nil, suspicions.count >= rules.limits.maxSuspicions else { return true }
        guard let innocent = suspicions.first(where: { !$0.value.isSuspect })?.key else { return false }
        suspicions[innocent] = nil
        return true
    }
}

// How it looks from outside.
extension EndpointState {
    package func snapshot(of endpoint: TokenEndpointKey, waiting: Int, now: Instant) -> EndpointSnapshot {
        let (state, blockedUntil) = standing(now)
        return EndpointSnapshot(
            endpoint: endpoint, state: state, inFlight: inFlight, waiting: waiting, blockedUntil: blockedUntil,
            consecutiveFailures: consecutiveFailures)
    }

    private func standing(_ now: Instant) -> (EndpointSnapshot.State, Instant?) {
        switch breaker {
        case .open(let until) where now < until: return (.open, max(until, doorOpensAt ?? until))
        case .open, .halfOpen: return (.halfOpen, nil)
        case .closed: break
        }
        if let doorOpensAt, now < doorOpensAt { return (.rateLimited, doorOpensAt) }
        return (suspicions.values.contains { $0.isSuspect } ? .suspect : .closed, nil)
    }

    /// How much is lost when this is forgotten; nil while somebody counts on it.
    func worth(now: Instant, _ rules: EndpointRules) -> Worth? {
        guard attempts.isEmpty else { return nil }
        switch standing(now).0 {
        case .open, .halfOpen, .rateLimited, .suspect: return .warning
        case .closed: break
        }
        let isFresh = consecutiveFailures == 0 && suspicions.isEmpty && bucket.isFull(now: now)
        return isFresh && allowance == rules.limits.maxConcurrent ? .nothing : .little
    }

    enum Worth: Int, Comparable, Sendable {
        case nothing, little, warning

        static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }
}
