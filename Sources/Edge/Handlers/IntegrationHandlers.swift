internal import Connections
internal import Domain

enum IntegrationHandlers {
    static let routes: [ControlPlaneRoute] = [
        .keyed(.post, "/v1/integrations", .writeIntegrations, create),
        .keyed(.get, "/v1/integrations", .readIntegrations, query: ListParameters.names, list),
        .keyed(.get, "/v1/integrations/{integration_id}", .readIntegrations, read),
        // What stays is read first, so that a change of one setting takes both permissions.
        .keyed(.patch, "/v1/integrations/{integration_id}", [.readIntegrations, .writeIntegrations], update),
        .keyed(.delete, "/v1/integrations/{integration_id}", .writeIntegrations, delete),
    ]

    @Sendable private static func create(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let draft = try IntegrationWire.create(try await call.body.object())
        let integration = try await asking(renaming: IntegrationWire.pointers) { () async throws(UseCaseError) in
            try await services.integrations.create(draft, call.context(of: caller))
        }
        return Answer.created(IntegrationWire.answer(integration), at: "/v1/integrations/\(integration.id)")
            .tagged(version: integration.version)
    }

    @Sendable private static func list(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let request = try ListParameters.page(call, services.cursors, caller.readScope, of: IntegrationKind.self)
        let page = try await asking { () async throws(UseCaseError) in
            try await services.integrations.list(page: request, call.context(of: caller))
        }
        return .page(page, services.cursors, caller.readScope, id: \.id, IntegrationWire.answer)
    }

    @Sendable private static func read(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let integration = try await stored(services, call, caller)
        return .json(IntegrationWire.answer(integration)).tagged(version: integration.version)
    }

    @Sendable private static func update(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let id = try call.id(of: IntegrationKind.self)
        let expected = try call.expectedVersion()
        let update = try IntegrationWire.Update(try await call.body.object())
        var attempts = 0
        while true {
            let stored = try await stored(services, call, caller)
            if let expected, expected != stored.version { throw Problem(code: .stale) }
            attempts += 1
            do throws(Problem) {
                let integration = try await asking(renaming: IntegrationWire.pointers) {
                    () async throws(UseCaseError) in
                    try await services.integrations.update(id, update.change(of: stored), call.context(of: caller))
                }
                return .json(IntegrationWire.answer(integration)).tagged(version: integration.version)
            } catch {
                // Somebody else wrote in between; a caller without a condition doesn't mind.
                guard error.code == .stale, expected == nil, attempts < 3 else { throw error }
            }
        }
    }

    @Sendable private static func delete(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let id = try call.id(of: IntegrationKind.self)
        try await asking { () async throws(UseCaseError) in
            try await services.integrations.delete(id, call.context(of: caller))
        }
        return .noContent
    }

    private static func stored(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Integration {
        let id = try call.id(of: IntegrationKind.self)
        return try await asking { () async throws(UseCaseError) in
            try await services.integrations.read(id, call.context(of: caller))
        }
    }
}
