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
    /// Why the last attempt failed, of the attempts since a token was last obtained; nil for the first, and where nobody
    /// wrote how it ended.
    package let lastError: StatusReason?
    /// An earlier attempt sent a refresh token, and nobody wrote how it ended: the stored one may be spent already.
    package let followsUnresolved: Bool
    /// How long it holds from now, by the database's clock.
    package let remaining: Duration

    package init(
        connectionID: ConnectionID, scope: TenantScope, owner: InstanceID, fence: Int64, attempt: Int,
        lastError: StatusReason?, followsUnresolved: Bool, remaining: Duration
    ) {
        self.connectionID = connectionID
        self.scope = scope
        self.owner = owner
        self.fence = fence
        self.attempt = attempt
        self.lastError = lastError
        self.followsUnresolved = followsUnresolved
        self.remaining = remaining
    }
}

/// On which terms an instance takes leases.
package struct LeaseTerms: Hashable, Sendable {
    package let owner: InstanceID
    package let duration: Duration
    /// After its lease has run out, an attempt that may have spent a refresh token keeps others away for this long, so that
    /// its answer, which may lie in the owner's spool, is not overtaken by a second use of the same token. Nil: for ever,
    /// while the taker was itself out of touch with the database a moment ago.
    package let unresolvedWait: Duration?
    /// Instances whose spool has been read to its end: what they left unresolved has no answer. At most 64.
    package let ended: [InstanceID]
    /// Hard cap on attempts of one connection in an hour.
    package let maxAttemptsPerHour: Int

    package init(
        owner: InstanceID, duration: Duration, unresolvedWait: Duration?, ended: [InstanceID], maxAttemptsPerHour: Int
    ) {
        self.owner = owner
        self.duration = duration
        self.unresolvedWait = unresolvedWait
        self.ended = ended
        self.maxAttemptsPerHour = maxAttemptsPerHour
    }
}

/// One connection to take the lease of.
package struct LeaseRequest: Hashable, Sendable {
    package let connectionID: ConnectionID
    package let scope: TenantScope
    /// Somebody asked for this one by name: its own back-off doesn't hold it (the cap on attempts and everything else do).
    package let ignoresBackoff: Bool
    /// When it was due as it was read without a lock: another due time means that somebody saw to it meanwhile, and nothing
    /// is taken (`.notDue`). Nil takes it whenever it is due.
    package let dueAt: Timestamp?

    package init(
        connectionID: ConnectionID, scope: TenantScope, ignoresBackoff: Bool = false, dueAt: Timestamp? = nil
    ) {
        self.connectionID = connectionID
        self.scope = scope
        self.ignoresBackoff = ignoresBackoff
        self.dueAt = dueAt
    }
}

package enum LeaseAnswer: Sendable {
    /// Granted, and the attempt is recorded; the connection as it is under the lease.
    case granted(Lease, StoredConnection)
    /// Another instance holds it (or its row is being changed) for at most this long; wait for its announcement, or for
    /// this time, and read again.
    case held(remaining: Duration)
    /// Another instance's attempt ended without a word and may have spent the refresh token; nobody tries before this time.
    case unresolved(remaining: Duration)
    /// The last attempt failed; nobody may try before this time has passed.
    case backingOff(StatusReason?, remaining: Duration)
    /// ``LeaseRequest/dueAt`` is not when it is due.
    case notDue
    /// The connection has had all attempts of its hour.
    case exhausted(remaining: Duration)
    /// Not there, in this scope.
    case notFound
}

/// What is kept beside a token set, in plain, so that due work is found and routed without opening anything.
package struct TokenSetFacts: Hashable, Sendable {
    /// The endpoint that granted it.
    package let endpoint: TokenEndpointKey
    /// The next refresh spends a refresh token, so that an attempt whose outcome nobody knows is dangerous.
    package let spendsRefreshToken: Bool
    /// The server granted less than was asked for.
    package let isScopeMissing: Bool

    package init(endpoint: TokenEndpointKey, spendsRefreshToken: Bool, isScopeMissing: Bool) {
        self.endpoint = endpoint
        self.spendsRefreshToken = spendsRefreshToken
        self.isScopeMissing = isScopeMissing
    }
}

/// What a refresh came to, as it is written.
///
/// Status, reason and lifecycle events follow ``ConnectionLifecycle``. The connection's version grows where its status or
/// reason changes, so that an edit that was read before doesn't undo it.
package enum RefreshResult: Sendable {
    /// Attempts, failures and back-off start anew; `last_success_at` is now.
    case obtained(SealedSecret, TokenTimes, TokenSetFacts)
    /// Terminal. No back-off remains: who verifies again tries at once. Nothing is due by itself any more.
    case ended(StatusReason)
    /// Nobody tries again before `retryAfter`; what was due is due again then. The status becomes `backing_off` unless a
    /// valid token remains.
    case failed(StatusReason, retryAfter: Duration)
}

/// A result to be written under its lease.
package struct RefreshCompletion: Sendable {
    package let lease: Lease
    package let result: RefreshResult
    package let audit: AuditEvent
    /// Of the lifecycle event where there is just one, made now: one of the service's own making costs less than the
    /// database's. Nil: the database makes it.
    package let eventID: AuditEventID?

    package init(lease: Lease, result: RefreshResult, audit: AuditEvent, eventID: AuditEventID? = nil) {
        self.lease = lease
        self.result = result
        self.audit = audit
        self.eventID = eventID
    }
}

package enum CompletionAnswer: Hashable, Sendable {
    case written
    /// Fence or owner are no longer the stored ones, or (for `.obtained`) the token set's record version is not the stored
    /// one plus one (1 for the first): nothing was written. Also what a repeated write gets whose first answer was lost.
    case stale
    /// The key version that the token set is sealed under is gone: seal again and write again.
    case keyRetired
    /// The database refused it for a reason that no caller can mend; the SQLSTATE is in the log.
    case failed
}

/// A row whose refresh is due: identifiers and times alone.
package struct DueRefresh: Hashable, Sendable {
    package let connectionID: ConnectionID
    package let scope: TenantScope
    /// Where its token came from; nil where that is not known yet.
    package let endpoint: TokenEndpointKey?
    /// By the database's clock.
    package let dueAt: Timestamp

    package init(connectionID: ConnectionID, scope: TenantScope, endpoint: TokenEndpointKey?, dueAt: Timestamp) {
        self.connectionID = connectionID
        self.scope = scope
        self.endpoint = endpoint
        self.dueAt = dueAt
    }
}

/// A place in the order of due rows: by time, then by connection.
package struct DuePosition: Hashable, Sendable {
    package let dueAt: Timestamp
    package let connectionID: ConnectionID

    package init(dueAt: Timestamp, connectionID: ConnectionID) {
        self.dueAt = dueAt
        self.connectionID = connectionID
    }
}

package struct DuePage: Hashable, Sendable {
    /// In order of ``DuePosition``; those whose lease is held are left out.
    package let rows: [DueRefresh]
    /// Where the next page goes on; nil where no row that is due now lies beyond.
    package let next: DuePosition?
    /// How long until the next row is due that isn't yet; nil for none. By the database's clock.
    package let untilNextDue: Duration?
    /// The database's clock.
    package let now: Timestamp

    package init(rows: [DueRefresh], next: DuePosition?, untilNextDue: Duration?, now: Timestamp) {
        self.rows = rows
        self.next = next
        self.untilNextDue = untilNextDue
        self.now = now
    }
}

/// The state of all refreshes, for operators.
package struct RefreshBacklog: Hashable, Sendable {
    /// Rows that are due now.
    package let due: Int
    /// How late the most overdue of them is; zero for none.
    package let lag: Duration
    /// Until the next row is due that isn't yet; nil for none.
    package let untilNextDue: Duration?

    package init(due: Int, lag: Duration, untilNextDue: Duration?) {
        self.due = due
        self.lag = lag
        self.untilNextDue = untilNextDue
    }
}

package protocol RefreshStore: Sendable {
    /// One page of what is due, over all tenants and environments; walks the index of due times and nothing else.
    ///
    /// - Parameters:
    ///   - position: exclusive; nil begins with the most overdue.
    ///   - limit: at most 10,000.
    func due(after position: DuePosition?, limit: Int) async throws(StoreError) -> DuePage
    /// Counts what is due; work grows with it.
    func backlog() async throws(StoreError) -> RefreshBacklog
    /// Takes leases and records the attempts, all in one transaction, then reads each connection under its lease. Rows that
    /// another transaction has locked are skipped (`SKIP LOCKED`) and answered `.held`.
    ///
    /// An instance that asks for a lease that is its own already gets a new one at once: the answer to its first request
    /// was lost, because in one process nobody asks twice.
    /// - Returns: one answer for each request, in its order. An error means none or all were taken.
    func acquireLeases(
        _ requests: [LeaseRequest], on terms: LeaseTerms
    ) async throws(StoreError) -> [LeaseAnswer]
    /// Writes results with their audit and lifecycle events, and announces the changes, in one transaction; where the
    /// database refuses that, each in its own. Leases that were written are over.
    ///
    /// - Returns: one answer for each completion, in its order. An error (`.unavailable`, `.outcomeUnknown`) means that
    ///   any of them may or may not have been written.
    func complete(_ completions: [RefreshCompletion]) async throws(StoreError) -> [CompletionAnswer]
    /// Gives the lease back where it is still this one, because nothing was sent: the attempt doesn't count, no back-off
    /// follows, nothing else changes. Announces the change. A lease that is no longer this one is left alone.
    func release(_ lease: Lease) async throws(StoreError)
}
