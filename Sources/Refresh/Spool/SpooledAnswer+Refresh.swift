package import Connections
internal import Domain

// Between what is kept in the spool and what the database's port takes.
extension SpooledAnswer {
    /// The lease that it was obtained under, as far as a write needs it: owner and fence decide, and none of it remains.
    package var lease: Lease {
        Lease(
            connectionID: connectionID, scope: scope, owner: owner, fence: fence, attempt: attempt, lastError: nil,
            followsUnresolved: false, remaining: .zero)
    }

    package var facts: TokenSetFacts {
        TokenSetFacts(endpoint: endpoint, spendsRefreshToken: spendsRefreshToken, isScopeMissing: isScopeMissing)
    }

    package var times: TokenTimes { TokenTimes(expiresAt: expiresAt, refreshDueAt: refreshDueAt) }
}
