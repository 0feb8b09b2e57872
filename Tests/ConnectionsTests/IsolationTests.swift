import Connections
import Domain
import Sodium
import Testing
import TestSupport

@Suite("Who may do what")
struct IsolationTests {
    typealias Call = @Sendable (FakeWorld, Connection, Integration, CallContext) async throws(UseCaseError) -> Void

    struct Operation: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let needs: PermissionSet
        /// What a caller of another tenant hears; nil where the operation has no object of a tenant.
        let absent: ObjectKind?
        /// Whether a tenant's own key may do it.
        var isForTenants = true
        let call: Call
    }

    static let anyName = Slug("another")

    static let operations: [Operation] = [
        Operation(testDescription: "create a tenant", needs: .writeTenants, absent: nil, isForTenants: false) {
            (world, _, _, context) throws(UseCaseError) in
            _ = try await world.tenants.create(name: "New", externalID: nil, context)
        },
        Operation(testDescription: "read a tenant", needs: .readTenants, absent: .tenant) {
            (world, connection, _, context) throws(UseCaseError) in
            _ = try await world.tenants.read(connection.scope.tenantID, context)
        },
        Operation(testDescription: "rename a tenant", needs: .writeTenants, absent: .tenant) {
            (world, connection, _, context) throws(UseCaseError) in
            _ = try await world.tenants.update(
                connection.scope.tenantID, name: .set("Renamed"), externalID: .keep, context)
        },
        Operation(testDescription: "delete a tenant", needs: .writeTenants, absent: .tenant, isForTenants: false) {
            (world, connection, _, context) throws(UseCaseError) in
            try await world.tenants.delete(connection.scope.tenantID, context)
        },
        Operation(
            testDescription: "create an integration", needs: .writeIntegrations, absent: nil, isForTenants: false
        ) { (world, _, integration, context) throws(UseCaseError) in
            guard let name = anyName else { return }
            _ = try await world.integrations.create(
                NewIntegration(name: name, provider: integration.provider), context)
        },
        Operation(testDescription: "read an integration", needs: .readIntegrations, absent: nil) {
            (world, _, integration, context) throws(UseCaseError) in
            _ = try await world.integrations.read(integration.id, context)
        },
        Operation(
            testDescription: "change an integration", needs: .writeIntegrations, absent: nil, isForTenants: false
        ) { (world, _, integration, context) throws(UseCaseError) in
            _ = try await world.integrations.update(
                integration.id, IntegrationChange(settings: IntegrationSettings()), context)
        },
        Operation(
            testDescription: "delete an integration", needs: .writeIntegrations, absent: nil, isForTenants: false
        ) { (world, connection, integration, context) throws(UseCaseError) in
            do throws(UseCaseError) {
                try await world.integrations.delete(integration.id, context)
            } catch .conflict(.stillReferenced) {
                // Allowed, and refused for what it is.
            }
        },
        Operation(testDescription: "link an account", needs: .writeConnections, absent: .tenant) {
            (world, connection, integration, context) throws(UseCaseError) in
            _ = try await world.linking().create(
                NewConnection(
                    tenantID: connection.scope.tenantID, integration: .id(integration.id),
                    fields: ["base_url": "https://api.example.com", "username": "user"],
                    secrets: ["password": SecretBytes(utf8: "p")]), context)
        },
        Operation(testDescription: "read a connection", needs: .readConnections, absent: .connection) {
            (world, connection, _, context) throws(UseCaseError) in
            _ = try await world.linking().read(connection.id, context)
        },
        Operation(testDescription: "read a connection's refreshes", needs: .readConnections, absent: .connection) {
            (world, connection, _, context) throws(UseCaseError) in
            _ = try await world.linking().readDetail(connection.id, context)
        },
        Operation(testDescription: "refresh a connection", needs: .writeConnections, absent: .connection) {
            (world, connection, _, context) throws(UseCaseError) in
            do throws(UseCaseError) {
                _ = try await world.linking().refresh(connection.id, context)
            } catch .refreshFailed(.notRefreshable) {
                // Allowed, and refused for what it is.
            }
        },
        Operation(testDescription: "list a tenant's connections", needs: .readConnections, absent: .tenant) {
            (world, connection, _, context) throws(UseCaseError) in
            guard let page = PageRequest<ConnectionKind>() else { return }
            let found = try await world.linking().list(
                ConnectionFilter(tenantID: connection.scope.tenantID), page: page, context)
            guard found.elements.contains(connection) else { throw .notFound(.tenant) }
        },
        Operation(testDescription: "change a connection", needs: .writeConnections, absent: .connection) {
            (world, connection, _, context) throws(UseCaseError) in
            _ = try await world.linking().update(
                connection.id, ConnectionChange(displayName: .set("Changed")), context)
        },
        Operation(testDescription: "verify a connection", needs: .writeConnections, absent: .connection) {
            (world, connection, _, context) throws(UseCaseError) in
            _ = try await world.linking().verify(connection.id, context)
        },
        Operation(testDescription: "delete a connection", needs: .writeConnections, absent: .connection) {
            (world, connection, _, context) throws(UseCaseError) in
            try await world.linking().delete(connection.id, context)
        },
        Operation(testDescription: "list a tenant's audit events", needs: .readAudit, absent: .tenant) {
            (world, connection, _, context) throws(UseCaseError) in
            guard let page = PageRequest<AuditEventKind>(limit: 200) else { return }
            let found = try await AuditReading(gate: world.gate).list(
                tenantID: connection.scope.tenantID, action: nil, page: page, context)
            guard found.elements.contains(where: { $0.action == .connectionCreated }) else { throw .notFound(.tenant) }
        },
    ]

    func rows() async throws -> (FakeWorld, Connection, Integration) {
        let world = try await FakeWorld()
        let integration = try await world.integrate("generic-basic")
        return (world, try await world.linkBasic(integration), integration)
    }

    @Test(arguments: operations)
    func `a caller with exactly the permission may`(_ operation: Operation) async throws {
        let (world, connection, integration) = try await rows()
        try await operation.call(world, connection, integration, world.context(operation.needs))
    }

    @Test(arguments: operations)
    func `a caller with every permission but that one is denied, and it is recorded`(
        _ operation: Operation
    ) async throws {
        let (world, connection, integration) = try await rows()
        let before = world.database.stored(connection.id)?.connection
        let context = world.context(PermissionSet.all.subtracting(operation.needs))
        let error = await failure { () async throws(UseCaseError) in
            try await operation.call(world, connection, integration, context)
        }
        #expect(error == .denied(operation.needs))
        let event = try #require(world.database.events.last)
        #expect(event.outcome == .denied && event.reason == "permission_missing")
        #expect(event.requestID == "req-1" && event.actor == context.principal.auditName)
        #expect(world.database.stored(connection.id)?.connection == before)
    }

    @Test(arguments: operations.filter(\.isForTenants))
    func `a tenant's own key may`(_ operation: Operation) async throws {
        let (world, connection, integration) = try await rows()
        let context = world.context(operation.needs, tenant: world.tenant.id)
        try await operation.call(world, connection, integration, context)
    }

    @Test(arguments: operations.filter { !$0.isForTenants })
    func `a tenant's own key may not do what is the environment's`(_ operation: Operation) async throws {
        let (world, connection, integration) = try await rows()
        let context = world.context(tenant: world.tenant.id)
        let error = await failure { () async throws(UseCaseError) in
            try await operation.call(world, connection, integration, context)
        }
        #expect(error == .denied([]))
        #expect(world.database.events.last?.reason == "tenant_bound")
    }

    @Test(arguments: operations.filter { $0.absent != nil })
    func `another tenant's objects are absent`(_ operation: Operation) async throws {
        let (world, connection, integration) = try await rows()
        let before = world.database.stored(connection.id)?.connection
        let foreign = [
            world.context(tenant: world.neighbour.id), world.context(environment: world.stranger.environmentID),
            world.context(tenant: world.stranger.id, environment: world.stranger.environmentID),
        ]
        for context in foreign {
            let error = await failure { () async throws(UseCaseError) in
                try await operation.call(world, connection, integration, context)
            }
            let kind = try #require(operation.absent)
            #expect(error == .notFound(kind))
        }
        #expect(world.database.stored(connection.id)?.connection == before)
        #expect(world.database.connectionCount == 1)
    }

    @Test func `another environment's integration can't be linked to`() async throws {
        let (world, _, integration) = try await rows()
        let error = await failure { () async throws(UseCaseError) in
            try await world.linking().create(
                NewConnection(tenantID: world.stranger.id, integration: .id(integration.id)),
                world.context(environment: world.stranger.environmentID))
        }
        #expect(error == .invalid([InputProblem("/integration", .unknown)]))
    }

    @Test func `a caller that is held to other connections sees none but those, and makes none`() async throws {
        let (world, connection, integration) = try await rows()
        let restriction = CallerRestriction(connections: [world.gate.identifiers.next()])
        let context = world.context(restriction: restriction)
        let error = await failure { () async throws(UseCaseError) in
            try await world.linking().read(connection.id, context)
        }
        #expect(error == .notFound(.connection))
        let denial = await failure { () async throws(UseCaseError) in
            try await world.linking().create(
                NewConnection(tenantID: world.tenant.id, integration: .id(integration.id)), context)
        }
        #expect(denial == .denied([]))
        let detail = await failure { () async throws(UseCaseError) in
            try await world.linking().readDetail(connection.id, context)
        }
        let refresh = await failure { () async throws(UseCaseError) in
            try await world.linking().refresh(connection.id, context)
        }
        #expect(detail == .notFound(.connection) && refresh == .notFound(.connection))
    }

    @Test func `a list shows a caller that is held to certain connections those alone`() async throws {
        let (world, _, integration) = try await rows()
        var own: [Connection] = []
        for _ in 0..<4 {
            own.append(try await world.linkBasic(integration))
            // Identifiers of one millisecond have no order.
            world.clock.advance(by: .milliseconds(1))
        }
        let neighbours = try await world.linkBasic(integration, tenant: world.neighbour.id)
        let held = CallerRestriction(connections: own.dropLast().map(\.id) + [neighbours.id, own[0].id])
        func list(
            _ filter: ConnectionFilter = ConnectionFilter(),
            page: PageRequest<ConnectionKind>? = PageRequest(), tenant: TenantID? = nil
        ) async throws -> Page<Connection> {
            try await world.linking().list(
                filter, page: try #require(page), world.context(tenant: tenant, restriction: held))
        }
        let all = try await list()
        #expect(all.elements.map(\.id) == [neighbours.id, own[2].id, own[1].id, own[0].id])
        #expect(!all.hasOlder && !all.hasNewer)
        let tenants = try await list(tenant: world.tenant.id)
        #expect(tenants.elements.map(\.id) == [own[2].id, own[1].id, own[0].id])
        let second = try await list(page: PageRequest(start: .after(own[2].id), limit: 1), tenant: world.tenant.id)
        #expect(second.elements.map(\.id) == [own[1].id] && second.hasOlder && second.hasNewer)
        #expect(try await list(ConnectionFilter(status: .pending)).elements.isEmpty)
        let other = try await world.integrate("generic-basic", name: "other")
        #expect(try await list(ConnectionFilter(integrationID: other.id)).elements.isEmpty)
        #expect(
            try await list(ConnectionFilter(tenantID: world.neighbour.id)).elements.map(\.id)
                == [neighbours.id])
    }
}
