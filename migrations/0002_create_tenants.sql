-- Why: tenants, the wrapped keys of each, and the API keys of an environment or of one tenant.
-- Locks: new objects only. Runs inside a transaction.

CREATE TABLE sallyport.tenants (
    environment_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    external_id text,
    created_at timestamptz NOT NULL,
    CONSTRAINT tenants_pkey PRIMARY KEY (environment_id, id),
    CONSTRAINT tenants_external_id_key UNIQUE (environment_id, external_id),
    CONSTRAINT tenants_environment_fkey FOREIGN KEY (environment_id)
        REFERENCES sallyport.environments (id) ON DELETE RESTRICT,
    CONSTRAINT tenants_name_length CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT tenants_external_id_length CHECK (char_length(external_id) BETWEEN 1 AND 200)
);

CREATE TABLE sallyport.tenant_keys (
    environment_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    version integer NOT NULL,
    root_id text NOT NULL,
    wrapped bytea NOT NULL,
    state text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tenant_keys_pkey PRIMARY KEY (environment_id, tenant_id, version),
    CONSTRAINT tenant_keys_tenant_fkey FOREIGN KEY (environment_id, tenant_id)
        REFERENCES sallyport.tenants (environment_id, id) ON DELETE RESTRICT,
    CONSTRAINT tenant_keys_version_positive CHECK (version >= 1),
    CONSTRAINT tenant_keys_state_known CHECK (state IN ('active', 'decrypt', 'retiring')),
    CONSTRAINT tenant_keys_root_id_length CHECK (octet_length(root_id) BETWEEN 1 AND 255),
    CONSTRAINT tenant_keys_wrapped_length CHECK (octet_length(wrapped) BETWEEN 48 AND 8192)
);
CREATE UNIQUE INDEX tenant_keys_one_active ON sallyport.tenant_keys (environment_id, tenant_id)
    WHERE state = 'active';

CREATE TABLE sallyport.api_keys (
    environment_id uuid NOT NULL,
    id uuid NOT NULL,
    -- NULL: a key of the whole environment.
    tenant_id uuid,
    name text NOT NULL,
    permissions text[] NOT NULL,
    secret_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT api_keys_pkey PRIMARY KEY (environment_id, id),
    CONSTRAINT api_keys_environment_fkey FOREIGN KEY (environment_id)
        REFERENCES sallyport.environments (id) ON DELETE RESTRICT,
    CONSTRAINT api_keys_tenant_fkey FOREIGN KEY (environment_id, tenant_id)
        REFERENCES sallyport.tenants (environment_id, id) ON DELETE RESTRICT,
    CONSTRAINT api_keys_name_length CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT api_keys_permissions_whole CHECK (
        cardinality(permissions) <= 64 AND array_position(permissions, NULL) IS NULL
    ),
    CONSTRAINT api_keys_secret_hash_length CHECK (octet_length(secret_hash) = 32)
);
CREATE INDEX api_keys_by_tenant ON sallyport.api_keys (environment_id, tenant_id, id) WHERE tenant_id IS NOT NULL;
-- Authentication knows the identifier alone. Not unique: an error must not tell of another environment's key.
CREATE INDEX api_keys_by_id ON sallyport.api_keys (id);
CREATE INDEX api_keys_by_revocation ON sallyport.api_keys (revoked_at) WHERE revoked_at IS NOT NULL;

ALTER TABLE sallyport.tenants ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON sallyport.tenants
    USING (environment_id = sallyport.context_environment() AND id = sallyport.context_tenant())
    WITH CHECK (environment_id = sallyport.context_environment() AND id = sallyport.context_tenant());
CREATE POLICY all_tenants_read ON sallyport.tenants FOR SELECT
    USING (environment_id = sallyport.context_environment() AND sallyport.spans_tenants());

ALTER TABLE sallyport.tenant_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON sallyport.tenant_keys
    USING (environment_id = sallyport.context_environment() AND tenant_id = sallyport.context_tenant())
    WITH CHECK (environment_id = sallyport.context_environment() AND tenant_id = sallyport.context_tenant());

ALTER TABLE sallyport.api_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON sallyport.api_keys
    USING (environment_id = sallyport.context_environment() AND tenant_id = sallyport.context_tenant())
    WITH CHECK (environment_id = sallyport.context_environment() AND tenant_id = sallyport.context_tenant());
CREATE POLICY own_environment ON sallyport.api_keys
    USING (
        environment_id = sallyport.context_environment() AND sallyport.spans_tenants() AND tenant_id IS NULL
    )
    WITH CHECK (
        environment_id = sallyport.context_environment() AND sallyport.spans_tenants() AND tenant_id IS NULL
    );
CREATE POLICY all_tenants_read ON sallyport.api_keys FOR SELECT
    USING (environment_id = sallyport.context_environment() AND sallyport.spans_tenants());
-- Before any scope is known, the one key that the caller names.
CREATE POLICY authentication_read ON sallyport.api_keys FOR SELECT
    USING (id = nullif(pg_catalog.current_setting('sallyport.api_key', true), '')::uuid);
-- Every instance refuses the caller tokens of every revoked key.
CREATE POLICY revocations_read ON sallyport.api_keys FOR SELECT
    USING (sallyport.spans_environments() AND revoked_at IS NOT NULL);
