internal import Connections
internal import Domain

enum APIKeyHandlers {
    static let routes: [ControlPlaneRoute] = [
        .keyed(.post, "/v1/api-keys", .writeAPIKeys, create),
        .keyed(.get, "/v1/api-keys", .readAPIKeys, query: ListParameters.names, list),
        .keyed(.get, "/v1/api-keys/{api_key_id}", .readAPIKeys, read),
        .keyed(.delete, "/v1/api-keys/{api_key_id}", .writeAPIKeys, revoke),
    ]

    @Sendable private static func create(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let draft = try APIKeyWire.create(try await call.body.object(), ownTenant: caller.tenantID)
        let created = try await asking { () async throws(UseCaseError) in
            try await services.apiKeys.create(draft, call.context(of: caller))
        }
        return APIKeyWire.created(created)
    }

    @Sendable private static func list(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let request = try ListParameters.page(call, services.cursors, caller.readScope, of: APIKeyKind.self)
        let page = try await asking { () async throws(UseCaseError) in
            try await services.apiKeys.list(page: request, call.context(of: caller))
        }
        return .page(page, services.cursors, caller.readScope, id: \.id, APIKeyWire.answer)
    }

    @Sendable private static func read(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let id = try call.id(of: APIKeyKind.self)
        let key = try await asking { () async throws(UseCaseError) in
            try await services.apiKeys.read(id, call.context(of: caller))
        }
        return .json(APIKeyWire.answer(key))
    }

    @Sendable private static func revoke(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let id = try call.id(of: APIKeyKind.self)
        try await asking { () async throws(UseCaseError) in
            try await services.apiKeys.revoke(id, call.context(of: caller))
        }
        return .noContent
    }
}
