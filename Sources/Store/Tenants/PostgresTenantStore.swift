package import Connections
package import Domain
package import Logging
package import Postgres

/// Tenants.
package struct PostgresTenantStore: TenantStore {
    private let database: Database

    package init(client: PostgresClient, logger: Logger) {
        database = Database(client: client, logger: logger)
    }

    package func create(_ tenant: Tenant, audit: AuditEvent) async throws(StoreError) {
        let insert = Statement(
            """
            INSERT INTO sallyport.tenants (environment_id, id, name, external_id, created_at)
            VALUES ($1, $2, $3, $4, $5)
            """,
            [
                tenant.environmentID.value, tenant.id.value, .text(tenant.name), .optionalText(tenant.externalID),
                .timestamp(tenant.createdAt),
            ])
        try await database.change([insert], in: .tenant(tenant.scope), audit: audit, announcing: nil)
    }

    package func find(_ id: TenantID, in scope: ReadScope) async throws(StoreError) -> Tenant? {
        try await database.read(
            Statement(
                """
                SELECT environment_id, id, name, external_id, created_at FROM sallyport.tenants
                WHERE environment_id = $1 AND ($2::uuid IS NULL OR id = $2) AND id = $3
                """,
                [scope.environmentID.value, .optionalID(scope.tenantID), id.value]),
            in: RowScope(scope)
        ).atMostOne(Self.tenant)
    }

    package func list(
        in scope: ReadScope, page: PageRequest<TenantKind>
    ) async throws(StoreError) -> Page<Tenant> {
        let query = PageQuery(page)
        let rows = try await database.read(
            Statement(
                query.isBackward ? Self.newer : Self.older,
                [scope.environmentID.value, .optionalID(scope.tenantID), query.anchor, query.limit]),
            in: RowScope(scope))
        return try query.page(rows, Self.tenant)
    }

    package func update(_ tenant: Tenant, audit: AuditEvent) async throws(StoreError) {
        let update = Statement(
            """
            WITH changed AS (
                UPDATE sallyport.tenants SET name = $3, external_id = $4
                WHERE environment_id = $1 AND id = $2
                RETURNING 1
            )
            SELECT sallyport.require_change((SELECT count(*) FROM changed), false)
            """,
            [tenant.environmentID.value, tenant.id.value, .text(tenant.name), .optionalText(tenant.externalID)])
        try await database.change([update], in: .tenant(tenant.scope), audit: audit, announcing: nil)
    }

    package func delete(_ scope: TenantScope, audit: AuditEvent) async throws(StoreError) {
        try await database.change(
            Self.deletions.map { Statement($0, [scope.environmentID.value, scope.tenantID.value]) },
            in: .tenant(scope), audit: audit, announcing: .tenantChanged(scope.tenantID))
    }

    private static func tenant(_ row: inout RowReader) throws(StoreError) -> Tenant {
        let (environmentID, id) = (try row.id(EnvironmentKind.self), try row.id(TenantKind.self))
        return Tenant(
            id: id, environmentID: environmentID, name: try row.text(), externalID: try row.optionalText(),
            createdAt: try row.timestamp())
    }
}

extension Tenant {
    fileprivate var scope: TenantScope { TenantScope(environmentID: environmentID, tenantID: id) }
}

extension PostgresTenantStore {
    /// The lock on the tenant's row comes first: whoever adds a row below it waits, and then finds no tenant. Then in
    /// the order in which every writer locks: refresh states, connections (with their credentials), keys.
    private static let deletions: [StaticString] = [
        """
        SELECT sallyport.require_change(
            (
                SELECT count(*) FROM (
                    SELECT FROM sallyport.tenants WHERE environment_id = $1 AND id = $2 FOR UPDATE
                ) AS locked
            ),
            false)
        """,
        // One by one in the order in which batches of refreshes lock them.
        """
        SELECT count(*) FROM (
            SELECT FROM sallyport.refresh_states WHERE environment_id = $1 AND tenant_id = $2
            ORDER BY connection_id FOR UPDATE
        ) AS locked
        """,
        "DELETE FROM sallyport.refresh_states WHERE environment_id = $1 AND tenant_id = $2",
        """
        WITH deleted AS (
            DELETE FROM sallyport.connections WHERE environment_id = $1 AND tenant_id = $2 RETURNING id
        )
        INSERT INTO sallyport.lifecycle_events (environment_id, tenant_id, connection_id, type)
        SELECT $1, $2, id, 'connection.deleted' FROM deleted
        """,
        "DELETE FROM sallyport.link_sessions WHERE environment_id = $1 AND tenant_id = $2",
        "DELETE FROM sallyport.tenant_keys WHERE environment_id = $1 AND tenant_id = $2",
        """
        WITH deleted AS (
            DELETE FROM sallyport.api_keys WHERE environment_id = $1 AND tenant_id = $2 RETURNING id
        )
        SELECT pg_notify('sallyport', 'k:' || replace(id::text, '-', '')) FROM deleted
        """,
        "DELETE FROM sallyport.tenants WHERE environment_id = $1 AND id = $2",
    ]

    private static let older: StaticString = """
        SELECT (
                SELECT id FROM sallyport.tenants
                WHERE environment_id = $1 AND ($2::uuid IS NULL OR id = $2) AND id >= $3
                ORDER BY id LIMIT 1
            ) IS NOT NULL, environment_id, id, name, external_id, created_at
        FROM sallyport.tenants
        WHERE environment_id = $1 AND ($2::uuid IS NULL OR id = $2) AND id < $3
        ORDER BY id DESC LIMIT $4
        """

    private static let newer: StaticString = """
        SELECT (
                SELECT id FROM sallyport.tenants
                WHERE environment_id = $1 AND ($2::uuid IS NULL OR id = $2) AND id <= $3
                ORDER BY id DESC LIMIT 1
            ) IS NOT NULL, environment_id, id, name, external_id, created_at
        FROM sallyport.tenants
        WHERE environment_id = $1 AND ($2::uuid IS NULL OR id = $2) AND id > $3
        ORDER BY id ASC LIMIT $4
        """
}
