internal import Connections
internal import Domain

enum TenantHandlers {
    static let routes: [ControlPlaneRoute] = [
        .keyed(.post, "/v1/tenants", .writeTenants, create),
        .keyed(.get, "/v1/tenants", .readTenants, query: ListParameters.names, list),
        .keyed(.get, "/v1/tenants/{tenant_id}", .readTenants, read),
        .keyed(.patch, "/v1/tenants/{tenant_id}", .writeTenants, update),
        .keyed(.delete, "/v1/tenants/{tenant_id}", .writeTenants, delete),
    ]

    @Sendable private static func create(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let draft = try TenantWire.Create(try await call.body.object())
        let tenant = try await asking { () async throws(UseCaseError) in
            try await services.tenants.create(name: draft.name, externalID: draft.externalID, call.context(of: caller))
        }
        return .created(TenantWire.answer(tenant), at: "/v1/tenants/\(tenant.id)")
    }

    @Sendable private static func list(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let request = try ListParameters.page(call, services.cursors, caller.readScope, of: TenantKind.self)
        let page = try await asking { () async throws(UseCaseError) in
            try await services.tenants.list(page: request, call.context(of: caller))
        }
        return .page(page, services.cursors, caller.readScope, id: \.id, TenantWire.answer)
    }

    @Sendable private static func read(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let id = try call.id(of: TenantKind.self)
        let tenant = try await asking { () async throws(UseCaseError) in
            try await services.tenants.read(id, call.context(of: caller))
        }
        return .json(TenantWire.answer(tenant))
    }

    @Sendable private static func update(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let id = try call.id(of: TenantKind.self)
        let change = try TenantWire.Update(try await call.body.object())
        let tenant = try await asking { () async throws(UseCaseError) in
            try await services.tenants.update(
                id, name: change.name, externalID: change.externalID, call.context(of: caller))
        }
        return .json(TenantWire.answer(tenant))
    }

    @Sendable private static func delete(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let id = try call.id(of: TenantKind.self)
        try await asking { () async throws(UseCaseError) in
            try await services.tenants.delete(id, call.context(of: caller))
        }
        return .noContent
    }
}
