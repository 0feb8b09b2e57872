import Domain

/// When the token set of each connection was obtained and is due.
struct SeedPlan: Sendable {
    /// The moment that everything refers to.
    var now: Timestamp
    var connections: Int
    /// The first so many connections are due within `dueWindow` from `dueAt` on, evenly spread.
    var dueCount = 0
    var dueAt: Timestamp
    var dueWindow: Duration = .zero
    /// Of every other connection: nil is far away; else each is somewhere in a lifetime of this length, and none is due
    /// before `dueAt`.
    var lifetime: Duration?

    struct Times: Hashable, Sendable {
        let obtainedAt: Timestamp
        let expiresAt: Timestamp
        let dueAt: Timestamp
    }

    /// A token is due this long before it expires, where a row is to be due at a given moment.
    private static let ahead = Duration.seconds(300)
    private static let farAway = Duration.seconds(60 * 86_400)

    /// - Parameter draw: from 0 to below 1.
    func times(of index: Int, draw: Double) -> Times {
        if index < dueCount {
            let due = dueAt + dueWindow * (Double(index) / Double(max(1, dueCount)))
            return Times(obtainedAt: due - .seconds(3_300), expiresAt: due + Self.ahead, dueAt: due)
        }
        guard let lifetime else {
            let expires = now + Self.farAway + Self.farAway * draw
            return Times(obtainedAt: now, expiresAt: expires, dueAt: expires - Self.ahead)
        }
        // Due spreads over nine tenths of the lifetime, as it does among connections that have been refreshed for long.
        let due = dueAt + lifetime * (draw * 0.85)
        let expires = due + lifetime / 10
        return Times(obtainedAt: expires - lifetime, expiresAt: expires, dueAt: due)
    }
}
