-- Why: which instances run and which root keys each has loaded, so that a rotation can tell when all follow.
-- Locks: new objects only. Runs inside a transaction.

CREATE TABLE sallyport.instances (
    id uuid NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    root_ids text[] NOT NULL,
    CONSTRAINT instances_pkey PRIMARY KEY (id),
    CONSTRAINT instances_root_ids_whole CHECK (
        cardinality(root_ids) <= 16 AND array_position(root_ids, NULL) IS NULL
    )
);
CREATE INDEX instances_by_seen_at ON sallyport.instances (seen_at);
