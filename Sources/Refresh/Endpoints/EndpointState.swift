package import Domain

/// The state machine of one token endpoint: places, pace, breaker, door and suspicions. A value; time and chance come in.
///
/// ```
///            failures in a row             the wait is over,
///  closed ───────────────────────▶ open ── somebody asks ────▶ half-open (one probe)
///    ▲                              ▲                              │
///    │                              └── the probe failed (longer) ─┤
///    └── the probe was answered: places from one, empty bucket ────┘
/// ```
/// Beside the breaker, a 429 shuts the door for a time without the endpoint counting as broken. Only attempts that were
/// admitted since breaker or door last moved (the same *era*) move them again: a burst that was under way when an endpoint
/// went down neither lengthens the outage nor, timing out late, ends the recovery.
package struct EndpointState: Sendable {
    package typealias Instant = ContinuousClock.Instant

    package enum Verdict: Hashable, Sendable {
        case admitted
        case busy(until: Instant?)
        case blocked(StatusReason, until: Instant)
    }

    enum Breaker: Hashable, Sendable {
        case closed
        case open(until: Instant)
        /// The attempt that decides.
        case halfOpen(UInt64)
    }

    struct Attempt: Sendable {
        var integration: IntegrationID?
        let era: UInt64
    }

    var breaker = Breaker.closed
    /// Why the breaker opened last.
    var reason = StatusReason.tokenEndpointUnreachable
    package internal(set) var consecutiveFailures = 0
    /// How often the breaker opened in a row.
    var openings = 0
    var closedAt: Instant?
    /// The latest instant that a server asked for since it last worked.
    var askedUntil: Instant?
    /// Shut by a 429 until then.
    var doorOpensAt: Instant?
    /// How often the door was shut in a row.
    var shuttings = 0
    var era: UInt64 = 0
    /// Places that are open: fewer than the limit after an outage, one more with each success.
    package internal(set) var allowance: Int
    var bucket: TokenBucket
    var attempts: [UInt64: Attempt] = [:]
    var suspicions: [IntegrationID: ClientSuspicion] = [:]

    package init(now: Instant, _ rules: EndpointRules) {
        allowance = rules.limits.maxConcurrent
        bucket = TokenBucket(now: now)
    }

    package var inFlight: Int { attempts.count }

    /// Admits an attempt under a number that no other has had, or says why not.
    package mutating func admit(
        _ attempt: UInt64, _ integration: IntegrationID?, as purpose: AdmissionPurpose, now: Instant,
        _ rules: EndpointRules
    ) -> Verdict {
        if let blocked = blockage(of: integration, now: now, rules) { return blocked }
        guard hasPlace(for: purpose, rules) else { return .busy(until: nil) }
        let opening = paceOpening(for: purpose, rules)
        guard opening <= now else { return .busy(until: opening) }
        bucket.take(now: now, rules)
        attempts[attempt] = Attempt(integration: integration, era: era)
        if breaker != .closed { breaker = .halfOpen(attempt) }
        if let integration { suspicions[integration]?.admitted(attempt) }
        return .admitted
    }

    /// Says of an admitted attempt for which integration it is; `.blocked` ends it as not sent.
    package mutating func attribute(
        _ attempt: UInt64, to integration: IntegrationID, now: Instant, _ rules: EndpointRules
    ) -> Verdict {
        guard let known = attempts[attempt] else { return .busy(until: nil) }
        guard known.integration != integration else { return .admitted }
        if let suspicion = suspicions[integration], let until = suspicion.blockedUntil(now, rules) {
            report(attempt, .notSent, now: now, rules, random: 0)
            return .blocked(suspicion.reason, until: until)
        }
        attempts[attempt]?.integration = integration
        suspicions[integration]?.admitted(attempt)
        return .admitted
    }

    /// `.blocked` where breaker, door or a suspicion keeps the integration's attempts away; nil else.
    func blockage(of integration: IntegrationID?, now: Instant, _ rules: EndpointRules) -> Verdict? {
        switch breaker {
        case .closed: break
        case .halfOpen: return .blocked(reason, until: now + rules.limits.shortestOpen)
        case .open(let until) where now < until: return .blocked(reason, until: max(until, doorOpensAt ?? until))
        case .open: break
        }
        if let doorOpensAt, now < doorOpensAt { return .blocked(.rateLimited, until: doorOpensAt) }
        if let integration, let suspicion = suspicions[integration],
            let until = suspicion.blockedUntil(now, rules)
        {
            return .blocked(suspicion.reason, until: until)
        }
        return nil
    }

    /// When scheduled work of no particular integration may be admitted next; nil where that depends on an attempt's end.
    func opening(now: Instant, _ rules: EndpointRules) -> Instant? {
        guard hasPlace(for: .scheduled, rules) else { return nil }
        var opening = max(now, doorOpensAt ?? now, paceOpening(for: .scheduled, rules))
        switch breaker {
        case .closed: break
        case .halfOpen: return nil
        case .open(let until): opening = max(opening, until)
        }
        return opening
    }

    /// Nobody passes, or one probe at most: the breaker isn't closed, or the door is shut.
    package func isShut(now: Instant) -> Bool { breaker != .closed || doorOpensAt.map { now < $0 } ?? false }

    package func isSuspect(_ integration: IntegrationID) -> Bool { suspicions[integration]?.isSuspect ?? false }

    /// A probe needs a place and a token like everybody, but nobody's share is kept from it.
    private func hasPlace(for purpose: AdmissionPurpose, _ rules: EndpointRules) -> Bool {
        let places =
            breaker == .closed ? rules.share(of: allowance, for: purpose) : rules.limits.maxConcurrent
        return attempts.count < places
    }

    private func paceOpening(for purpose: AdmissionPurpose, _ rules: EndpointRules) -> Instant {
        let share = breaker == .closed ? rules.share(of: rules.limits.burst, for: purpose) : rules.limits.burst
        return bucket.opening(leaving: rules.limits.burst - share, rules)
    }
}
