import Domain
import Refresh

/// One endpoint's state machine with a time that the test moves.
final class EndpointDriver {
    let rules: EndpointRules
    let start = ContinuousClock.Instant.now
    var now: ContinuousClock.Instant
    var state: EndpointState
    private var lastNumber: UInt64 = 0

    init(_ change: (inout EndpointLimits) -> Void = { _ in }) {
        var limits = EndpointLimits()
        change(&limits)
        rules = EndpointRules(limits)
        now = start
        state = EndpointState(now: start, rules)
    }

    func pass(_ duration: Duration) { now += duration }

    func ask(
        _ integration: IntegrationID? = nil, as purpose: AdmissionPurpose = .caller
    ) -> (id: UInt64, verdict: EndpointState.Verdict) {
        lastNumber += 1
        return (lastNumber, state.admit(lastNumber, integration, as: purpose, now: now, rules))
    }

    /// The attempt, or nil where it wasn't admitted.
    func attempt(_ integration: IntegrationID? = nil, as purpose: AdmissionPurpose = .caller) -> UInt64? {
        let (id, verdict) = ask(integration, as: purpose)
        return verdict == .admitted ? id : nil
    }

    /// As many attempts as are admitted now, up to `limit`.
    func fill(as purpose: AdmissionPurpose = .caller, upTo limit: Int = 10_000) -> [UInt64] {
        var ids: [UInt64] = []
        while ids.count < limit, let id = attempt(as: purpose) { ids.append(id) }
        return ids
    }

    func report(_ id: UInt64, _ outcome: EndpointOutcome, random: UInt64 = 0) {
        state.report(id, outcome, now: now, rules, random: random)
    }

    /// One attempt with its end; false where it wasn't admitted.
    @discardableResult
    func run(
        _ outcome: EndpointOutcome, _ integration: IntegrationID? = nil, random: UInt64 = 0
    ) -> Bool {
        guard let id = attempt(integration) else { return false }
        report(id, outcome, random: random)
        return true
    }

    /// Opens the breaker.
    func breakIt(_ reason: StatusReason = .tokenEndpointUnreachable) {
        for _ in 0..<rules.limits.failuresToOpen { run(.failed(reason, retryAfter: nil)) }
    }

    var standing: EndpointSnapshot { state.snapshot(of: .example, waiting: 0, now: now) }

    /// How long until then.
    func left(_ until: ContinuousClock.Instant?) -> Duration? { until.map { $0 - now } }
}

extension TokenEndpointKey {
    static let example = numbered(0)

    static func numbered(_ number: Int) -> TokenEndpointKey {
        guard let key = TokenEndpointKey("https://login\(number).example.com/token") else {
            preconditionFailure("an endpoint's name is neither empty nor long")
        }
        return key
    }
}

extension EntityID {
    static func numbered(_ number: Int) -> Self { Self(high: 0x0199_0000_0000_7000, low: UInt64(number)) }
}

extension EndpointOutcome {
    static let down = failed(.tokenEndpointUnreachable, retryAfter: nil)
}
