internal import Domain

/// What is held against one integration's client at one endpoint.
///
/// A server that rejects a client may say so of each grant, in words that read as if the grant had ended. So where several
/// connections of one integration are refused in a row and nothing tells why, the client is suspect and not the grants.
/// `noted` becomes `held` with enough refused connections; `held` becomes `probing` when its time is over and somebody asks;
/// `probing` becomes `held` again, for longer, with one more refusal. A success ends all of it: the value is dropped.
struct ClientSuspicion: Sendable {
    private enum Standing {
        case noted
        case held(until: ContinuousClock.Instant)
        case probing(UInt64)
    }

    private var standing = Standing.noted
    /// Fewer than the limit; no longer of use once the client is suspect.
    private var refused: Set<ConnectionID> = []
    private var round = 0
    private(set) var reason = StatusReason.tokenEndpointRefused

    var isSuspect: Bool {
        switch standing {
        case .noted: false
        case .held, .probing: true
        }
    }

    /// Until when nobody may try; nil where an attempt may be made. While a probe is under way, a guess.
    func blockedUntil(_ now: ContinuousClock.Instant, _ rules: EndpointRules) -> ContinuousClock.Instant? {
        switch standing {
        case .noted: nil
        case .held(let until): now < until ? until : nil
        case .probing: now + rules.limits.shortestOpen
        }
    }

    /// An attempt was admitted; of a suspect client it is the probe.
    mutating func admitted(_ attempt: UInt64) {
        if case .held = standing { standing = .probing(attempt) }
    }

    mutating func refused(
        _ connection: ConnectionID, for reason: StatusReason, by attempt: UInt64, _ now: ContinuousClock.Instant,
        _ rules: EndpointRules, random: UInt64
    ) {
        switch standing {
        case .noted:
            self.reason = reason
            refused.insert(connection)
            guard refused.count >= rules.limits.refusalsToSuspect else { return }
            refused = []
            standing = .held(until: now + rules.wait(round: 0, retryAfter: nil, random: random))
        case .held:
            break  // Sent before the client became suspect.
        case .probing(let probe) where probe == attempt:
            self.reason = reason
            round += 1
            standing = .held(until: now + rules.wait(round: round, retryAfter: nil, random: random))
        case .probing:
            break
        }
    }

    /// An attempt ended and told nothing of the client; the next probe may be made after the same wait, or at once where
    /// nothing was sent.
    mutating func ended(
        _ attempt: UInt64, wasSent: Bool, _ now: ContinuousClock.Instant, _ rules: EndpointRules, random: UInt64
    ) {
        guard case .probing(let probe) = standing, probe == attempt else { return }
        standing = .held(until: wasSent ? now + rules.wait(round: round, retryAfter: nil, random: random) : now)
    }
}
