package import Connections
import Domain
import Postgres

extension PostgresRefreshStore {
    package func acquireLeases(
        _ requests: [LeaseRequest], on terms: LeaseTerms
    ) async throws(StoreError) -> [LeaseAnswer] {
        let order = requests.indices.sorted { requests[$0].key < requests[$1].key }
        guard let first = order.first else { return [] }
        var batch = ScopedStatements(beginningIn: .tenant(requests[first].scope))
        let places = order.map { index in
            let request = requests[index]
            let key = CredentialStatements.key(of: request.connectionID, in: request.scope)
            let claim = batch.append(
                Statement(Self.claim, key + Self.values(of: terms, request)), in: .tenant(request.scope))
            // A statement of its own, not a join of the claim: what that one reads beside the row that it locks is as it
            // was when it began, which may be before the last holder's commit.
            let load = batch.append(Statement(PostgresConnectionStore.load, key), in: .tenant(request.scope))
            return (index: index, claim: claim, load: load)
        }
        let results = try await database.write(batch.statements, in: batch.firstScope)
        guard results.count == batch.statements.count else { throw .corrupt }
        var answers = [LeaseAnswer](repeating: .notFound, count: requests.count)
        for place in places {
            answers[place.index] = try Self.answer(
                to: requests[place.index], on: terms, claim: results[place.claim], load: results[place.load])
        }
        return answers
    }

    private static func values(of terms: LeaseTerms, _ request: LeaseRequest) -> [PostgresValue] {
        [
            terms.owner.value, .duration(terms.duration), .optionalInt(terms.unresolvedWait?.microseconds),
            .uuidArray(terms.ended.map { (high: $0.high, low: $0.low) }), .bool(request.ignoresBackoff),
            .int(Int64(terms.maxAttemptsPerHour)), .optionalTimestamp(request.dueAt),
        ]
    }

    private static func answer(
        to request: LeaseRequest, on terms: LeaseTerms, claim: [Row], load: [Row]
    ) throws(StoreError) -> LeaseAnswer {
        let lease = try claim.atMostOne { (row) throws(StoreError) in
            Lease(
                connectionID: request.connectionID, scope: request.scope, owner: terms.owner, fence: try row.int(),
                attempt: Int(try row.int()), lastError: try row.optionalCode(), followsUnresolved: try row.bool(),
                remaining: .microseconds(try row.int()))
        }
        let loaded = try load.atMostOne { (row) throws(StoreError) in
            (stored: try row.storedConnection(), refusal: try LeaseRefusal(&row))
        }
        guard let loaded else {
            // A lease on what isn't there: the row of its refresh outlived it, which the schema excludes.
            guard lease == nil else { throw .corrupt }
            return .notFound
        }
        guard let lease else { return loaded.refusal.answer(to: request, on: terms) }
        return .granted(lease, loaded.stored)
    }
}

/// Why a row could not be claimed, as it stands in the columns behind those of the connection.
private struct LeaseRefusal {
    /// A row that another transaction had locked, or whose hindrance has just gone: look again after this time.
    static let momentary = Duration.milliseconds(100)
    /// Where nobody may take over for as long as the taker was out of touch a moment ago: look again after this time.
    static let outOfTouch = Duration.seconds(5)

    let owner: InstanceID?
    /// Negative: ran out so long ago.
    let lease: Duration
    let isSending: Bool
    let lastError: StatusReason?
    let backoff: Duration
    let hourAttempts: Int64
    let hour: Duration
    let dueAt: Timestamp?

    init(_ row: inout RowReader) throws(StoreError) {
        owner = try row.optionalID()
        lease = .microseconds(try row.optionalInt() ?? 0)
        isSending = try row.bool()
        lastError = try row.optionalCode()
        backoff = .microseconds(try row.optionalInt() ?? 0)
        hourAttempts = try row.int()
        hour = .microseconds(try row.optionalInt() ?? 0)
        dueAt = try row.optionalTimestamp()
    }

    func answer(to request: LeaseRequest, on terms: LeaseTerms) -> LeaseAnswer {
        if let expected = request.dueAt, expected != dueAt { return .notDue }
        if let owner, owner != terms.owner {
            if lease > .zero { return .held(remaining: lease) }
            if isSending, !terms.ended.contains(owner) {
                guard let wait = terms.unresolvedWait else { return .unresolved(remaining: Self.outOfTouch) }
                if lease + wait > .zero { return .unresolved(remaining: lease + wait) }
            }
        }
        if !request.ignoresBackoff, backoff > .zero { return .backingOff(lastError, remaining: backoff) }
        if hour > .zero, hourAttempts >= terms.maxAttemptsPerHour { return .exhausted(remaining: hour) }
        return .held(remaining: Self.momentary)
    }
}

extension PostgresRefreshStore {
    /// `$4` owner, `$5` duration of the lease, `$6` wait for what may have been spent (`NULL`: for ever), `$7` instances that
    /// left no answer, `$8` whether the back-off counts for nothing, `$9` attempts of an hour, `$10` when it must be due (`NULL`: whenever).
    ///
    /// A lease that nobody gave back ended without a word: why the one before it failed says nothing about it, so the error
    /// goes.
    static let claim: StaticString = """
        WITH free AS (
            SELECT lease_owner, is_sending, last_error
            FROM sallyport.refresh_states
            WHERE environment_id = $1 AND tenant_id = $2 AND connection_id = $3
                AND (
                    lease_owner IS NULL OR lease_owner = $4
                    OR (
                        lease_expires_at <= clock_timestamp()
                        AND (
                            NOT is_sending OR lease_owner = ANY ($7)
                            OR lease_expires_at
                                <= clock_timestamp() - $6::double precision * interval '1 microsecond'
                        )
                    )
                )
                AND ($8 OR not_before IS NULL OR not_before <= clock_timestamp())
                AND (
                    hour_began_at IS NULL OR hour_began_at <= clock_timestamp() - interval '1 hour'
                    OR hour_attempts < $9
                )
                AND ($10::timestamptz IS NULL OR refresh_due_at = $10)
            FOR UPDATE SKIP LOCKED
        )
        UPDATE sallyport.refresh_states AS r
        SET fence = r.fence + 1, lease_owner = $4,
            lease_expires_at = clock_timestamp() + $5::double precision * interval '1 microsecond',
            attempts = r.attempts + 1, last_attempt_at = clock_timestamp(), is_sending = r.spends_refresh_token,
            last_error = CASE WHEN free.lease_owner IS NULL THEN r.last_error END,
            hour_began_at = CASE
                WHEN r.hour_began_at > clock_timestamp() - interval '1 hour' THEN r.hour_began_at
                ELSE clock_timestamp()
            END,
            hour_attempts = CASE
                WHEN r.hour_began_at > clock_timestamp() - interval '1 hour' THEN r.hour_attempts + 1
                ELSE 1
            END
        FROM free
        WHERE r.environment_id = $1 AND r.tenant_id = $2 AND r.connection_id = $3
        RETURNING r.fence, r.attempts, r.last_error, free.is_sending,
            (extract(epoch FROM r.lease_expires_at - clock_timestamp()) * 1000000)::bigint
        """
}

extension LeaseRequest {
    /// The order in which every batch takes its locks.
    fileprivate var key: RefreshKey { RefreshKey(scope: scope, connectionID: connectionID) }
}

/// A row of `refresh_states`; batches that meet take their locks in this order, so that none waits for one that waits for
/// it.
struct RefreshKey: Hashable, Comparable {
    let scope: TenantScope
    let connectionID: ConnectionID

    static func < (left: Self, right: Self) -> Bool {
        (left.scope.environmentID, left.scope.tenantID, left.connectionID)
            < (right.scope.environmentID, right.scope.tenantID, right.connectionID)
    }
}
