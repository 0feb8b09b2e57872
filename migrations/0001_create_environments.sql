-- Why: environments and what belongs to one as a whole: keys, integrations, caller-token signing keys.
-- Locks: new objects only. Runs inside a transaction.
--
-- Row-level security reads two transaction-local settings, which the service sets in the same pipelined transaction as
-- its statements: sallyport.environment and sallyport.tenant. A setting that was local to a transaction reverts to ''
-- on a reused connection, so '' means "not set". Without them no guarded row is visible.
-- sallyport.tenant = '*' opens SELECT over all tenants of the environment where a table has a policy for it;
-- sallyport.environment = '*' does so over all environments for the two reads of an instance that starts.
-- No secret of a tenant (credentials, tenant_keys, refresh_states) has such a policy.

CREATE FUNCTION sallyport.context_environment() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(nullif(pg_catalog.current_setting('sallyport.environment', true), ''), '*')::uuid $$;

CREATE FUNCTION sallyport.context_tenant() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(nullif(pg_catalog.current_setting('sallyport.tenant', true), ''), '*')::uuid $$;

CREATE FUNCTION sallyport.spans_tenants() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(pg_catalog.current_setting('sallyport.tenant', true) = '*', false) $$;

CREATE FUNCTION sallyport.spans_environments() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(pg_catalog.current_setting('sallyport.environment', true) = '*', false) $$;

-- Ends the transaction where a compare-and-set or a change by key met no row, so that what follows it in the pipeline
-- (audit event, notification) can't take effect. SQLSTATE SY409: the row is there but changed; SY404: there is none.
CREATE FUNCTION sallyport.require_change(changed bigint, is_present boolean) RETURNS void
    LANGUAGE plpgsql
    AS $$
    BEGIN
        IF changed > 0 THEN
            RETURN;
        ELSIF is_present THEN
            RAISE EXCEPTION 'stale' USING ERRCODE = 'SY409';
        ELSE
            RAISE EXCEPTION 'not found' USING ERRCODE = 'SY404';
        END IF;
    END
    $$;

CREATE TABLE sallyport.environments (
    id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT environments_pkey PRIMARY KEY (id),
    CONSTRAINT environments_name_key UNIQUE (name),
    CONSTRAINT environments_name_is_slug CHECK (name ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$')
);

CREATE TABLE sallyport.environment_keys (
    environment_id uuid NOT NULL,
    version integer NOT NULL,
    root_id text NOT NULL,
    wrapped bytea NOT NULL,
    state text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT environment_keys_pkey PRIMARY KEY (environment_id, version),
    CONSTRAINT environment_keys_environment_fkey FOREIGN KEY (environment_id)
        REFERENCES sallyport.environments (id) ON DELETE RESTRICT,
    CONSTRAINT environment_keys_version_positive CHECK (version >= 1),
    CONSTRAINT environment_keys_state_known CHECK (state IN ('active', 'decrypt', 'retiring')),
    CONSTRAINT environment_keys_root_id_length CHECK (octet_length(root_id) BETWEEN 1 AND 255),
    CONSTRAINT environment_keys_wrapped_length CHECK (octet_length(wrapped) BETWEEN 48 AND 8192)
);
CREATE UNIQUE INDEX environment_keys_one_active ON sallyport.environment_keys (environment_id) WHERE state = 'active';

CREATE TABLE sallyport.integrations (
    environment_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    provider text NOT NULL,
    settings jsonb NOT NULL,
    -- An envelope under the environment key; its AAD binds client_secret_version.
    client_secret bytea,
    client_secret_key_version integer,
    client_secret_version bigint,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT integrations_pkey PRIMARY KEY (environment_id, id),
    CONSTRAINT integrations_name_key UNIQUE (environment_id, name),
    CONSTRAINT integrations_environment_fkey FOREIGN KEY (environment_id)
        REFERENCES sallyport.environments (id) ON DELETE RESTRICT,
    -- The foreign key is the fence: a key version is not deleted while a secret is sealed under it.
    CONSTRAINT integrations_client_secret_key_fkey FOREIGN KEY (environment_id, client_secret_key_version)
        REFERENCES sallyport.environment_keys (environment_id, version) ON DELETE RESTRICT,
    CONSTRAINT integrations_name_is_slug CHECK (name ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    CONSTRAINT integrations_provider_is_slug CHECK (provider ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    CONSTRAINT integrations_settings_is_object CHECK (jsonb_typeof(settings) = 'object'),
    CONSTRAINT integrations_settings_length CHECK (octet_length(settings::text) <= 262144),
    CONSTRAINT integrations_client_secret_whole CHECK (
        num_nonnulls(client_secret, client_secret_key_version, client_secret_version) IN (0, 3)
    ),
    CONSTRAINT integrations_client_secret_length CHECK (octet_length(client_secret) BETWEEN 81 AND 1048576),
    CONSTRAINT integrations_client_secret_version_positive CHECK (client_secret_version >= 1),
    CONSTRAINT integrations_version_positive CHECK (version >= 1)
);
ALTER TABLE sallyport.integrations ALTER COLUMN client_secret SET STORAGE EXTERNAL;
CREATE INDEX integrations_by_client_secret_key ON sallyport.integrations (environment_id, client_secret_key_version)
    WHERE client_secret_key_version IS NOT NULL;

CREATE TABLE sallyport.signing_keys (
    environment_id uuid NOT NULL,
    kid text NOT NULL,
    state text NOT NULL,
    public_key bytea NOT NULL,
    seed bytea NOT NULL,
    seed_key_version integer NOT NULL,
    seed_version bigint NOT NULL,
    not_before timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT signing_keys_pkey PRIMARY KEY (environment_id, kid),
    CONSTRAINT signing_keys_environment_fkey FOREIGN KEY (environment_id)
        REFERENCES sallyport.environments (id) ON DELETE RESTRICT,
    CONSTRAINT signing_keys_seed_key_fkey FOREIGN KEY (environment_id, seed_key_version)
        REFERENCES sallyport.environment_keys (environment_id, version) ON DELETE RESTRICT,
    CONSTRAINT signing_keys_kid_length CHECK (octet_length(kid) BETWEEN 1 AND 128),
    CONSTRAINT signing_keys_state_known CHECK (state IN ('next', 'active', 'verify')),
    CONSTRAINT signing_keys_public_key_length CHECK (octet_length(public_key) = 32),
    CONSTRAINT signing_keys_seed_length CHECK (octet_length(seed) BETWEEN 81 AND 8192),
    CONSTRAINT signing_keys_seed_version_positive CHECK (seed_version >= 1)
);
CREATE UNIQUE INDEX signing_keys_one_active ON sallyport.signing_keys (environment_id) WHERE state = 'active';
CREATE UNIQUE INDEX signing_keys_one_next ON sallyport.signing_keys (environment_id) WHERE state = 'next';
CREATE INDEX signing_keys_by_seed_key ON sallyport.signing_keys (environment_id, seed_key_version);

ALTER TABLE sallyport.environment_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_environment ON sallyport.environment_keys
    USING (environment_id = sallyport.context_environment())
    WITH CHECK (environment_id = sallyport.context_environment());

ALTER TABLE sallyport.integrations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_environment ON sallyport.integrations
    USING (environment_id = sallyport.context_environment())
    WITH CHECK (environment_id = sallyport.context_environment());

ALTER TABLE sallyport.signing_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_environment ON sallyport.signing_keys
    USING (environment_id = sallyport.context_environment())
    WITH CHECK (environment_id = sallyport.context_environment());
-- Every instance verifies the caller tokens of every environment.
CREATE POLICY all_environments_read ON sallyport.signing_keys FOR SELECT
    USING (sallyport.spans_environments());
