package import Connections
package import Domain
package import Logging
package import Postgres

/// API keys (their hashes), and which of them are revoked.
package struct PostgresAPIKeyStore: APIKeyStore, RevocationStore {
    private let database: Database

    package init(client: PostgresClient, logger: Logger) {
        database = Database(client: client, logger: logger)
    }

    package func create(_ key: APIKey, audit: AuditEvent) async throws(StoreError) {
        let insert = Statement(
            """
            INSERT INTO sallyport.api_keys
                (environment_id, tenant_id, id, name, permissions, secret_hash, created_at, expires_at, revoked_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            """,
            [
                key.environmentID.value, .optionalID(key.tenantID), key.id.value, .text(key.name),
                .textArray(key.permissions.names), .bytes(key.secretHash), .timestamp(key.createdAt),
                .optionalTimestamp(key.expiresAt), .optionalTimestamp(key.revokedAt),
            ])
        let scope = RowScope(ReadScope(environmentID: key.environmentID, tenantID: key.tenantID))
        try await database.change([insert], in: scope, audit: audit, announcing: nil)
    }

    package func findForAuthentication(_ id: APIKeyID) async throws(StoreError) -> APIKey? {
        try await database.read(
            Statement(
                """
                SELECT environment_id, tenant_id, id, name, permissions, secret_hash, created_at, expires_at, revoked_at
                FROM sallyport.api_keys
                WHERE id = $1
                """,
                [id.value]),
            in: .authentication(id)
        ).atMostOne(Self.key)
    }

    package func find(_ id: APIKeyID, in scope: ReadScope) async throws(StoreError) -> APIKey? {
        try await database.read(
            Statement(
                """
                SELECT environment_id, tenant_id, id, name, permissions, secret_hash, created_at, expires_at, revoked_at
                FROM sallyport.api_keys
                WHERE environment_id = $1 AND ($2::uuid IS NULL OR tenant_id = $2) AND id = $3
                """,
                [scope.environmentID.value, .optionalID(scope.tenantID), id.value]),
            in: RowScope(scope)
        ).atMostOne(Self.key)
    }

    package func list(
        in scope: ReadScope, page: PageRequest<APIKeyKind>
    ) async throws(StoreError) -> Page<APIKey> {
        let query = PageQuery(page)
        let rows = try await database.read(
            Statement(
                query.isBackward ? Self.newer : Self.older,
                [scope.environmentID.value, .optionalID(scope.tenantID), query.anchor, query.limit]),
            in: RowScope(scope))
        return try query.page(rows, Self.key)
    }

    package func revoke(
        _ id: APIKeyID, in scope: ReadScope, at instant: Timestamp, audit: AuditEvent
    ) async throws(StoreError) {
        let parameters = [scope.environmentID.value, .optionalID(scope.tenantID), id.value]
        try await database.change(
            [Statement(Self.enterScopeOfKey, parameters), Statement(Self.revoke, parameters + [.timestamp(instant)])],
            in: RowScope(scope), audit: audit, announcing: .apiKeyRevoked(id))
    }

    package func apiKeysRevoked(since: Timestamp) async throws(StoreError) -> [APIKeyID] {
        try await database.read(
            Statement(
                "SELECT id FROM sallyport.api_keys WHERE revoked_at >= $1 ORDER BY revoked_at", [.timestamp(since)]),
            in: .installation
        ).decoded { (row) throws(StoreError) in try row.id() }
    }

    private static func key(_ row: inout RowReader) throws(StoreError) -> APIKey {
        let (environmentID, tenantID, id, name) = (
            try row.id(EnvironmentKind.self), try row.optionalID(TenantKind.self), try row.id(APIKeyKind.self),
            try row.text()
        )
        guard let permissions = PermissionSet(names: try row.texts()) else { throw .corrupt }
        return APIKey(
            id: id, environmentID: environmentID, tenantID: tenantID, name: name, permissions: permissions,
            secretHash: try row.bytes(), createdAt: try row.timestamp(), expiresAt: try row.optionalTimestamp(),
            revokedAt: try row.optionalTimestamp())
    }
}

extension PostgresAPIKeyStore {
    /// A caller that spans the environment's tenants may only read their rows; the change happens in the scope of the
    /// key's own tenant.
    private static let enterScopeOfKey: StaticString = """
        SELECT set_config('sallyport.tenant', coalesce(tenant_id::text, '*'), true)
        FROM sallyport.api_keys
        WHERE environment_id = $1 AND ($2::uuid IS NULL OR tenant_id = $2) AND id = $3
        """

    private static let revoke: StaticString = """
        WITH changed AS (
            UPDATE sallyport.api_keys SET revoked_at = coalesce(revoked_at, $4)
            WHERE environment_id = $1 AND ($2::uuid IS NULL OR tenant_id = $2) AND id = $3
            RETURNING 1
        )
        SELECT sallyport.require_change((SELECT count(*) FROM changed), false)
        """

    private static let older: StaticString = """
        SELECT (
                SELECT id FROM sallyport.api_keys
                WHERE environment_id = $1 AND ($2::uuid IS NULL OR tenant_id = $2) AND id >= $3
                ORDER BY id LIMIT 1
            ) IS NOT NULL,
            environment_id, tenant_id, id, name, permissions, secret_hash, created_at, expires_at, revoked_at
        FROM sallyport.api_keys
        WHERE environment_id = $1 AND ($2::uuid IS NULL OR tenant_id = $2) AND id < $3
        ORDER BY id DESC LIMIT $4
        """

    private static let newer: StaticString = """
        SELECT (
                SELECT id FROM sallyport.api_keys
                WHERE environment_id = $1 AND ($2::uuid IS NULL OR tenant_id = $2) AND id <= $3
                ORDER BY id DESC LIMIT 1
            ) IS NOT NULL,
            environment_id, tenant_id, id, name, permissions, secret_hash, created_at, expires_at, revoked_at
        FROM sallyport.api_keys
        WHERE environment_id = $1 AND ($2::uuid IS NULL OR tenant_id = $2) AND id > $3
        ORDER BY id ASC LIMIT $4
        """
}
