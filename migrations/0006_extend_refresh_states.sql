-- Why: what the refresh engine keeps of each connection (where its token comes from, what an attempt whose outcome nobody
-- wrote may have spent, failures, attempts of the hour), lifecycle events for whoever delivers them, and each instance's
-- report. Columns are added with defaults: a program of the version before runs beside it.
-- Locks: ACCESS EXCLUSIVE on refresh_states and credentials while version numbers are copied and the index is built, which
-- reads both once; ACCESS EXCLUSIVE on instances for a moment. Runs inside a transaction.

ALTER TABLE sallyport.refresh_states
    -- Scheme, host, port and path of the token endpoint; NULL where it is not known yet.
    ADD COLUMN endpoint text,
    -- The next refresh spends a refresh token.
    ADD COLUMN spends_refresh_token boolean NOT NULL DEFAULT false,
    -- An attempt has sent, or is about to send, a refresh token, and nobody wrote how it ended.
    ADD COLUMN is_sending boolean NOT NULL DEFAULT false,
    -- Record version of the last token set that the connection had, whether or not it still has it. A program of the version
    -- before doesn't keep it: readers take the higher one of this and the stored token set's.
    ADD COLUMN token_set_version bigint NOT NULL DEFAULT 0,
    -- Refreshes that failed since the last success.
    ADD COLUMN failures integer NOT NULL DEFAULT 0,
    ADD COLUMN last_success_at timestamptz,
    ADD COLUMN is_scope_missing boolean NOT NULL DEFAULT false,
    -- Attempts since hour_began_at count against the hourly bound for one hour.
    ADD COLUMN hour_began_at timestamptz,
    ADD COLUMN hour_attempts integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT refresh_states_endpoint_length CHECK (octet_length(endpoint) BETWEEN 1 AND 512),
    -- PostgreSQL parses every check of a table anew in each statement that writes to it, and this one is written twice in every
    -- refresh: counters that the statements themselves only ever raise, and codes of a closed list, do without.
    DROP CONSTRAINT refresh_states_fence_not_negative,
    DROP CONSTRAINT refresh_states_attempts_not_negative,
    DROP CONSTRAINT refresh_states_last_error_form;

-- The migrating role owns the tables and is bound by their policies like everybody else; for this one statement it isn't.
-- Nobody sees the tables meanwhile.
ALTER TABLE sallyport.refresh_states NO FORCE ROW LEVEL SECURITY;
ALTER TABLE sallyport.credentials NO FORCE ROW LEVEL SECURITY;
UPDATE sallyport.refresh_states AS r
SET token_set_version = c.record_version
FROM sallyport.credentials AS c
WHERE c.environment_id = r.environment_id AND c.tenant_id = r.tenant_id AND c.connection_id = r.connection_id
    AND c.kind = 'token_set';
ALTER TABLE sallyport.credentials FORCE ROW LEVEL SECURITY;
ALTER TABLE sallyport.refresh_states FORCE ROW LEVEL SECURITY;

-- The order of pages of due rows, by an index that names each row once.
CREATE INDEX refresh_states_in_due_order ON sallyport.refresh_states (refresh_due_at, connection_id)
    WHERE refresh_due_at IS NOT NULL;
DROP INDEX sallyport.refresh_states_due;

-- An instance finds the due work of every tenant: identifiers, times and endpoints, to read. Credentials have no such policy;
-- whoever refreshes one enters its tenant first.
CREATE POLICY due_read ON sallyport.refresh_states FOR SELECT
    USING (sallyport.spans_environments() AND refresh_due_at IS NOT NULL);

-- A UUIDv7 (RFC 9562 section 5.7) of a moment: milliseconds, then the part of a millisecond in 12 bits (section 6.2, method
-- 3), so that what is told later sorts later, then 62 random bits.
CREATE FUNCTION sallyport.uuid_v7(moment timestamptz) RETURNS uuid
    LANGUAGE sql VOLATILE PARALLEL SAFE
    RETURN (
        SELECT (
                lpad(to_hex(m.micros / 1000), 12, '0') || to_hex(28672 + m.micros % 1000 * 4096 / 1000)
                || right(replace(gen_random_uuid()::text, '-', ''), 16)
            )::uuid
        FROM (SELECT (extract(epoch FROM moment) * 1000000)::bigint AS micros) AS m
    );

-- What a product is told about the lives of its tenants' connections. No foreign keys: an event outlives its connection.
CREATE TABLE sallyport.lifecycle_events (
    environment_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT sallyport.uuid_v7(clock_timestamp()),
    connection_id uuid NOT NULL,
    type text NOT NULL,
    -- Why, where the type alone doesn't say it.
    reason text,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT lifecycle_events_pkey PRIMARY KEY (environment_id, tenant_id, id),
    -- Both are codes of closed lists; one check, because each costs every refresh.
    CONSTRAINT lifecycle_events_codes_length CHECK (octet_length(type || coalesce(reason, '')) <= 128)
);
-- For what has been kept long enough. Rows come in the order of their time, so they are appended here.
CREATE INDEX lifecycle_events_by_time ON sallyport.lifecycle_events (at);

ALTER TABLE sallyport.lifecycle_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON sallyport.lifecycle_events
    USING (environment_id = sallyport.context_environment() AND tenant_id = sallyport.context_tenant())
    WITH CHECK (environment_id = sallyport.context_environment() AND tenant_id = sallyport.context_tenant());
CREATE POLICY all_tenants_read ON sallyport.lifecycle_events FOR SELECT
    USING (environment_id = sallyport.context_environment() AND sallyport.spans_tenants());
-- Old events of every environment go together; what is deleted must be visible.
CREATE POLICY all_environments_read ON sallyport.lifecycle_events FOR SELECT
    USING (sallyport.spans_environments());
CREATE POLICY all_environments_delete ON sallyport.lifecycle_events FOR DELETE
    USING (sallyport.spans_environments());

-- How an instance's refreshes stand, for operators: JSON that each instance writes of itself.
ALTER TABLE sallyport.instances
    ADD COLUMN report jsonb,
    ADD CONSTRAINT instances_report_length CHECK (octet_length(report::text) <= 65536);
