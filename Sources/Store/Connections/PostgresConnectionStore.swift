package import Connections
package import Domain
package import Logging
package import Postgres

/// Connections with their sealed credentials.
package struct PostgresConnectionStore: ConnectionStore {
    let database: Database

    package init(client: PostgresClient, logger: Logger) {
        database = Database(client: client, logger: logger)
    }

    package func create(
        _ connection: Connection, entered: SealedSecret, tokenSet: (SealedSecret, TokenTimes)?, audit: AuditEvent
    ) async throws(StoreError) {
        let key = CredentialStatements.key(of: connection.id, in: connection.scope)
        var statements = [
            Statement(
                Self.insert,
                key + [connection.integrationID.value, .timestamp(connection.createdAt)] + Self.mutable(connection)),
            Statement(
                """
                INSERT INTO sallyport.refresh_states (environment_id, tenant_id, connection_id, refresh_due_at)
                VALUES ($1, $2, $3, $4)
                """,
                key + [.optionalTimestamp(tokenSet?.1.refreshDueAt)]),
            CredentialStatements.replace(.entered, with: entered, expiresAt: nil, key: key),
        ]
        if let (sealed, times) = tokenSet {
            statements.append(
                CredentialStatements.replace(.tokenSet, with: sealed, expiresAt: times.expiresAt, key: key))
        }
        try await database.change(
            statements, in: .tenant(connection.scope), audit: audit, announcing: .connectionChanged(connection.id))
    }

    package func find(_ id: ConnectionID, in scope: ReadScope) async throws(StoreError) -> Connection? {
        try await database.read(
            Statement(
                scope.tenantID == nil ? Self.byIDInEnvironment : Self.byIDInTenant,
                [scope.environmentID.value, .optionalID(scope.tenantID), id.value]),
            in: RowScope(scope)
        ).atMostOne { (row) throws(StoreError) in try row.connection() }
    }

    package func load(_ id: ConnectionID, in scope: ReadScope) async throws(StoreError) -> StoredConnection? {
        let parameters = [scope.environmentID.value, .optionalID(scope.tenantID), id.value]
        let load = Statement(Self.load, parameters)
        let rows: [Row]
        if scope.tenantID == nil {
            let results = try await database.readTogether(
                [Statement(Self.enterScopeOfConnection, parameters), load], in: RowScope(scope))
            rows = results.last ?? []
        } else {
            rows = try await database.read(load, in: RowScope(scope))
        }
        return try rows.atMostOne(Self.stored)
    }

    package func update(
        _ connection: Connection, entered: SealedSecret?, tokenSet: (SealedSecret, TokenTimes)?, audit: AuditEvent
    ) async throws(StoreError) {
        let key = CredentialStatements.key(of: connection.id, in: connection.scope)
        var statements: [Statement] = []
        if entered != nil || tokenSet != nil {
            statements.append(
                Statement(Self.endRefreshes, key + [.optionalTimestamp(tokenSet?.1.refreshDueAt)]))
        }
        statements.append(Statement(Self.update, key + Self.mutable(connection)))
        if let entered {
            statements.append(CredentialStatements.replace(.entered, with: entered, expiresAt: nil, key: key))
            statements.append(CredentialStatements.removeTokenSet(key: key))
        }
        if let (sealed, times) = tokenSet {
            statements.append(
                CredentialStatements.replace(.tokenSet, with: sealed, expiresAt: times.expiresAt, key: key))
        }
        try await database.change(
            statements, in: .tenant(connection.scope), audit: audit, announcing: .connectionChanged(connection.id))
    }

    package func delete(
        _ id: ConnectionID, in scope: TenantScope, audit: AuditEvent
    ) async throws(StoreError) {
        let key = CredentialStatements.key(of: id, in: scope)
        try await database.change(
            [Statement(Self.deleteRefreshState, key), Statement(Self.delete, key)],
            in: .tenant(scope), audit: audit, announcing: .connectionChanged(id))
    }

    /// `$4` and on of an update, `$6` and on of an insert.
    private static func mutable(_ connection: Connection) -> [PostgresValue] {
        [
            .int(connection.version), .optionalText(connection.displayName), .text(connection.status.rawValue),
            .optionalText(connection.statusReason?.rawValue), .text(connection.origin.description),
            .json(JSONColumn.text(of: connection.fields)), .timestamp(connection.updatedAt),
            .optionalTimestamp(connection.verifiedAt),
        ]
    }

    private static func stored(_ row: inout RowReader) throws(StoreError) -> StoredConnection {
        let (connection, integration) = (try row.connection(), try row.integration())
        let (entered, tokenSet) = (try row.optionalSecret(), try row.optionalSecret())
        let times = TokenTimes(expiresAt: try row.optionalTimestamp(), refreshDueAt: try row.optionalTimestamp())
        return StoredConnection(
            connection: connection, integration: integration, entered: entered, tokenSet: tokenSet,
            tokenTimes: tokenSet == nil ? nil : times)
    }
}

extension RowReader {
    /// Identifiers of environment, tenant, connection and integration, display name, status and its reason, origin,
    /// fields, version, creation, last change and last verification.
    mutating func connection() throws(StoreError) -> Connection {
        let scope = TenantScope(environmentID: try id(), tenantID: try id())
        let (id, integrationID) = (try self.id(ConnectionKind.self), try self.id(IntegrationKind.self))
        let (displayName, status, reason) = (
            try optionalText(), try code(ConnectionStatus.self), try optionalCode(StatusReason.self)
        )
        guard let origin = Origin(try text()) else { throw .corrupt }
        return Connection(
            id: id, scope: scope, integrationID: integrationID, displayName: displayName, status: status,
            statusReason: reason, origin: origin, fields: try JSONColumn.stringMap(of: try text()),
            version: try int(), createdAt: try timestamp(), updatedAt: try timestamp(),
            verifiedAt: try optionalTimestamp())
    }
}

extension PostgresConnectionStore {
    private static let insert: StaticString = """
        INSERT INTO sallyport.connections
            (environment_id, tenant_id, id, integration_id, created_at, version, display_name, status, status_reason,
             origin, fields, updated_at, verified_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """

    private static let byIDInTenant: StaticString = """
        SELECT environment_id, tenant_id, id, integration_id, display_name, status, status_reason, origin, fields,
            version, created_at, updated_at, verified_at
        FROM sallyport.connections
        WHERE environment_id = $1 AND tenant_id = $2 AND id = $3
        """

    private static let byIDInEnvironment: StaticString = """
        SELECT environment_id, tenant_id, id, integration_id, display_name, status, status_reason, origin, fields,
            version, created_at, updated_at, verified_at
        FROM sallyport.connections
        WHERE environment_id = $1 AND $2::uuid IS NULL AND id = $3
        """

    /// Credentials can't be read across tenants, so a caller that spans them enters the connection's own tenant first.
    private static let enterScopeOfConnection: StaticString = """
        SELECT set_config('sallyport.tenant', tenant_id::text, true)
        FROM sallyport.connections
        WHERE environment_id = $1 AND $2::uuid IS NULL AND id = $3
        """

    private static let load: StaticString = """
        SELECT c.environment_id, c.tenant_id, c.id, c.integration_id, c.display_name, c.status, c.status_reason,
            c.origin, c.fields, c.version, c.created_at, c.updated_at, c.verified_at,
            i.environment_id, i.id, i.name, i.provider, i.settings, i.client_secret IS NOT NULL, i.version,
            i.created_at, i.updated_at,
            e.envelope, e.key_version, e.record_version, t.envelope, t.key_version, t.record_version, t.expires_at,
            r.refresh_due_at
        FROM sallyport.connections AS c
        JOIN sallyport.integrations AS i ON i.environment_id = c.environment_id AND i.id = c.integration_id
        LEFT JOIN sallyport.credentials AS e
            ON e.environment_id = c.environment_id AND e.tenant_id = c.tenant_id AND e.connection_id = c.id
            AND e.kind = 'entered'
        LEFT JOIN sallyport.credentials AS t
            ON t.environment_id = c.environment_id AND t.tenant_id = c.tenant_id AND t.connection_id = c.id
            AND t.kind = 'token_set'
        LEFT JOIN sallyport.refresh_states AS r
            ON r.environment_id = c.environment_id AND r.tenant_id = c.tenant_id AND r.connection_id = c.id
        WHERE c.environment_id = $1 AND c.tenant_id = coalesce($2, sallyport.context_tenant()) AND c.id = $3
        """

    /// A flight that is under way holds an older fence from here on and writes nothing. Also takes the row's lock
    /// before the connection's, the order of every writer.
    private static let endRefreshes: StaticString = """
        UPDATE sallyport.refresh_states
        SET fence = fence + 1, lease_owner = NULL, lease_expires_at = NULL, refresh_due_at = $4, attempts = 0,
            last_error = NULL, not_before = NULL
        WHERE environment_id = $1 AND tenant_id = $2 AND connection_id = $3
        """

    private static let update: StaticString = """
        WITH changed AS (
            UPDATE sallyport.connections
            SET version = $4, display_name = $5, status = $6, status_reason = $7, origin = $8, fields = $9,
                updated_at = $10, verified_at = $11
            WHERE environment_id = $1 AND tenant_id = $2 AND id = $3 AND version = $4 - 1
            RETURNING 1
        )
        SELECT sallyport.require_change(
            (SELECT count(*) FROM changed),
            EXISTS (SELECT FROM sallyport.connections WHERE environment_id = $1 AND tenant_id = $2 AND id = $3))
        """

    private static let deleteRefreshState: StaticString = """
        DELETE FROM sallyport.refresh_states WHERE environment_id = $1 AND tenant_id = $2 AND connection_id = $3
        """

    private static let delete: StaticString = """
        WITH changed AS (
            DELETE FROM sallyport.connections WHERE environment_id = $1 AND tenant_id = $2 AND id = $3 RETURNING 1
        )
        SELECT sallyport.require_change((SELECT count(*) FROM changed), false)
        """
}
