package import Domain
package import Grants

/// When a token counts as used up, and when to obtain the next one. Pure rules.
package enum TokenTiming {
    /// Ahead of its expiry by so much a token is no longer handed out if another can be had: a tenth of its lifetime, at
    /// most a minute.
    package static func margin(lifetime: Duration) -> Duration { min(.seconds(60), max(lifetime, .zero) / 10) }

    /// The last moments of a token, in which it would expire on its way.
    package static let lastMoments = Duration.seconds(2)

    /// Nothing is due sooner than this after it was obtained, up to half as much later by chance: a server that gives tokens of
    /// seconds isn't asked for them in a loop.
    package static let shortestRest = Duration.seconds(5)

    /// A refresh token whose life nobody knows is used once in this time, so that it doesn't expire unused.
    package static let keepAlive = Duration.seconds(86_400)

    /// When the token is replaced if a caller asks: nil for a token without expiry.
    package static func renewalAt(obtainedAt: Timestamp, expiresAt: Timestamp?) -> Timestamp? {
        expiresAt.map { $0 - margin(lifetime: $0 - obtainedAt) }
    }

    /// Lifetimes count from sending. The next one is due at the earliest of
    /// - the access token's expiry, less a tenth of its lifetime (at most five minutes), and up to half as much earlier;
    /// - half of the refresh token's own lifetime, and up to a tenth of that earlier;
    /// - where neither is known: ``keepAlive``, and up to a tenth of that earlier, if a refresh token is held.
    ///
    /// What is earlier is so by chance, so that what was obtained together is not due together.
    ///
    /// - Parameter tokenSet: as it is kept; its refresh token is the one that the next refresh sends, or none.
    package static func times(of tokenSet: TokenSet, obtainedAt: Timestamp, random: UInt64) -> TokenTimes {
        let chance = Double(random >> 11) / Double(1 << 53)
        var waits: [Duration] = []
        if let expiresAt = tokenSet.expiresAt {
            let lifetime = max(expiresAt - obtainedAt, .zero)
            let ahead = min(.seconds(300), lifetime / 10)
            waits.append(lifetime - ahead - ahead * chance / 2)
        }
        if tokenSet.refreshToken != nil {
            if let lifetime = tokenSet.refreshTokenExpiresIn {
                waits.append(early(lifetime / 2, chance))
            } else if waits.isEmpty {
                waits.append(early(keepAlive, chance))
            }
        }
        let rest = shortestRest + shortestRest * chance / 2
        let dueAt = waits.min().map { obtainedAt + max($0, rest) }
        return TokenTimes(expiresAt: tokenSet.expiresAt, refreshDueAt: dueAt)
    }

    private static func early(_ wait: Duration, _ chance: Double) -> Duration { wait - wait * chance / 10 }
}
