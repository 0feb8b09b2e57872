-- Why: linked accounts, their sealed credentials, the state of their refresh, and the sessions that link them.
-- Locks: new objects only. Runs inside a transaction.
--
-- Writers that touch several of these rows lock them in this order: tenants, refresh_states, connections, credentials,
-- tenant_keys.

CREATE TABLE sallyport.connections (
    environment_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    integration_id uuid NOT NULL,
    display_name text,
    status text NOT NULL,
    status_reason text,
    -- scheme://host[:port][/base path], fixed when the account is linked.
    origin text NOT NULL,
    fields jsonb NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    verified_at timestamptz,
    CONSTRAINT connections_pkey PRIMARY KEY (environment_id, tenant_id, id),
    CONSTRAINT connections_tenant_fkey FOREIGN KEY (environment_id, tenant_id)
        REFERENCES sallyport.tenants (environment_id, id) ON DELETE RESTRICT,
    CONSTRAINT connections_integration_fkey FOREIGN KEY (environment_id, integration_id)
        REFERENCES sallyport.integrations (environment_id, id) ON DELETE RESTRICT,
    CONSTRAINT connections_display_name_length CHECK (char_length(display_name) <= 200),
    CONSTRAINT connections_status_known CHECK (
        status IN ('pending', 'active', 'backing_off', 'reauth_required', 'suspended')
    ),
    CONSTRAINT connections_status_reason_form CHECK (status_reason ~ '^[a-z][a-z0-9_]{0,63}$'),
    CONSTRAINT connections_origin_form CHECK (origin ~ '^https?://[^/?#@]+(/[^?#%]*)?$' AND octet_length(origin) <= 2048),
    CONSTRAINT connections_fields_is_object CHECK (jsonb_typeof(fields) = 'object'),
    CONSTRAINT connections_fields_length CHECK (octet_length(fields::text) <= 262144),
    CONSTRAINT connections_version_positive CHECK (version >= 1)
);
-- Lists and look-ups over all tenants of an environment.
CREATE INDEX connections_by_environment ON sallyport.connections (environment_id, id);
CREATE INDEX connections_by_integration ON sallyport.connections (environment_id, integration_id, id);

CREATE TABLE sallyport.credentials (
    environment_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    kind text NOT NULL,
    envelope bytea NOT NULL,
    key_version integer NOT NULL,
    -- Bound by the envelope's AAD; an older envelope in this row doesn't open.
    record_version bigint NOT NULL,
    -- When the access token ends; NULL where the server named no lifetime.
    expires_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT credentials_pkey PRIMARY KEY (environment_id, tenant_id, connection_id, kind),
    CONSTRAINT credentials_connection_fkey FOREIGN KEY (environment_id, tenant_id, connection_id)
        REFERENCES sallyport.connections (environment_id, tenant_id, id) ON DELETE CASCADE,
    -- The foreign key is the fence: a writer holds its key version until it commits, and a key version is not deleted
    -- while a record is sealed under it.
    CONSTRAINT credentials_tenant_key_fkey FOREIGN KEY (environment_id, tenant_id, key_version)
        REFERENCES sallyport.tenant_keys (environment_id, tenant_id, version) ON DELETE RESTRICT,
    CONSTRAINT credentials_kind_known CHECK (kind IN ('entered', 'token_set')),
    CONSTRAINT credentials_envelope_length CHECK (octet_length(envelope) BETWEEN 81 AND 1048576),
    CONSTRAINT credentials_record_version_positive CHECK (record_version >= 1),
    CONSTRAINT credentials_expiry_of_token_set CHECK (kind = 'token_set' OR expires_at IS NULL)
);
ALTER TABLE sallyport.credentials ALTER COLUMN envelope SET STORAGE EXTERNAL;
CREATE INDEX credentials_by_key_version ON sallyport.credentials (environment_id, tenant_id, key_version);

-- One row for each connection, from its creation on. Leases change no indexed column, so their updates stay on the page.
CREATE TABLE sallyport.refresh_states (
    environment_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    -- Grows with every lease and with every change of the credential from outside; a writer with an older one fails.
    fence bigint NOT NULL DEFAULT 0,
    lease_owner uuid,
    lease_expires_at timestamptz,
    refresh_due_at timestamptz,
    -- Attempts since the last success.
    attempts integer NOT NULL DEFAULT 0,
    last_attempt_at timestamptz,
    last_error text,
    not_before timestamptz,
    CONSTRAINT refresh_states_pkey PRIMARY KEY (environment_id, tenant_id, connection_id),
    CONSTRAINT refresh_states_connection_fkey FOREIGN KEY (environment_id, tenant_id, connection_id)
        REFERENCES sallyport.connections (environment_id, tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT refresh_states_fence_not_negative CHECK (fence >= 0),
    CONSTRAINT refresh_states_attempts_not_negative CHECK (attempts >= 0),
    CONSTRAINT refresh_states_lease_whole CHECK ((lease_owner IS NULL) = (lease_expires_at IS NULL)),
    CONSTRAINT refresh_states_last_error_form CHECK (last_error ~ '^[a-z][a-z0-9_]{0,63}$')
) WITH (fillfactor = 80);
CREATE INDEX refresh_states_due ON sallyport.refresh_states (refresh_due_at) WHERE refresh_due_at IS NOT NULL;

CREATE TABLE sallyport.link_sessions (
    environment_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    integration_id uuid NOT NULL,
    -- The connection to link again; NULL for a new one.
    connection_id uuid,
    token_hash bytea NOT NULL,
    allowed_origin text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT link_sessions_pkey PRIMARY KEY (environment_id, tenant_id, id),
    CONSTRAINT link_sessions_tenant_fkey FOREIGN KEY (environment_id, tenant_id)
        REFERENCES sallyport.tenants (environment_id, id) ON DELETE CASCADE,
    CONSTRAINT link_sessions_integration_fkey FOREIGN KEY (environment_id, integration_id)
        REFERENCES sallyport.integrations (environment_id, id) ON DELETE CASCADE,
    CONSTRAINT link_sessions_connection_fkey FOREIGN KEY (environment_id, tenant_id, connection_id)
        REFERENCES sallyport.connections (environment_id, tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT link_sessions_token_hash_length CHECK (octet_length(token_hash) = 32),
    CONSTRAINT link_sessions_allowed_origin_form CHECK (
        allowed_origin ~ '^https?://[^/?#@]+$' AND octet_length(allowed_origin) <= 512
    ),
    CONSTRAINT link_sessions_lifetime CHECK (expires_at > created_at AND expires_at <= created_at + interval '1 day')
);
CREATE INDEX link_sessions_by_integration ON sallyport.link_sessions (environment_id, integration_id);
CREATE INDEX link_sessions_by_connection ON sallyport.link_sessions (environment_id, tenant_id, connection_id)
    WHERE connection_id IS NOT NULL;

ALTER TABLE sallyport.connections ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON sallyport.connections
    USING (environment_id = sallyport.context_environment() AND tenant_id = sallyport.context_tenant())
    WITH CHECK (environment_id = sallyport.context_environment() AND tenant_id = sallyport.context_tenant());
CREATE POLICY all_tenants_read ON sallyport.connections FOR SELECT
    USING (environment_id = sallyport.context_environment() AND sallyport.spans_tenants());

ALTER TABLE sallyport.credentials ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON sallyport.credentials
    USING (environment_id = sallyport.context_environment() AND tenant_id = sallyport.context_tenant())
    WITH CHECK (environment_id = sallyport.context_environment() AND tenant_id = sallyport.context_tenant());

ALTER TABLE sallyport.refresh_states ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON sallyport.refresh_states
    USING (environment_id = sallyport.context_environment() AND tenant_id = sallyport.context_tenant())
    WITH CHECK (environment_id = sallyport.context_environment() AND tenant_id = sallyport.context_tenant());

ALTER TABLE sallyport.link_sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON sallyport.link_sessions
    USING (environment_id = sallyport.context_environment() AND tenant_id = sallyport.context_tenant())
    WITH CHECK (environment_id = sallyport.context_environment() AND tenant_id = sallyport.context_tenant());
