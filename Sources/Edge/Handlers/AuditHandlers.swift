internal import Connections
internal import Domain

enum AuditHandlers {
    static let routes: [ControlPlaneRoute] = [
        .keyed(.get, "/v1/audit-events", .readAudit, query: ListParameters.names + ["tenant_id", "action"], list)
    ]

    @Sendable private static func list(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let tenant = try call.query.value("tenant_id") { TenantID($0) }
        let action = try call.query.choice("action", AuditEvent.Action.self)
        let request = try ListParameters.page(call, services.cursors, caller.readScope, of: AuditEventKind.self)
        let page = try await asking { () async throws(UseCaseError) in
            try await services.audit.list(
                tenantID: tenant, action: action, page: request, call.context(of: caller))
        }
        return .page(page, services.cursors, caller.readScope, id: \.id, AuditEventWire.answer)
    }
}
