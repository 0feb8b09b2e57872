// The statements of connections with their credentials. All but the environment's take environment, tenant and connection as
// `$1` to `$3`.

extension PostgresConnectionStore {
    static let insert: StaticString = """
        INSERT INTO sallyport.connections
            (environment_id, tenant_id, id, integration_id, created_at, version, display_name, status, status_reason,
             origin, fields, updated_at, verified_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """

    static let byIDInTenant: StaticString = """
        SELECT environment_id, tenant_id, id, integration_id, display_name, status, status_reason, origin, fields,
            version, created_at, updated_at, verified_at
        FROM sallyport.connections
        WHERE environment_id = $1 AND tenant_id = $2 AND id = $3
        """

    static let byIDInEnvironment: StaticString = """
        SELECT environment_id, tenant_id, id, integration_id, display_name, status, status_reason, origin, fields,
            version, created_at, updated_at, verified_at
        FROM sallyport.connections
        WHERE environment_id = $1 AND $2::uuid IS NULL AND id = $3
        """

    /// Credentials can't be read across tenants, so a caller that spans them enters the connection's own tenant first.
    static let enterScopeOfConnection: StaticString = """
        SELECT set_config('sallyport.tenant', tenant_id::text, true)
        FROM sallyport.connections
        WHERE environment_id = $1 AND $2::uuid IS NULL AND id = $3
        """

    /// Behind what every use needs stands what an instance needs that was refused a lease (``LeaseRefusal``).
    static let load: StaticString = """
        SELECT c.environment_id, c.tenant_id, c.id, c.integration_id, c.display_name, c.status, c.status_reason,
            c.origin, c.fields, c.version, c.created_at, c.updated_at, c.verified_at,
            i.environment_id, i.id, i.name, i.provider, i.settings, i.client_secret IS NOT NULL, i.version,
            i.created_at, i.updated_at,
            e.envelope, e.key_version, e.record_version, t.envelope, t.key_version, t.record_version, t.expires_at,
            r.refresh_due_at, greatest(r.token_set_version, t.record_version, 0), r.lease_owner,
            (extract(epoch FROM r.lease_expires_at - clock_timestamp()) * 1000000)::bigint, r.is_sending, r.last_error,
            (extract(epoch FROM r.not_before - clock_timestamp()) * 1000000)::bigint, r.hour_attempts,
            (extract(epoch FROM r.hour_began_at + interval '1 hour' - clock_timestamp()) * 1000000)::bigint,
            r.refresh_due_at
        FROM sallyport.connections AS c
        JOIN sallyport.integrations AS i ON i.environment_id = c.environment_id AND i.id = c.integration_id
        LEFT JOIN sallyport.credentials AS e
            ON e.environment_id = c.environment_id AND e.tenant_id = c.tenant_id AND e.connection_id = c.id
            AND e.kind = 'entered'
        LEFT JOIN sallyport.credentials AS t
            ON t.environment_id = c.environment_id AND t.tenant_id = c.tenant_id AND t.connection_id = c.id
            AND t.kind = 'token_set'
        JOIN sallyport.refresh_states AS r
            ON r.environment_id = c.environment_id AND r.tenant_id = c.tenant_id AND r.connection_id = c.id
        WHERE c.environment_id = $1 AND c.tenant_id = coalesce($2, sallyport.context_tenant()) AND c.id = $3
        """

    static let refreshState: StaticString = """
        SELECT t.expires_at, r.last_success_at, r.refresh_due_at, r.failures, r.last_error, r.is_scope_missing
        FROM sallyport.refresh_states AS r
        LEFT JOIN sallyport.credentials AS t
            ON t.environment_id = r.environment_id AND t.tenant_id = r.tenant_id
            AND t.connection_id = r.connection_id AND t.kind = 'token_set'
        WHERE r.environment_id = $1 AND r.tenant_id = coalesce($2, sallyport.context_tenant()) AND r.connection_id = $3
        """

    static let insertRefreshState: StaticString = """
        INSERT INTO sallyport.refresh_states
            (environment_id, tenant_id, connection_id, refresh_due_at, token_set_version, endpoint, spends_refresh_token,
             is_scope_missing, last_success_at)
        VALUES ($1, $2, $3, $4, coalesce($5::bigint, 0), $6, $7, $8,
            CASE WHEN $5::bigint IS NOT NULL THEN clock_timestamp() END)
        """

    /// A flight that is under way holds an older fence from here on and writes nothing. Also takes the row's lock
    /// before the connection's, the order of every writer. A new token set must follow the last one that there was.
    static let endRefreshes: StaticString = """
        WITH before AS (
            SELECT r.is_scope_missing, greatest(r.token_set_version, t.record_version) AS version
            FROM sallyport.refresh_states AS r
            LEFT JOIN sallyport.credentials AS t
                ON t.environment_id = r.environment_id AND t.tenant_id = r.tenant_id
                AND t.connection_id = r.connection_id AND t.kind = 'token_set'
            WHERE r.environment_id = $1 AND r.tenant_id = $2 AND r.connection_id = $3
            FOR UPDATE OF r
        ), changed AS (
            UPDATE sallyport.refresh_states AS r
            SET fence = r.fence + 1, lease_owner = NULL, lease_expires_at = NULL, is_sending = false,
                refresh_due_at = $4, token_set_version = coalesce($5, before.version), endpoint = $6,
                spends_refresh_token = $7, is_scope_missing = $8, attempts = 0, failures = 0, last_error = NULL,
                not_before = NULL, hour_began_at = NULL, hour_attempts = 0,
                last_success_at = CASE WHEN $5::bigint IS NULL THEN r.last_success_at ELSE clock_timestamp() END
            FROM before
            WHERE r.environment_id = $1 AND r.tenant_id = $2 AND r.connection_id = $3
                AND ($5::bigint IS NULL OR before.version = $5 - 1)
            RETURNING before.is_scope_missing
        ), told AS (
            INSERT INTO sallyport.lifecycle_events (environment_id, tenant_id, connection_id, type)
            SELECT $1, $2, $3, 'connection.scope_missing' FROM changed
            WHERE $8 AND NOT changed.is_scope_missing
        )
        SELECT sallyport.require_change((SELECT count(*) FROM changed), EXISTS (SELECT FROM before))
        """

    /// Tells what follows from the two statuses (`ConnectionLifecycle`, events of a verification). A status never changes
    /// without the version, so the one that was read with this version is the one before.
    static let update: StaticString = """
        WITH changed AS (
            UPDATE sallyport.connections AS c
            SET version = $4, display_name = $5, status = $6, status_reason = $7, origin = $8, fields = $9,
                updated_at = $10, verified_at = $11
            FROM sallyport.connections AS before
            WHERE before.environment_id = $1 AND before.tenant_id = $2 AND before.id = $3
                AND c.environment_id = $1 AND c.tenant_id = $2 AND c.id = $3 AND c.version = $4 - 1
            RETURNING before.status
        ), told AS (
            INSERT INTO sallyport.lifecycle_events (environment_id, tenant_id, connection_id, type, reason)
            SELECT $1, $2, $3, t.type, CASE WHEN $6 = 'reauth_required' THEN $7 END
            FROM changed
            JOIN (
                VALUES ('pending', 'active', 'connection.linked'), ('backing_off', 'active', 'connection.recovered'),
                    ('reauth_required', 'active', 'connection.recovered'),
                    ('active', 'reauth_required', 'connection.reauth_required'),
                    ('backing_off', 'reauth_required', 'connection.reauth_required')
            ) AS t (before, after, type) ON t.before = changed.status AND t.after = $6
        )
        SELECT sallyport.require_change(
            (SELECT count(*) FROM changed),
            EXISTS (SELECT FROM sallyport.connections WHERE environment_id = $1 AND tenant_id = $2 AND id = $3))
        """

    static let deleteRefreshState: StaticString = """
        DELETE FROM sallyport.refresh_states WHERE environment_id = $1 AND tenant_id = $2 AND connection_id = $3
        """

    static let delete: StaticString = """
        WITH changed AS (
            DELETE FROM sallyport.connections WHERE environment_id = $1 AND tenant_id = $2 AND id = $3 RETURNING id
        ), told AS (
            INSERT INTO sallyport.lifecycle_events (environment_id, tenant_id, connection_id, type)
            SELECT $1, $2, id, 'connection.deleted' FROM changed
        )
        SELECT sallyport.require_change((SELECT count(*) FROM changed), false)
        """
}
