package import Connections
package import Domain
package import Logging
package import Postgres

/// Leases on refreshing a credential, by the database's clock, and their outcomes.
package struct PostgresRefreshStore: RefreshStore {
    private let database: Database

    package init(client: PostgresClient, logger: Logger) {
        database = Database(client: client, logger: logger)
    }

    package func acquireLease(
        on connection: ConnectionID, in scope: TenantScope, owner: InstanceID, duration: Duration
    ) async throws(StoreError) -> LeaseAnswer {
        let key = CredentialStatements.key(of: connection, in: scope)
        let statements = [
            Statement(Self.acquire, key + [owner.value, .duration(duration)]), Statement(Self.state, key),
        ]
        // A lease or a back-off that ends between the two statements shows as neither; then ask again.
        for _ in 0..<3 {
            let results = try await database.write(statements, in: .tenant(scope))
            guard results.count == 2 else { throw .corrupt }
            let lease = try results[0].atMostOne { (row) throws(StoreError) in
                Lease(
                    connectionID: connection, scope: scope, owner: owner, fence: try row.int(),
                    attempt: Int(try row.int()), remaining: .microseconds(try row.int()))
            }
            if let lease { return .granted(lease) }
            guard let refusal = try results[1].atMostOne(Self.refusal) else { throw .notFound }
            if let refusal { return refusal }
        }
        return .held(remaining: .zero)
    }

    package func complete(
        _ lease: Lease, with result: RefreshResult, audit: AuditEvent
    ) async throws(StoreError) {
        let key = CredentialStatements.key(of: lease.connectionID, in: lease.scope)
        let held = key + [.int(lease.fence), lease.owner.value]
        let statements: [Statement] =
            switch result {
            case .obtained(let sealed, let times):
                [
                    Statement(Self.releaseAfterSuccess, held + [.optionalTimestamp(times.refreshDueAt)]),
                    Statement(Self.markActive, key),
                    CredentialStatements.succeedTokenSet(with: sealed, expiresAt: times.expiresAt, key: key),
                ]
            case .ended(let reason):
                [
                    Statement(Self.releaseAfterEnd, held + [.text(reason.rawValue)]),
                    Statement(Self.markEnded, key + [.text(reason.rawValue)]),
                ]
            case .failed(let reason, let retryAfter):
                [
                    Statement(
                        Self.releaseAfterFailure, held + [.text(reason.rawValue), .duration(max(.zero, retryAfter))]),
                    Statement(Self.markBackingOff, key + [.text(reason.rawValue)]),
                ]
            }
        try await database.change(
            statements, in: .tenant(lease.scope), audit: audit, announcing: .connectionChanged(lease.connectionID))
    }

    package func release(_ lease: Lease) async throws(StoreError) {
        guard let payload = AnnouncementPayload.text(of: .connectionChanged(lease.connectionID)) else { return }
        let key = CredentialStatements.key(of: lease.connectionID, in: lease.scope)
        try await database.write(
            [Statement(Self.release, key + [.int(lease.fence), lease.owner.value, .text(payload)])],
            in: .tenant(lease.scope))
    }

    /// Nil where neither a lease nor a back-off is left.
    private static func refusal(_ row: inout RowReader) throws(StoreError) -> LeaseAnswer? {
        let (lease, backoff) = (try row.optionalInt(), try row.optionalInt())
        if let lease, lease > 0 { return .held(remaining: .microseconds(lease)) }
        if let backoff, backoff > 0 { return .backingOff(remaining: .microseconds(backoff)) }
        return nil
    }
}

extension PostgresRefreshStore {
    private static let acquire: StaticString = """
        UPDATE sallyport.refresh_states
        SET fence = fence + 1, lease_owner = $4,
            lease_expires_at = clock_timestamp() + $5::double precision * interval '1 microsecond',
            attempts = attempts + 1, last_attempt_at = clock_timestamp()
        WHERE environment_id = $1 AND tenant_id = $2 AND connection_id = $3
            AND (lease_expires_at IS NULL OR lease_expires_at <= clock_timestamp())
            AND (not_before IS NULL OR not_before <= clock_timestamp())
        RETURNING fence, attempts, (extract(epoch FROM lease_expires_at - clock_timestamp()) * 1000000)::bigint
        """

    private static let state: StaticString = """
        SELECT (extract(epoch FROM lease_expires_at - clock_timestamp()) * 1000000)::bigint,
            (extract(epoch FROM not_before - clock_timestamp()) * 1000000)::bigint
        FROM sallyport.refresh_states
        WHERE environment_id = $1 AND tenant_id = $2 AND connection_id = $3
        """

    private static let release: StaticString = """
        WITH released AS (
            UPDATE sallyport.refresh_states
            SET lease_owner = NULL, lease_expires_at = NULL, attempts = greatest(attempts - 1, 0)
            WHERE environment_id = $1 AND tenant_id = $2 AND connection_id = $3 AND fence = $4 AND lease_owner = $5
            RETURNING 1
        )
        SELECT pg_notify('sallyport', $6) FROM released
        """

    private static let releaseAfterSuccess: StaticString = """
        WITH changed AS (
            UPDATE sallyport.refresh_states
            SET lease_owner = NULL, lease_expires_at = NULL, refresh_due_at = $6, attempts = 0, last_error = NULL,
                not_before = NULL
            WHERE environment_id = $1 AND tenant_id = $2 AND connection_id = $3 AND fence = $4 AND lease_owner = $5
            RETURNING 1
        )
        SELECT sallyport.require_change((SELECT count(*) FROM changed), true)
        """

    private static let releaseAfterEnd: StaticString = """
        WITH changed AS (
            UPDATE sallyport.refresh_states
            SET lease_owner = NULL, lease_expires_at = NULL, refresh_due_at = NULL, last_error = $6, not_before = NULL
            WHERE environment_id = $1 AND tenant_id = $2 AND connection_id = $3 AND fence = $4 AND lease_owner = $5
            RETURNING 1
        )
        SELECT sallyport.require_change((SELECT count(*) FROM changed), true)
        """

    /// Work that was due is due again when the back-off ends, so that a scan for due work doesn't meet it before.
    private static let releaseAfterFailure: StaticString = """
        WITH changed AS (
            UPDATE sallyport.refresh_states
            SET lease_owner = NULL, lease_expires_at = NULL, last_error = $6,
                not_before = clock_timestamp() + $7::double precision * interval '1 microsecond',
                refresh_due_at = CASE WHEN refresh_due_at IS NOT NULL THEN greatest(
                    refresh_due_at, clock_timestamp() + $7::double precision * interval '1 microsecond') END
            WHERE environment_id = $1 AND tenant_id = $2 AND connection_id = $3 AND fence = $4 AND lease_owner = $5
            RETURNING 1
        )
        SELECT sallyport.require_change((SELECT count(*) FROM changed), true)
        """

    // A refresh moves the status among the three that are its own: a connection that an operator suspended, or that was
    // never verified, keeps its status. The version grows only where something changes, so that a refresh in the steady
    // state makes no other writer stale.

    private static let markActive: StaticString = """
        UPDATE sallyport.connections
        SET status = 'active', status_reason = NULL, version = version + 1, updated_at = now()
        WHERE environment_id = $1 AND tenant_id = $2 AND id = $3
            AND status IN ('active', 'backing_off', 'reauth_required')
            AND (status <> 'active' OR status_reason IS NOT NULL)
        """

    private static let markEnded: StaticString = """
        UPDATE sallyport.connections
        SET status = 'reauth_required', status_reason = $4, version = version + 1, updated_at = now()
        WHERE environment_id = $1 AND tenant_id = $2 AND id = $3
            AND status IN ('active', 'backing_off', 'reauth_required')
            AND (status <> 'reauth_required' OR status_reason IS DISTINCT FROM $4)
        """

    /// While a token is still valid (one without a named lifetime is) the status stays as it is.
    private static let markBackingOff: StaticString = """
        UPDATE sallyport.connections
        SET status = 'backing_off', status_reason = $4, version = version + 1, updated_at = now()
        WHERE environment_id = $1 AND tenant_id = $2 AND id = $3
            AND status IN ('active', 'backing_off', 'reauth_required')
            AND (status <> 'backing_off' OR status_reason IS DISTINCT FROM $4)
            AND NOT EXISTS (
                SELECT FROM sallyport.credentials
                WHERE environment_id = $1 AND tenant_id = $2 AND connection_id = $3 AND kind = 'token_set'
                    AND (expires_at IS NULL OR expires_at > clock_timestamp())
            )
        """
}
