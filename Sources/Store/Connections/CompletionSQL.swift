/// The statements that write what a refresh came to: each is everything that belongs to one result, so that a result whose
/// lease is no longer the stored one writes nothing and leaves the others of its transaction alone.
///
/// All take the connection's key as `$1` to `$3`, fence and owner as `$4` and `$5`, the announcement as `$6`, the audit event
/// as `$7` to `$17`. `held` is the gate: it locks the row first, the order of every writer, and what else is written hangs on
/// its row. Only the lease's holder changes a row without its fence growing, so what was read with this fence is what the row
/// still holds. Status, reason and events are those of `ConnectionLifecycle`.
enum CompletionSQL {
    /// `$18` envelope, `$19` key version, `$20` record version, `$21` expiry, `$22` due time, `$23` endpoint, `$24` whether it
    /// spends a refresh token, `$25` whether scope is missing, `$26` the identifier of
    /// the event where it is the only one: a function call for each refresh would be a tenth of the statement's cost.
    ///
    /// In the steady state the connection's row is not touched. Its status doesn't change without its lock, so it is read
    /// under it where it isn't `active` already.
    static let obtained: StaticString = """
        WITH before AS (
            SELECT r.failures, r.is_scope_missing
            FROM sallyport.refresh_states AS r
            LEFT JOIN sallyport.credentials AS t
                ON t.environment_id = $1 AND t.tenant_id = $2 AND t.connection_id = $3 AND t.kind = 'token_set'
            WHERE r.environment_id = $1 AND r.tenant_id = $2 AND r.connection_id = $3 AND r.fence = $4
                AND r.lease_owner = $5 AND greatest(r.token_set_version, t.record_version) = $20 - 1
        ), held AS (
            UPDATE sallyport.refresh_states AS r
            SET lease_owner = NULL, lease_expires_at = NULL, is_sending = false, refresh_due_at = $22,
                token_set_version = $20, endpoint = $23, spends_refresh_token = $24, is_scope_missing = $25,
                attempts = 0, failures = 0, last_error = NULL, not_before = NULL, last_success_at = clock_timestamp()
            FROM before
            WHERE r.environment_id = $1 AND r.tenant_id = $2 AND r.connection_id = $3 AND r.fence = $4
                AND r.lease_owner = $5
            RETURNING before.failures, before.is_scope_missing
        ), account AS (
            SELECT c.status
            FROM held
            JOIN sallyport.connections AS c ON c.environment_id = $1 AND c.tenant_id = $2 AND c.id = $3
            WHERE c.status <> 'active' OR c.status_reason IS NOT NULL
            FOR NO KEY UPDATE OF c
        ), moved AS (
            UPDATE sallyport.connections AS c
            SET status = 'active', status_reason = NULL, version = c.version + 1, updated_at = now()
            FROM account
            WHERE c.environment_id = $1 AND c.tenant_id = $2 AND c.id = $3
                AND account.status IN ('active', 'backing_off', 'reauth_required')
        ), kept AS (
            INSERT INTO sallyport.credentials AS stored
                (environment_id, tenant_id, connection_id, kind, envelope, key_version, record_version, expires_at)
            SELECT $1, $2, $3, 'token_set', $18, $19, $20, $21 FROM held
            ON CONFLICT (environment_id, tenant_id, connection_id, kind) DO UPDATE
            SET envelope = excluded.envelope, key_version = excluded.key_version,
                record_version = excluded.record_version, expires_at = excluded.expires_at, updated_at = now()
        ), told AS (
            INSERT INTO sallyport.lifecycle_events (environment_id, tenant_id, id, connection_id, type)
            SELECT $1, $2,
                CASE
                    WHEN $26::uuid IS NULL OR held.failures > 0 OR $25 OR account.status IS NOT NULL
                        THEN sallyport.uuid_v7(clock_timestamp() + t.place * interval '1 microsecond')
                    ELSE $26
                END,
                $3, t.type
            FROM held
            LEFT JOIN account ON true
            CROSS JOIN LATERAL (
                VALUES (0, 'connection.refreshed', true),
                    (
                        1, 'connection.recovered',
                        held.failures > 0 OR account.status IN ('backing_off', 'reauth_required')
                    ),
                    (2, 'connection.scope_missing', $25 AND NOT held.is_scope_missing)
            ) AS t (place, type, holds)
            WHERE t.holds
        ), audited AS (
            INSERT INTO sallyport.audit_events
                (environment_id, tenant_id, id, at, actor, action, outcome, object, reason, request_id, count)
            SELECT $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17 FROM held
        )
        SELECT pg_notify('sallyport', $6) FROM held
        """

    /// `$18` reason.
    static let ended: StaticString = """
        WITH held AS (
            UPDATE sallyport.refresh_states
            SET lease_owner = NULL, lease_expires_at = NULL, is_sending = false, refresh_due_at = NULL,
                failures = failures + 1, last_error = $18, not_before = NULL
            WHERE environment_id = $1 AND tenant_id = $2 AND connection_id = $3 AND fence = $4 AND lease_owner = $5
            RETURNING 1
        ), account AS (
            SELECT c.status, c.status_reason
            FROM held
            JOIN sallyport.connections AS c ON c.environment_id = $1 AND c.tenant_id = $2 AND c.id = $3
            FOR NO KEY UPDATE OF c
        ), moved AS (
            UPDATE sallyport.connections AS c
            SET status = 'reauth_required', status_reason = $18, version = c.version + 1, updated_at = now()
            FROM account
            WHERE c.environment_id = $1 AND c.tenant_id = $2 AND c.id = $3
                AND account.status IN ('active', 'backing_off', 'reauth_required')
                AND (account.status <> 'reauth_required' OR account.status_reason IS DISTINCT FROM $18)
        ), told AS (
            INSERT INTO sallyport.lifecycle_events (environment_id, tenant_id, connection_id, type, reason)
            SELECT $1, $2, $3, 'connection.reauth_required', $18
            FROM account
            WHERE account.status IN ('active', 'backing_off')
        ), audited AS (
            INSERT INTO sallyport.audit_events
                (environment_id, tenant_id, id, at, actor, action, outcome, object, reason, request_id, count)
            SELECT $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17 FROM held
        )
        SELECT pg_notify('sallyport', $6) FROM held
        """

    /// `$18` reason, `$19` time until the next attempt, `$20` whether an attempt before this one is still unresolved.
    ///
    /// Work that was due is due again when the back-off ends, so that a scan for due work doesn't meet it before. While a
    /// token is still valid (one without a named lifetime is) the status stays as it is, as does that of a grant that ended.
    static let failed: StaticString = """
        WITH again AS MATERIALIZED (
            SELECT clock_timestamp() + $19::double precision * interval '1 microsecond' AS at
        ), held AS (
            UPDATE sallyport.refresh_states AS r
            SET lease_owner = NULL, lease_expires_at = NULL, is_sending = $20, failures = r.failures + 1,
                last_error = $18, not_before = again.at,
                refresh_due_at = CASE WHEN r.refresh_due_at IS NOT NULL THEN greatest(r.refresh_due_at, again.at) END
            FROM again
            WHERE r.environment_id = $1 AND r.tenant_id = $2 AND r.connection_id = $3 AND r.fence = $4
                AND r.lease_owner = $5
            RETURNING r.failures - 1 AS failures
        ), account AS (
            SELECT c.status, c.status_reason,
                EXISTS (
                    SELECT FROM sallyport.credentials AS t
                    WHERE t.environment_id = $1 AND t.tenant_id = $2 AND t.connection_id = $3
                        AND t.kind = 'token_set' AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp())
                ) AS is_served
            FROM held
            JOIN sallyport.connections AS c ON c.environment_id = $1 AND c.tenant_id = $2 AND c.id = $3
            FOR NO KEY UPDATE OF c
        ), moved AS (
            UPDATE sallyport.connections AS c
            SET status = 'backing_off', status_reason = $18, version = c.version + 1, updated_at = now()
            FROM account
            WHERE c.environment_id = $1 AND c.tenant_id = $2 AND c.id = $3
                AND account.status IN ('active', 'backing_off') AND NOT account.is_served
                AND (account.status <> 'backing_off' OR account.status_reason IS DISTINCT FROM $18)
        ), told AS (
            INSERT INTO sallyport.lifecycle_events (environment_id, tenant_id, connection_id, type, reason)
            SELECT $1, $2, $3, 'connection.backing_off', $18
            FROM held
            CROSS JOIN account
            WHERE held.failures = 0 OR (account.status = 'active' AND NOT account.is_served)
        ), audited AS (
            INSERT INTO sallyport.audit_events
                (environment_id, tenant_id, id, at, actor, action, outcome, object, reason, request_id, count)
            SELECT $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17 FROM held
        )
        SELECT pg_notify('sallyport', $6) FROM held
        """
}
