package import Domain
package import Grants

/// When a token counts as used up, and when to obtain the next one. Pure rules.
package enum TokenTiming {
    /// Ahead of its expiry by so much a token is no longer handed out if another can be had: a tenth of its lifetime, at
    /// most a minute.
    package static func margin(lifetime: Duration) -> Duration { min(.seconds(60), max(lifetime, .zero) / 10) }

    /// The last moments of a token, in which it would expire on its way.
    package static let lastMoments = Duration.seconds(2)

    /// When the token is replaced if a caller asks: nil for a token without expiry.
    package static func renewalAt(obtainedAt: Timestamp, expiresAt: Timestamp?) -> Timestamp? {
        expiresAt.map { $0 - margin(lifetime: $0 - obtainedAt) }
    }

    /// Expiry counts from sending. The next one is due ahead of it by a tenth of the lifetime, at most five minutes, and up
    /// to half as much earlier by chance, so that what was obtained together is not due together.
    package static func times(of tokenSet: TokenSet, obtainedAt: Timestamp, random: UInt64) -> TokenTimes {
        guard let expiresAt = tokenSet.expiresAt else { return TokenTimes(expiresAt: nil, refreshDueAt: nil) }
        let lifetime = max(expiresAt - obtainedAt, .zero)
        let ahead = min(.seconds(300), lifetime / 10)
        let chance = ahead * (Double(random >> 11) / Double(1 << 53)) / 2
        return TokenTimes(expiresAt: expiresAt, refreshDueAt: expiresAt - ahead - chance)
    }
}
