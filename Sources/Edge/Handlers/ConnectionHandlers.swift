internal import Connections
internal import Domain

enum ConnectionHandlers {
    static let routes: [ControlPlaneRoute] = [
        .keyed(.post, "/v1/connections", .writeConnections, create),
        .keyed(
            .get, "/v1/connections", .readConnections,
            query: ListParameters.names + ["tenant_id", "integration_id", "status"], list),
        .keyed(.get, "/v1/connections/{connection_id}", .readConnections, read),
        .keyed(.patch, "/v1/connections/{connection_id}", .writeConnections, update),
        .keyed(.delete, "/v1/connections/{connection_id}", .writeConnections, delete),
        .keyed(.post, "/v1/connections/{connection_id}/verify", .writeConnections, verify),
        .keyed(.post, "/v1/connections/{connection_id}/refresh", .writeConnections, refresh),
    ]

    @Sendable private static func create(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let draft = try ConnectionWire.create(try await call.body.object())
        let connection = try await asking(renaming: ConnectionWire.pointers) { () async throws(UseCaseError) in
            try await services.connections.create(draft, call.context(of: caller))
        }
        return Answer.created(ConnectionWire.answer(connection), at: "/v1/connections/\(connection.id)")
            .tagged(version: connection.version)
    }

    @Sendable private static func list(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let filter = ConnectionFilter(
            tenantID: try call.query.value("tenant_id") { TenantID($0) },
            integrationID: try call.query.value("integration_id") { IntegrationID($0) },
            status: try call.query.choice("status", ConnectionStatus.self))
        let request = try ListParameters.page(call, services.cursors, caller.readScope, of: ConnectionKind.self)
        let page = try await asking { () async throws(UseCaseError) in
            try await services.connections.list(filter, page: request, call.context(of: caller))
        }
        return .page(page, services.cursors, caller.readScope, id: \.id, ConnectionWire.answer)
    }

    @Sendable private static func read(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let id = try call.id(of: ConnectionKind.self)
        return try await detail { () async throws(UseCaseError) in
            try await services.connections.readDetail(id, call.context(of: caller))
        }
    }

    @Sendable private static func update(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let id = try call.id(of: ConnectionKind.self)
        let change = try ConnectionWire.update(
            try await call.body.object(), expectedVersion: try call.expectedVersion())
        return try await answer { () async throws(UseCaseError) in
            try await services.connections.update(id, change, call.context(of: caller))
        }
    }

    @Sendable private static func verify(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let id = try call.id(of: ConnectionKind.self)
        return try await answer { () async throws(UseCaseError) in
            try await services.connections.verify(id, call.context(of: caller))
        }
    }

    @Sendable private static func refresh(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let id = try call.id(of: ConnectionKind.self)
        return try await detail { () async throws(UseCaseError) in
            try await services.connections.refresh(id, call.context(of: caller))
        }
    }

    @Sendable private static func delete(
        _ services: ControlPlaneServices, _ call: Call, _ caller: Principal
    ) async throws(Problem) -> Answer {
        let id = try call.id(of: ConnectionKind.self)
        try await asking { () async throws(UseCaseError) in
            try await services.connections.delete(id, call.context(of: caller))
        }
        return .noContent
    }

    private static func answer(
        _ body: () async throws(UseCaseError) -> Connection
    ) async throws(Problem) -> Answer {
        let connection = try await asking(renaming: ConnectionWire.pointers, body)
        return .json(ConnectionWire.answer(connection)).tagged(version: connection.version)
    }

    private static func detail(
        _ body: () async throws(UseCaseError) -> (Connection, RefreshState?)
    ) async throws(Problem) -> Answer {
        let (connection, refresh) = try await asking(body)
        // The tag is the connection's version: a refresh alone doesn't change it, and no write depends on one.
        return .json(ConnectionWire.answer(connection, refresh)).tagged(version: connection.version)
    }
}
