import Connections
import Domain
import Postgres

/// The statements on sealed credentials that several stores share. All of them take environment, tenant and connection
/// as `$1` to `$3`.
enum CredentialStatements {
    static func key(of connection: ConnectionID, in scope: TenantScope) -> [PostgresValue] {
        [scope.environmentID.value, scope.tenantID.value, connection.value]
    }

    /// Inserts, or replaces one whose record version is lower; ends the transaction as stale otherwise, because an
    /// envelope of a lower version in the same place would be an old one coming back.
    static func replace(
        _ kind: CredentialKind, with sealed: SealedSecret, expiresAt: Timestamp?, key: [PostgresValue]
    ) -> Statement {
        Statement(replace, key + values(kind, sealed, expiresAt))
    }

    static func removeTokenSet(key: [PostgresValue]) -> Statement {
        Statement(
            """
            DELETE FROM sallyport.credentials
            WHERE environment_id = $1 AND tenant_id = $2 AND connection_id = $3 AND kind = 'token_set'
            """,
            key)
    }

    private static func values(
        _ kind: CredentialKind, _ sealed: SealedSecret, _ expiresAt: Timestamp?
    ) -> [PostgresValue] {
        [
            .text(kind.rawValue), .bytes(sealed.envelope), .int(Int64(sealed.keyVersion)), .int(sealed.recordVersion),
            .optionalTimestamp(expiresAt),
        ]
    }

    private static let replace: StaticString = """
        WITH changed AS (
            INSERT INTO sallyport.credentials AS stored
                (environment_id, tenant_id, connection_id, kind, envelope, key_version, record_version, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (environment_id, tenant_id, connection_id, kind) DO UPDATE
            SET envelope = excluded.envelope, key_version = excluded.key_version,
                record_version = excluded.record_version, expires_at = excluded.expires_at, updated_at = now()
            WHERE stored.record_version < excluded.record_version
            RETURNING 1
        )
        SELECT sallyport.require_change((SELECT count(*) FROM changed), true)
        """
}
