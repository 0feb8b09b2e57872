import PeerTokens

/// What became of the answer to an exchange.
enum Delivery: String, Hashable, Sendable {
    /// Every byte was handed to the kernel.
    case whole
    /// Processed, and the connection closed without an answer.
    case dropped
    /// Processed, and the connection closed in the middle of the answer.
    case cut
    /// The caller had closed before the answer was written.
    case gone
    /// Written whole, and no JSON.
    case unreadable
}

/// A refresh token that came a second time.
struct Reuse: Hashable, Sendable {
    let family: String
    let generation: Int
    /// Unix microseconds.
    let at: Int64
    /// When the same generation was used before; nil where that is longer ago than the family's last use.
    let firstUseAt: Int64?
    /// The first use had not been answered yet.
    let wasInProgress: Bool
    /// What became of the answer to the first use; nil where it is unknown or still to come.
    let firstAnswer: Delivery?
}

/// What a presented refresh token is worth.
enum Verdict: Hashable, Sendable {
    /// Accepted; the token to use next.
    case granted(next: PeerRefreshToken)
    /// Spent before: the family is revoked.
    case reused(Reuse)
    /// The family was revoked earlier.
    case revoked
}

/// The rotation of refresh tokens, with reuse detection (RFC 9700 §4.14): pure.
///
/// A family is known from its first use on. One that isn't known is taken at the generation that its token says, so that
/// nothing must be registered, and a peer that starts anew accepts what it gave before.
struct Families {
    struct Family: Hashable {
        /// The generation that is accepted next.
        var generation: Int
        var isRevoked = false
        var grants = 0
        var reuses = 0
        var presented = 0
        /// Of the last grant: when it was asked for, and what became of its answer (nil: still to come).
        var lastUseAt: Int64
        var lastAnswer: Delivery?
    }

    let rotates: Bool
    private(set) var all: [String: Family] = [:]

    init(rotates: Bool) { self.rotates = rotates }

    subscript(_ name: String) -> Family? { all[name] }

    /// Takes a token, and spends it where it is good.
    mutating func present(_ token: PeerRefreshToken, at now: Int64) -> Verdict {
        var family = all[token.family] ?? Family(generation: token.generation, lastUseAt: now)
        defer { all[token.family] = family }
        family.presented += 1
        guard !family.isRevoked else { return .revoked }
        guard token.generation == family.generation else {
            family.isRevoked = true
            family.reuses += 1
            return .reused(Self.reuse(of: token, family, at: now))
        }
        if rotates { family.generation += 1 }
        family.grants += 1
        family.lastUseAt = now
        family.lastAnswer = nil
        return .granted(next: PeerRefreshToken(family: token.family, generation: family.generation))
    }

    /// The answer to the grant that led to `next` came to this.
    mutating func end(_ next: PeerRefreshToken, _ delivery: Delivery) {
        guard all[next.family]?.generation == next.generation else { return }
        all[next.family]?.lastAnswer = delivery
    }

    /// How often tokens of this family came so far, whatever came of it.
    func presentations(of family: String) -> Int { all[family]?.presented ?? 0 }

    /// Counts a token that a fault kept from being looked at.
    mutating func countUnseen(_ token: PeerRefreshToken, at now: Int64) {
        all[token.family, default: Family(generation: token.generation, lastUseAt: now)].presented += 1
    }

    private static func reuse(of token: PeerRefreshToken, _ family: Family, at now: Int64) -> Reuse {
        // A generation that is yet to come is nobody's: only a peer that lost its memory can have given it.
        let isLast = token.generation == family.generation - 1 && family.grants > 0
        return Reuse(
            family: token.family, generation: token.generation, at: now, firstUseAt: isLast ? family.lastUseAt : nil,
            wasInProgress: isLast && family.lastAnswer == nil, firstAnswer: isLast ? family.lastAnswer : nil)
    }
}
