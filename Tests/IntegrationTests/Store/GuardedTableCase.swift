import Domain
import Postgres

/// A guarded table as a careless statement would read it.
struct GuardedTableCase: Sendable {
    let name: String
    let countAll: StaticString
    /// Rows that don't belong to tenant `$2` of environment `$1`.
    let countForeign: StaticString
    /// Rows of tenant `$2` of environment `$1`.
    let countTenant: StaticString
    /// Whether a caller of the whole environment may read the rows of its tenants.
    let isReadableAcrossTenants: Bool
}

extension RowLevelSecurityTests {
    static let guardedTables: [GuardedTableCase] = [
        GuardedTableCase(
            name: "tenants", countAll: "SELECT count(*) FROM sallyport.tenants",
            countForeign: "SELECT count(*) FROM sallyport.tenants WHERE environment_id <> $1 OR id <> $2",
            countTenant: "SELECT count(*) FROM sallyport.tenants WHERE environment_id = $1 AND id = $2",
            isReadableAcrossTenants: true),
        GuardedTableCase(
            name: "tenant_keys", countAll: "SELECT count(*) FROM sallyport.tenant_keys",
            countForeign: "SELECT count(*) FROM sallyport.tenant_keys WHERE environment_id <> $1 OR tenant_id <> $2",
            countTenant: "SELECT count(*) FROM sallyport.tenant_keys WHERE environment_id = $1 AND tenant_id = $2",
            isReadableAcrossTenants: false),
        GuardedTableCase(
            name: "api_keys", countAll: "SELECT count(*) FROM sallyport.api_keys",
            countForeign: "SELECT count(*) FROM sallyport.api_keys WHERE environment_id <> $1 OR tenant_id <> $2",
            countTenant: "SELECT count(*) FROM sallyport.api_keys WHERE environment_id = $1 AND tenant_id = $2",
            isReadableAcrossTenants: true),
        GuardedTableCase(
            name: "connections", countAll: "SELECT count(*) FROM sallyport.connections",
            countForeign: "SELECT count(*) FROM sallyport.connections WHERE environment_id <> $1 OR tenant_id <> $2",
            countTenant: "SELECT count(*) FROM sallyport.connections WHERE environment_id = $1 AND tenant_id = $2",
            isReadableAcrossTenants: true),
        GuardedTableCase(
            name: "credentials", countAll: "SELECT count(*) FROM sallyport.credentials",
            countForeign: "SELECT count(*) FROM sallyport.credentials WHERE environment_id <> $1 OR tenant_id <> $2",
            countTenant: "SELECT count(*) FROM sallyport.credentials WHERE environment_id = $1 AND tenant_id = $2",
            isReadableAcrossTenants: false),
        GuardedTableCase(
            name: "refresh_states", countAll: "SELECT count(*) FROM sallyport.refresh_states",
            countForeign: "SELECT count(*) FROM sallyport.refresh_states WHERE environment_id <> $1 OR tenant_id <> $2",
            countTenant: "SELECT count(*) FROM sallyport.refresh_states WHERE environment_id = $1 AND tenant_id = $2",
            isReadableAcrossTenants: false),
        GuardedTableCase(
            name: "audit_events", countAll: "SELECT count(*) FROM sallyport.audit_events",
            countForeign: "SELECT count(*) FROM sallyport.audit_events WHERE environment_id <> $1 OR tenant_id <> $2",
            countTenant: "SELECT count(*) FROM sallyport.audit_events WHERE environment_id = $1 AND tenant_id = $2",
            isReadableAcrossTenants: true),
        GuardedTableCase(
            name: "lifecycle_events", countAll: "SELECT count(*) FROM sallyport.lifecycle_events",
            countForeign:
                "SELECT count(*) FROM sallyport.lifecycle_events WHERE environment_id <> $1 OR tenant_id <> $2",
            countTenant:
                "SELECT count(*) FROM sallyport.lifecycle_events WHERE environment_id = $1 AND tenant_id = $2",
            isReadableAcrossTenants: true),
        GuardedTableCase(
            name: "integrations", countAll: "SELECT count(*) FROM sallyport.integrations",
            countForeign:
                "SELECT count(*) FROM sallyport.integrations WHERE environment_id <> $1 AND $2::uuid IS NOT NULL",
            countTenant:
                "SELECT count(*) FROM sallyport.integrations WHERE environment_id = $1 AND $2::uuid IS NOT NULL",
            isReadableAcrossTenants: true),
        GuardedTableCase(
            name: "environment_keys", countAll: "SELECT count(*) FROM sallyport.environment_keys",
            countForeign:
                "SELECT count(*) FROM sallyport.environment_keys WHERE environment_id <> $1 AND $2::uuid IS NOT NULL",
            countTenant:
                "SELECT count(*) FROM sallyport.environment_keys WHERE environment_id = $1 AND $2::uuid IS NOT NULL",
            isReadableAcrossTenants: true),
        GuardedTableCase(
            name: "signing_keys", countAll: "SELECT count(*) FROM sallyport.signing_keys",
            countForeign:
                "SELECT count(*) FROM sallyport.signing_keys WHERE environment_id <> $1 AND $2::uuid IS NOT NULL",
            countTenant:
                "SELECT count(*) FROM sallyport.signing_keys WHERE environment_id = $1 AND $2::uuid IS NOT NULL",
            isReadableAcrossTenants: true),
        GuardedTableCase(
            name: "link_sessions", countAll: "SELECT count(*) FROM sallyport.link_sessions",
            countForeign: "SELECT count(*) FROM sallyport.link_sessions WHERE environment_id <> $1 OR tenant_id <> $2",
            countTenant: "SELECT count(*) FROM sallyport.link_sessions WHERE environment_id = $1 AND tenant_id = $2",
            isReadableAcrossTenants: false),
    ]

    /// Rows in the tables that no store fills in these tests.
    static let furtherRows = """
        INSERT INTO sallyport.link_sessions
            (environment_id, tenant_id, id, integration_id, connection_id, token_hash, allowed_origin, created_at,
             expires_at)
        SELECT environment_id, tenant_id, gen_random_uuid(), integration_id, id, decode(repeat('00', 32), 'hex'),
            'https://app.example', now(), now() + interval '5 minutes'
        FROM sallyport.connections;
        INSERT INTO sallyport.signing_keys
            (environment_id, kid, state, public_key, seed, seed_key_version, seed_version, not_before, created_at)
        SELECT id, name, 'active', decode(repeat('00', 32), 'hex'), decode(repeat('00', 120), 'hex'), 1, 1, now(), now()
        FROM sallyport.environments;
        """
}

extension EntityID {
    /// 32 hexadecimal digits, as a policy's setting takes them.
    var hexadecimal: String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

    var value: PostgresValue { .uuid(high: high, low: low) }
}
