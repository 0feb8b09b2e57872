import Domain
import Postgres

/// The statements that every store appends to its changes.
enum AuditStatements {
    /// Moves the transaction to another scope.
    static func enter(_ scope: RowScope) -> Statement {
        let settings = scope.context.settings
        return Statement(
            "SELECT set_config('sallyport.environment', $1, true), set_config('sallyport.tenant', $2, true)",
            settings.prefix(2).map { .text($0.value) })
    }

    /// Must run in the event's own scope.
    static func insert(_ event: AuditEvent) -> Statement {
        Statement(
            """
            INSERT INTO sallyport.audit_events
                (environment_id, tenant_id, id, at, actor, action, outcome, object, reason, request_id, count)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            """,
            values(of: event))
    }

    /// In the order of the columns of ``insert(_:)``.
    static func values(of event: AuditEvent) -> [PostgresValue] {
        [
            event.environmentID.value, .optionalID(event.tenantID), event.id.value, .timestamp(event.at),
            .text(event.actor), .text(event.action.rawValue), .text(event.outcome.rawValue),
            .optionalText(event.object), .optionalText(event.reason), .optionalText(event.requestID),
            .int(event.count),
        ]
    }
}
