internal import Domain
internal import StrictJSON

enum AuditEventWire {
    static func answer(_ event: AuditEvent) -> JSONValue {
        [
            "id": .string(event.id.description), "at": .instant(event.at),
            "tenant_id": .optional(event.tenantID?.description), "actor": .string(event.actor),
            "action": .string(event.action.rawValue), "outcome": .string(event.outcome.rawValue),
            "object": .optional(event.object), "reason": .optional(event.reason),
            "request_id": .optional(event.requestID), "count": .int(event.count),
        ]
    }
}
