package import Connections
package import Domain
import Postgres

extension PostgresConnectionStore {
    package func list(
        in scope: ReadScope, integration: IntegrationID?, status: ConnectionStatus?, page: PageRequest<ConnectionKind>
    ) async throws(StoreError) -> Page<Connection> {
        let query = PageQuery(page)
        let sql =
            switch (scope.tenantID, query.isBackward) {
            case (.some, false): Self.tenantOlder
            case (.some, true): Self.tenantNewer
            case (nil, false): Self.environmentOlder
            case (nil, true): Self.environmentNewer
            }
        let rows = try await database.read(
            Statement(
                sql,
                [
                    scope.environmentID.value, .optionalID(scope.tenantID), query.anchor, query.limit,
                    .optionalID(integration), .optionalText(status?.rawValue),
                ]),
            in: RowScope(scope))
        return try query.page(rows) { (row) throws(StoreError) in try row.connection() }
    }

    private static let tenantOlder: StaticString = """
        SELECT (
                SELECT id FROM sallyport.connections
                WHERE environment_id = $1 AND tenant_id = $2 AND id >= $3
                    AND ($5::uuid IS NULL OR integration_id = $5) AND ($6::text IS NULL OR status = $6)
                ORDER BY id LIMIT 1
            ) IS NOT NULL,
            environment_id, tenant_id, id, integration_id, display_name, status, status_reason, origin, fields,
            version, created_at, updated_at, verified_at
        FROM sallyport.connections
        WHERE environment_id = $1 AND tenant_id = $2 AND id < $3
            AND ($5::uuid IS NULL OR integration_id = $5) AND ($6::text IS NULL OR status = $6)
        ORDER BY id DESC LIMIT $4
        """

    private static let tenantNewer: StaticString = """
        SELECT (
                SELECT id FROM sallyport.connections
                WHERE environment_id = $1 AND tenant_id = $2 AND id <= $3
                    AND ($5::uuid IS NULL OR integration_id = $5) AND ($6::text IS NULL OR status = $6)
                ORDER BY id DESC LIMIT 1
            ) IS NOT NULL,
            environment_id, tenant_id, id, integration_id, display_name, status, status_reason, origin, fields,
            version, created_at, updated_at, verified_at
        FROM sallyport.connections
        WHERE environment_id = $1 AND tenant_id = $2 AND id > $3
            AND ($5::uuid IS NULL OR integration_id = $5) AND ($6::text IS NULL OR status = $6)
        ORDER BY id ASC LIMIT $4
        """

    private static let environmentOlder: StaticString = """
        SELECT (
                SELECT id FROM sallyport.connections
                WHERE environment_id = $1 AND id >= $3
                    AND ($5::uuid IS NULL OR integration_id = $5) AND ($6::text IS NULL OR status = $6)
                ORDER BY id LIMIT 1
            ) IS NOT NULL,
            environment_id, tenant_id, id, integration_id, display_name, status, status_reason, origin, fields,
            version, created_at, updated_at, verified_at
        FROM sallyport.connections
        WHERE environment_id = $1 AND $2::uuid IS NULL AND id < $3
            AND ($5::uuid IS NULL OR integration_id = $5) AND ($6::text IS NULL OR status = $6)
        ORDER BY id DESC LIMIT $4
        """

    private static let environmentNewer: StaticString = """
        SELECT (
                SELECT id FROM sallyport.connections
                WHERE environment_id = $1 AND id <= $3
                    AND ($5::uuid IS NULL OR integration_id = $5) AND ($6::text IS NULL OR status = $6)
                ORDER BY id DESC LIMIT 1
            ) IS NOT NULL,
            environment_id, tenant_id, id, integration_id, display_name, status, status_reason, origin, fields,
            version, created_at, updated_at, verified_at
        FROM sallyport.connections
        WHERE environment_id = $1 AND $2::uuid IS NULL AND id > $3
            AND ($5::uuid IS NULL OR integration_id = $5) AND ($6::text IS NULL OR status = $6)
        ORDER BY id ASC LIMIT $4
        """
}
