package import Connections
package import Domain
internal import Sodium
internal import Synchronization

/// Answers for the refresh engine: by a closure, counting how often it was asked.
package final class FakeRefresher: TokenRefreshing {
    package typealias Answer = @Sendable (StoredConnection) throws(RefreshError) -> OpenedTokenSet

    private let state: Mutex<(answer: Answer, asked: Int)>

    package init(answer: @escaping Answer = { (_) throws(RefreshError) in throw .internalFailure }) {
        state = Mutex((answer, 0))
    }

    package var asked: Int { state.withLock { $0.asked } }

    package func answer(_ answer: @escaping Answer) { state.withLock { $0.answer = answer } }

    package func refreshedTokenSet(
        of stored: StoredConnection, deadline: ContinuousClock.Instant
    ) async throws(RefreshError) -> OpenedTokenSet {
        let answer = state.withLock { state in
            state.asked += 1
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
            recordVersion: (stored.tokenSet?.recordVersion ?? 0) + 1,
            credentialVersion: stored.entered?.recordVersion ?? 0)
    }
}
