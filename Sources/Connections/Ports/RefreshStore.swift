package import Domain

/// The right of one instance to refresh one credential until it expires, and the fence that makes a late writer fail.
package struct Lease: Hashable, Sendable {
    package let connectionID: ConnectionID
    package let scope: TenantScope
    package let owner: InstanceID
    /// Grows with every lease of this connection.
    package let fence: Int64
    /// Which attempt this is since a token was last obtained: 1 for the first; decides the back-off.
    package let attempt: Int
    /// How long it holds from now, by the database's clock.
    package let remaining: Duration

    package init(
        connectionID: ConnectionID, scope: TenantScope, owner: InstanceID, fence: Int64, attempt: Int,
        remaining: Duration
    ) {
        self.connectionID = connectionID
        self.scope = scope
        self.owner = owner
        self.fence = fence
        self.attempt = attempt
        self.remaining = remaining
    }
}

package enum LeaseAnswer: Hashable, Sendable {
    /// Granted, and the attempt is recorded.
    case granted(Lease)
    /// Another instance holds it for at most this long; wait for its announcement, or for this time, and read again.
    case held(remaining: Duration)
    /// The last attempt failed; nobody may try before this time has passed.
    case backingOff(remaining: Duration)
}

/// What a refresh came to, as it is written.
///
/// The status moves between `active`, `backing_off` and `reauth_required` alone: a `pending` or `suspended` connection
/// keeps its status. The connection's version grows where its status or reason changes, so that an edit that was read
/// before doesn't undo it.
package enum RefreshResult: Sendable {
    /// The status becomes `active`, the reason goes, attempts and back-off start anew.
    case obtained(SealedSecret, TokenTimes)
    /// Terminal: the status becomes `reauth_required`. No back-off remains: who verifies again tries at once.
    case ended(StatusReason)
    /// Transient: nobody tries again before `retryAfter`; the status becomes `backing_off` unless a valid token remains.
    case failed(StatusReason, retryAfter: Duration)
}

package protocol RefreshStore: Sendable {
    /// Takes the lease and records the attempt in one statement, by the database's clock; `.notFound` outside the scope.
    func acquireLease(
        on connection: ConnectionID, in scope: TenantScope, owner: InstanceID, duration: Duration
    ) async throws(StoreError) -> LeaseAnswer
    /// Writes the result and releases the lease where fence and owner are still the stored ones, and (for `.obtained`)
    /// the token set's record version is the stored one plus one (or 1 for the first); else `.stale` and nothing is
    /// written. Announces the change.
    func complete(_ lease: Lease, with result: RefreshResult, audit: AuditEvent) async throws(StoreError)
    /// Gives the lease back where it is still this one, because nothing had to be done: the attempt doesn't count, no
    /// back-off follows, nothing else changes. Announces the change. A lease that is no longer this one is left alone.
    func release(_ lease: Lease) async throws(StoreError)
}
