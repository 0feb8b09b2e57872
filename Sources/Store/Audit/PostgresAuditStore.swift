package import Connections
package import Domain
package import Logging
package import Postgres

/// Audit events; the service's role can append and read them, and nothing else.
package struct PostgresAuditStore: AuditStore {
    private let database: Database

    package init(client: PostgresClient, logger: Logger) {
        database = Database(client: client, logger: logger)
    }

    package func append(_ events: [AuditEvent]) async throws(StoreError) {
        guard let first = events.first else { return }
        var batch = ScopedStatements(beginningIn: RowScope(of: first))
        for event in events { batch.append(AuditStatements.insert(event), in: RowScope(of: event)) }
        try await database.write(batch.statements, in: batch.firstScope)
    }

    package func list(
        in scope: ReadScope, action: AuditEvent.Action?, page: PageRequest<AuditEventKind>
    ) async throws(StoreError) -> Page<AuditEvent> {
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
                    .optionalText(action?.rawValue),
                ]),
            in: RowScope(scope))
        return try query.page(rows, Self.event)
    }

    private static func event(_ row: inout RowReader) throws(StoreError) -> AuditEvent {
        let (environmentID, tenantID, id) = (
            try row.id(EnvironmentKind.self), try row.optionalID(TenantKind.self), try row.id(AuditEventKind.self)
        )
        return AuditEvent(
            id: id, environmentID: environmentID, tenantID: tenantID, at: try row.timestamp(), actor: try row.text(),
            action: try row.code(), outcome: try row.code(), object: try row.optionalText(),
            reason: try row.optionalText(), requestID: try row.optionalText(), count: try row.int())
    }
}

extension PostgresAuditStore {
    private static let tenantOlder: StaticString = """
        SELECT (
                SELECT id FROM sallyport.audit_events
                WHERE environment_id = $1 AND tenant_id = $2 AND id >= $3 AND ($5::text IS NULL OR action = $5)
                ORDER BY id LIMIT 1
            ) IS NOT NULL, environment_id, tenant_id, id, at, actor, action, outcome, object, reason, request_id, count
        FROM sallyport.audit_events
        WHERE environment_id = $1 AND tenant_id = $2 AND id < $3 AND ($5::text IS NULL OR action = $5)
        ORDER BY id DESC LIMIT $4
        """

    private static let tenantNewer: StaticString = """
        SELECT (
                SELECT id FROM sallyport.audit_events
                WHERE environment_id = $1 AND tenant_id = $2 AND id <= $3 AND ($5::text IS NULL OR action = $5)
                ORDER BY id DESC LIMIT 1
            ) IS NOT NULL, environment_id, tenant_id, id, at, actor, action, outcome, object, reason, request_id, count
        FROM sallyport.audit_events
        WHERE environment_id = $1 AND tenant_id = $2 AND id > $3 AND ($5::text IS NULL OR action = $5)
        ORDER BY id ASC LIMIT $4
        """

    private static let environmentOlder: StaticString = """
        SELECT (
                SELECT id FROM sallyport.audit_events
                WHERE environment_id = $1 AND id >= $3 AND ($5::text IS NULL OR action = $5)
                ORDER BY id LIMIT 1
            ) IS NOT NULL, environment_id, tenant_id, id, at, actor, action, outcome, object, reason, request_id, count
        FROM sallyport.audit_events
        WHERE environment_id = $1 AND $2::uuid IS NULL AND id < $3 AND ($5::text IS NULL OR action = $5)
        ORDER BY id DESC LIMIT $4
        """

    private static let environmentNewer: StaticString = """
        SELECT (
                SELECT id FROM sallyport.audit_events
                WHERE environment_id = $1 AND id <= $3 AND ($5::text IS NULL OR action = $5)
                ORDER BY id DESC LIMIT 1
            ) IS NOT NULL, environment_id, tenant_id, id, at, actor, action, outcome, object, reason, request_id, count
        FROM sallyport.audit_events
        WHERE environment_id = $1 AND $2::uuid IS NULL AND id > $3 AND ($5::text IS NULL OR action = $5)
        ORDER BY id ASC LIMIT $4
        """
}
