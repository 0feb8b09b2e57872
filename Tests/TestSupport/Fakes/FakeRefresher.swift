package import Connections
package import Domain
internal import Sodium
internal import Synchronization

/// Answers for the refresh engine: by a closure, counting how often it was asked.
package final class FakeRefresher: TokenRefreshing {
    package typealias Answer = @Sendable (StoredConnection) throws(RefreshError) -> OpenedTokenSet

    private let state: Mutex<(answer: Answer, asked: Int, forced: Int, nudged: [ConnectionID])>

    package init(answer: @escaping Answer = { (_) throws(RefreshError) in throw .internalFailure }) {
        state = Mutex((answer, 0, 0, []))
    }

    package var asked: Int { state.withLock { $0.asked } }

    /// How many of them were asked for by name.
    package var forced: Int { state.withLock { $0.forced } }

    /// Whose renewal was asked for in passing.
    package var nudged: [ConnectionID] { state.withLock { $0.nudged } }

    package func nudge(of stored: StoredConnection) {
        state.withLock { $0.nudged.append(stored.connection.id) }
    }

    package func answer(_ answer: @escaping Answer) { state.withLock { $0.answer = answer } }

    package func refreshedTokenSet(
        of stored: StoredConnection, isForced: Bool, deadline: ContinuousClock.Instant
    ) async throws(RefreshError) -> OpenedTokenSet {
        let answer = state.withLock { state in
            state.asked += 1
            if isForced { state.forced += 1 }
            return state.answer
        }
        return try answer(stored)
    }
}

extension OpenedTokenSet {
    /// A token for tests, one newer than the stored one.
    package static func test(
        _ accessToken: String, of stored: StoredConnection, obtainedAt: Timestamp, lifetime: Duration? = .seconds(600)
    ) -> OpenedTokenSet {
        OpenedTokenSet(
            accessToken: SecretBytes(utf8: accessToken), tokenType: "Bearer", refreshToken: nil,
            obtainedAt: obtainedAt,
            times: TokenTimes(expiresAt: lifetime.map { obtainedAt + $0 }, refreshDueAt: nil),
            recordVersion: stored.tokenSetVersion + 1,
            credentialVersion: stored.entered?.recordVersion ?? 0)
    }
}
