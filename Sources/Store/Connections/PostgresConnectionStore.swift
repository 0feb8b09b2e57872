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
        _ connection: Connection, entered: SealedSecret, tokenSet: (SealedSecret, TokenTimes)?, facts: TokenSetFacts?,
        audit: AuditEvent
    ) async throws(StoreError) {
        let key = CredentialStatements.key(of: connection.id, in: connection.scope)
        var statements = [
            Statement(
                Self.insert,
                key + [connection.integrationID.value, .timestamp(connection.createdAt)] + Self.mutable(connection)),
            Statement(Self.insertRefreshState, key + Self.refreshValues(tokenSet, facts)),
            CredentialStatements.replace(.entered, with: entered, expiresAt: nil, key: key),
        ]
        if let (sealed, times) = tokenSet {
            statements.append(
                CredentialStatements.replace(.tokenSet, with: sealed, expiresAt: times.expiresAt, key: key))
        }
        if connection.status == .active { statements.append(LifecycleStatements.tell(.linked, key: key)) }
        if tokenSet != nil, facts?.isScopeMissing ?? false {
            statements.append(LifecycleStatements.tell(.scopeMissing, key: key))
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
        try await readWithCredentials(Self.load, of: id, in: scope).atMostOne { (row) throws(StoreError) in
            try row.storedConnection()
        }
    }

    /// Runs a statement on tables that can't be read across tenants: a caller that spans them enters the connection's own
    /// tenant first, in the same transaction.
    private func readWithCredentials(
        _ sql: StaticString, of id: ConnectionID, in scope: ReadScope
    ) async throws(StoreError) -> [Row] {
        let parameters = [scope.environmentID.value, .optionalID(scope.tenantID), id.value]
        let statement = Statement(sql, parameters)
        guard scope.tenantID == nil else { return try await database.read(statement, in: RowScope(scope)) }
        let results = try await database.readTogether(
            [Statement(Self.enterScopeOfConnection, parameters), statement], in: RowScope(scope))
        return results.last ?? []
    }

    package func update(
        _ connection: Connection, entered: SealedSecret?, tokenSet: (SealedSecret, TokenTimes)?, facts: TokenSetFacts?,
        audit: AuditEvent
    ) async throws(StoreError) {
        let key = CredentialStatements.key(of: connection.id, in: connection.scope)
        var statements: [Statement] = []
        if entered != nil || tokenSet != nil {
            statements.append(Statement(Self.endRefreshes, key + Self.refreshValues(tokenSet, facts)))
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

    package func refreshState(of id: ConnectionID, in scope: ReadScope) async throws(StoreError) -> RefreshState? {
        try await readWithCredentials(Self.refreshState, of: id, in: scope).atMostOne { (row) throws(StoreError) in
            RefreshState(
                tokenExpiresAt: try row.optionalTimestamp(), lastSuccessAt: try row.optionalTimestamp(),
                nextRefreshAt: try row.optionalTimestamp(), consecutiveFailures: Int(try row.int()),
                lastError: try row.optionalCode(), isScopeMissing: try row.bool())
        }
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

    /// `$4` and on of ``insertRefreshState`` and ``endRefreshes``.
    private static func refreshValues(
        _ tokenSet: (SealedSecret, TokenTimes)?, _ facts: TokenSetFacts?
    ) -> [PostgresValue] {
        [
            .optionalTimestamp(tokenSet?.1.refreshDueAt), .optionalInt(tokenSet?.0.recordVersion),
            .optionalText(facts?.endpoint.text), .bool(facts?.spendsRefreshToken ?? false),
            // Without a token set nothing was granted yet.
            .bool(tokenSet != nil && (facts?.isScopeMissing ?? false)),
        ]
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

    /// The columns of ``PostgresConnectionStore/load``, as far as a use of the connection needs them.
    mutating func storedConnection() throws(StoreError) -> StoredConnection {
        let (connection, integration) = (try connection(), try integration())
        let (entered, tokenSet) = (try optionalSecret(), try optionalSecret())
        let times = TokenTimes(expiresAt: try optionalTimestamp(), refreshDueAt: try optionalTimestamp())
        return StoredConnection(
            connection: connection, integration: integration, entered: entered, tokenSet: tokenSet,
            tokenTimes: tokenSet == nil ? nil : times, tokenSetVersion: try int())
    }
}
