package import Connections
import Domain

package struct FakeRefreshStore: RefreshStore {
    private static let hour = Duration.seconds(3_600)

    private let database: FakeDatabase
    package init(_ database: FakeDatabase) { self.database = database }

    package func due(after position: DuePosition?, limit: Int) async throws(StoreError) -> DuePage {
        let now = database.clock.wall.now()
        return try database.perform(.refreshDue) { state in
            var rows: [DueRefresh] = []
            var untilNextDue: Duration?
            var hasMore = false
            state.due.visit(after: position) { entry in
                guard entry.dueAt <= now else { return false }
                guard let row = state.connections[entry.connectionID],
                    row.refresh.leaseEndsAt.map({ $0 <= now }) ?? true
                else { return true }
                guard rows.count < limit else {
                    hasMore = true
                    return false
                }
                rows.append(
                    DueRefresh(
                        connectionID: entry.connectionID, scope: row.connection.scope, endpoint: row.refresh.endpoint,
                        dueAt: entry.dueAt))
                return true
            }
            state.due.visit(after: Self.lastPosition(of: now)) { entry in
                untilNextDue = entry.dueAt - now
                return false
            }
            let last = hasMore ? rows.last : nil
            return DuePage(
                rows: rows, next: last.map { DuePosition(dueAt: $0.dueAt, connectionID: $0.connectionID) },
                untilNextDue: untilNextDue, now: now)
        }
    }

    package func backlog() async throws(StoreError) -> RefreshBacklog {
        let now = database.clock.wall.now()
        return try database.perform(.refreshBacklog) { state in
            var count = 0
            var first: Timestamp?
            var untilNextDue: Duration?
            state.due.visit(after: nil) { entry in
                guard entry.dueAt <= now else {
                    untilNextDue = entry.dueAt - now
                    return false
                }
                count += 1
                first = first ?? entry.dueAt
                return true
            }
            return RefreshBacklog(due: count, lag: first.map { now - $0 } ?? .zero, untilNextDue: untilNextDue)
        }
    }

    package func acquireLeases(
        _ requests: [LeaseRequest], on terms: LeaseTerms
    ) async throws(StoreError) -> [LeaseAnswer] {
        let now = database.clock.wall.now()
        return try database.perform(.leaseAcquire) { state in
            requests.map { request in
                guard var row = state.connections[request.connectionID], row.connection.scope == request.scope,
                    let stored = state.stored(row)
                else { return .notFound }
                if let refusal = Self.refusal(of: row.refresh, to: request, on: terms, at: now) { return refusal }
                let lease = Self.claim(&row, on: terms, at: now)
                state.connections[request.connectionID] = row
                return .granted(lease, stored)
            }
        }
    }

    package func complete(_ completions: [RefreshCompletion]) async throws(StoreError) -> [CompletionAnswer] {
        let now = database.clock.wall.now()
        return try database.perform(.leaseComplete) { state in
            completions.map { complete($0, &state, at: now) }
        }
    }

    package func release(_ lease: Lease) async throws(StoreError) {
        try database.perform(.leaseRelease) { state in
            guard var row = state.connections[lease.connectionID], row.isHeld(by: lease) else { return }
            row.refresh.endLease()
            row.refresh.isSending = lease.followsUnresolved
            row.refresh.attempts = max(row.refresh.attempts - 1, 0)
            row.refresh.hourAttempts = max(row.refresh.hourAttempts - 1, 0)
            state.connections[lease.connectionID] = row
            state.pendingAnnouncements.append(.connectionChanged(lease.connectionID))
        }
    }

    /// Behind everything that is due at `instant`.
    private static func lastPosition(of instant: Timestamp) -> DuePosition {
        DuePosition(dueAt: instant, connectionID: ConnectionID(high: .max, low: .max))
    }
}

// Leases.
extension FakeRefreshStore {
    private static func refusal(
        of row: FakeRefreshRow, to request: LeaseRequest, on terms: LeaseTerms, at now: Timestamp
    ) -> LeaseAnswer? {
        if let expected = request.dueAt, expected != row.dueAt { return .notDue }
        if let owner = row.owner, owner != terms.owner, let endsAt = row.leaseEndsAt {
            if endsAt > now { return .held(remaining: endsAt - now) }
            if row.isSending, !terms.ended.contains(owner) {
                guard let wait = terms.unresolvedWait else { return .unresolved(remaining: .seconds(5)) }
                if endsAt + wait > now { return .unresolved(remaining: endsAt + wait - now) }
            }
        }
        if !request.ignoresBackoff, let notBefore = row.notBefore, notBefore > now {
            return .backingOff(row.lastError, remaining: notBefore - now)
        }
        if let began = row.hourBeganAt, began + hour > now, row.hourAttempts >= terms.maxAttemptsPerHour {
            return .exhausted(remaining: began + hour - now)
        }
        return nil
    }

    private static func claim(
        _ row: inout FakeDatabase.ConnectionRow, on terms: LeaseTerms, at now: Timestamp
    ) -> Lease {
        let followsUnresolved = row.refresh.isSending
        if row.refresh.owner != nil { row.refresh.lastError = nil }
        if row.refresh.hourBeganAt.map({ $0 + hour <= now }) ?? true {
            (row.refresh.hourBeganAt, row.refresh.hourAttempts) = (now, 0)
        }
        row.refresh.hourAttempts += 1
        row.refresh.fence += 1
        row.refresh.attempts += 1
        row.refresh.owner = terms.owner
        row.refresh.leaseEndsAt = now + terms.duration
        row.refresh.isSending = row.refresh.spendsRefreshToken
        return Lease(
            connectionID: row.connection.id, scope: row.connection.scope, owner: terms.owner, fence: row.refresh.fence,
            attempt: row.refresh.attempts, lastError: row.refresh.lastError, followsUnresolved: followsUnresolved,
            remaining: terms.duration)
    }
}

// Outcomes.
extension FakeRefreshStore {
    private func complete(
        _ completion: RefreshCompletion, _ state: inout FakeDatabase.State, at now: Timestamp
    ) -> CompletionAnswer {
        let (lease, id) = (completion.lease, completion.lease.connectionID)
        if let planned = state.completionAnswers[id]?.first {
            state.completionAnswers[id]?.removeFirst()
            return planned
        }
        guard var row = state.connections[id], row.isHeld(by: lease) else { return .stale }
        guard completion.audit.environmentID == lease.scope.environmentID,
            completion.audit.tenantID == lease.scope.tenantID
        else { return .failed }
        if case .obtained(let sealed, _, _) = completion.result {
            guard sealed.recordVersion == row.refresh.tokenSetVersion + 1 else { return .stale }
            guard database.holdsKey(sealed, of: lease.scope) else { return .keyRetired }
        }
        let before = row
        let (event, dueAt) = row.take(completion.result, of: lease, at: now)
        row.move(by: event, at: now)
        state.put(row, dueAt: dueAt)
        let told = ConnectionLifecycle.told(
            of: event, from: before.standing, failures: before.refresh.failures,
            scopeMissing: (before.refresh.isScopeMissing, row.refresh.isScopeMissing))
        for event in told {
            let isFailure = event == .backingOff || event == .reauthRequired
            state.tell(event, of: row.connection, reason: isFailure ? row.refresh.lastError : nil, at: now)
        }
        state.events.append(completion.audit)
        state.pendingAnnouncements.append(.connectionChanged(id))
        return .written
    }
}

extension FakeDatabase.ConnectionRow {
    fileprivate var standing: ConnectionLifecycle.Standing { .init(connection.status, connection.statusReason) }

    fileprivate func isHeld(by lease: Lease) -> Bool {
        connection.scope == lease.scope && refresh.fence == lease.fence && refresh.owner == lease.owner
    }

    /// What happened, and when the next one is due.
    fileprivate mutating func take(
        _ result: RefreshResult, of lease: Lease, at now: Timestamp
    ) -> (ConnectionLifecycle.Event, dueAt: Timestamp?) {
        refresh.endLease()
        switch result {
        case .obtained(let sealed, let times, let facts):
            (tokenSet, tokenExpiresAt) = (sealed, times.expiresAt)
            (refresh.attempts, refresh.failures) = (0, 0)
            (refresh.lastError, refresh.notBefore, refresh.isSending) = (nil, nil, false)
            (refresh.endpoint, refresh.spendsRefreshToken) = (facts.endpoint, facts.spendsRefreshToken)
            refresh.isScopeMissing = facts.isScopeMissing
            (refresh.tokenSetVersion, refresh.lastSuccessAt) = (sealed.recordVersion, now)
            return (.refreshed, times.refreshDueAt)
        case .ended(let reason):
            refresh.failures += 1
            (refresh.lastError, refresh.notBefore, refresh.isSending) = (reason, nil, false)
            return (.grantEnded(reason), nil)
        case .failed(let reason, let retryAfter):
            let again = now + max(retryAfter, .zero)
            refresh.failures += 1
            (refresh.lastError, refresh.notBefore, refresh.isSending) = (reason, again, lease.followsUnresolved)
            let isServed = tokenSet != nil && (tokenExpiresAt.map { $0 > now } ?? true)
            return (.refreshFailed(reason, hasValidToken: isServed), refresh.dueAt.map { max($0, again) })
        }
    }

    /// The version grows where something changes.
    fileprivate mutating func move(by event: ConnectionLifecycle.Event, at now: Timestamp) {
        let after = ConnectionLifecycle.after(event, standing)
        guard after != standing else { return }
        (connection.status, connection.statusReason) = (after.status, after.reason)
        connection.version += 1
        connection.updatedAt = now
    }
}
