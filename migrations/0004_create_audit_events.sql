-- Why: the append-only record of who did what. The service's role may insert and read; nobody but the owner may change.
-- Locks: new objects only. Runs inside a transaction.
--
-- No foreign keys: events outlive their tenant, and a reference to the environment would lock that one row for every
-- event that is written.

CREATE TABLE sallyport.audit_events (
    environment_id uuid NOT NULL,
    id uuid NOT NULL,
    -- NULL: an event of the environment itself.
    tenant_id uuid,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    outcome text NOT NULL,
    object text,
    reason text,
    request_id text,
    count bigint NOT NULL,
    CONSTRAINT audit_events_pkey PRIMARY KEY (environment_id, id),
    CONSTRAINT audit_events_actor_length CHECK (char_length(actor) BETWEEN 1 AND 200),
    CONSTRAINT audit_events_action_form CHECK (action ~ '^[a-z][a-z0-9_.]{0,63}$'),
    CONSTRAINT audit_events_outcome_known CHECK (outcome IN ('success', 'denied', 'failure')),
    CONSTRAINT audit_events_object_length CHECK (char_length(object) BETWEEN 1 AND 200),
    CONSTRAINT audit_events_reason_length CHECK (char_length(reason) BETWEEN 1 AND 200),
    CONSTRAINT audit_events_request_id_length CHECK (char_length(request_id) BETWEEN 1 AND 200),
    CONSTRAINT audit_events_count_positive CHECK (count >= 1)
);
CREATE INDEX audit_events_by_tenant ON sallyport.audit_events (environment_id, tenant_id, id)
    WHERE tenant_id IS NOT NULL;

ALTER TABLE sallyport.audit_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON sallyport.audit_events
    USING (environment_id = sallyport.context_environment() AND tenant_id = sallyport.context_tenant())
    WITH CHECK (environment_id = sallyport.context_environment() AND tenant_id = sallyport.context_tenant());
CREATE POLICY own_environment ON sallyport.audit_events
    USING (
        environment_id = sallyport.context_environment() AND sallyport.spans_tenants() AND tenant_id IS NULL
    )
    WITH CHECK (
        environment_id = sallyport.context_environment() AND sallyport.spans_tenants() AND tenant_id IS NULL
    );
CREATE POLICY all_tenants_read ON sallyport.audit_events FOR SELECT
    USING (environment_id = sallyport.context_environment() AND sallyport.spans_tenants());
