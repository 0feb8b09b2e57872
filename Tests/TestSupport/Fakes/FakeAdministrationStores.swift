package import Connections
package import Domain

package struct FakeEnvironmentStore: EnvironmentStore {
    private let database: FakeDatabase
    package init(_ database: FakeDatabase) { self.database = database }

    package func create(_ environment: Environment, audit: AuditEvent) async throws(StoreError) {
        try database.perform(.environmentCreate) { (state) throws(StoreError) in
            guard !state.environments.values.contains(where: { $0.name == environment.name }) else {
                throw .conflict(.environmentName)
            }
            state.environments[environment.id] = environment
            state.events.append(audit)
        }
    }

    package func find(name: Slug) async throws(StoreError) -> Environment? {
        try database.perform(.environmentFind) { state in state.environments.values.first { $0.name == name } }
    }

    package func find(_ id: EnvironmentID) async throws(StoreError) -> Environment? {
        try database.perform(.environmentFind) { state in state.environments[id] }
    }

    package func list() async throws(StoreError) -> [Environment] {
        try database.perform(.environmentList) { state in state.environments.values.sorted { $0.id < $1.id } }
    }
}

package struct FakeTenantStore: TenantStore {
    private let database: FakeDatabase
    package init(_ database: FakeDatabase) { self.database = database }

    package func create(_ tenant: Tenant, audit: AuditEvent) async throws(StoreError) {
        try database.perform(.tenantCreate) { (state) throws(StoreError) in
            guard state.environments[tenant.environmentID] != nil else { throw .notFound }
            try Self.checkExternalID(tenant, state)
            state.tenants[tenant.id] = tenant
            state.events.append(audit)
        }
    }

    package func find(_ id: TenantID, in scope: ReadScope) async throws(StoreError) -> Tenant? {
        try database.perform(.tenantFind) { state in
            state.tenants[id].flatMap { scope.covers($0.environmentID, $0.id) ? $0 : nil }
        }
    }

    package func list(in scope: ReadScope, page: PageRequest<TenantKind>) async throws(StoreError) -> Page<Tenant> {
        try database.perform(.tenantList) { state in
            Page.cut(state.tenants.values.filter { scope.covers($0.environmentID, $0.id) }, page) { $0.id }
        }
    }

    package func update(_ tenant: Tenant, audit: AuditEvent) async throws(StoreError) {
        try database.perform(.tenantUpdate) { (state) throws(StoreError) in
            guard let stored = state.tenants[tenant.id], stored.environmentID == tenant.environmentID else {
                throw .notFound
            }
            try Self.checkExternalID(tenant, state)
            state.tenants[tenant.id]?.name = tenant.name
            state.tenants[tenant.id]?.externalID = tenant.externalID
            state.events.append(audit)
        }
    }

    package func delete(_ scope: TenantScope, audit: AuditEvent) async throws(StoreError) {
        try database.perform(.tenantDelete) { (state) throws(StoreError) in
            guard let stored = state.tenants[scope.tenantID], stored.environmentID == scope.environmentID else {
                throw .notFound
            }
            state.tenants[scope.tenantID] = nil
            let now = database.clock.wall.now()
            for row in state.connections.values where row.connection.scope == scope {
                state.remove(row.connection.id, at: now)
            }
            state.apiKeys = state.apiKeys.filter { $0.value.tenantID != scope.tenantID }
            state.events.append(audit)
            state.pendingAnnouncements.append(.tenantChanged(scope.tenantID))
        }
    }

    private static func checkExternalID(_ tenant: Tenant, _ state: FakeDatabase.State) throws(StoreError) {
        guard let externalID = tenant.externalID else { return }
        let isTaken = state.tenants.values.contains {
            $0.id != tenant.id && $0.environmentID == tenant.environmentID && $0.externalID == externalID
        }
        if isTaken { throw .conflict(.tenantExternalID) }
    }
}

package struct FakeIntegrationStore: IntegrationStore {
    private let database: FakeDatabase
    package init(_ database: FakeDatabase) { self.database = database }

    package func create(
        _ integration: Integration, clientSecret: SealedSecret?, audit: AuditEvent
    ) async throws(StoreError) {
        try database.perform(.integrationCreate) { (state) throws(StoreError) in
            guard state.environments[integration.environmentID] != nil else { throw .notFound }
            let isTaken = state.integrations.values.contains {
                $0.environmentID == integration.environmentID && $0.name == integration.name
            }
            if isTaken { throw .conflict(.integrationName) }
            state.integrations[integration.id] = integration
            state.clientSecrets[integration.id] = clientSecret
            state.events.append(audit)
        }
    }

    package func find(_ id: IntegrationID, in environment: EnvironmentID) async throws(StoreError) -> Integration? {
        try database.perform(.integrationFind) { state in
            state.integrations[id].flatMap { $0.environmentID == environment ? $0 : nil }
        }
    }

    package func find(name: Slug, in environment: EnvironmentID) async throws(StoreError) -> Integration? {
        try database.perform(.integrationFind) { state in
            state.integrations.values.first { $0.environmentID == environment && $0.name == name }
        }
    }

    package func list(
        in environment: EnvironmentID, page: PageRequest<IntegrationKind>
    ) async throws(StoreError) -> Page<Integration> {
        try database.perform(.integrationList) { state in
            Page.cut(state.integrations.values.filter { $0.environmentID == environment }, page) { $0.id }
        }
    }

    package func update(
        _ integration: Integration, clientSecret: SealedSecret?, audit: AuditEvent
    ) async throws(StoreError) {
        try database.perform(.integrationUpdate) { (state) throws(StoreError) in
            guard let stored = state.integrations[integration.id], stored.environmentID == integration.environmentID
            else { throw .notFound }
            guard stored.version == integration.version - 1 else { throw .stale }
            state.integrations[integration.id] = integration
            if let clientSecret { state.clientSecrets[integration.id] = clientSecret }
            state.events.append(audit)
            state.pendingAnnouncements.append(.integrationChanged(integration.id))
        }
    }

    package func delete(
        _ id: IntegrationID, in environment: EnvironmentID, audit: AuditEvent
    ) async throws(StoreError) {
        try database.perform(.integrationDelete) { (state) throws(StoreError) in
            guard let stored = state.integrations[id], stored.environmentID == environment else { throw .notFound }
            guard !state.connections.values.contains(where: { $0.connection.integrationID == id }) else {
                throw .conflict(.stillReferenced)
            }
            state.integrations[stored.id] = nil
            state.clientSecrets[stored.id] = nil
            state.events.append(audit)
            state.pendingAnnouncements.append(.integrationChanged(id))
        }
    }

    package func clientSecret(
        of id: IntegrationID, in environment: EnvironmentID
    ) async throws(StoreError) -> SealedSecret? {
        try database.perform(.integrationClientSecret) { state in
            state.integrations[id]?.environmentID == environment ? state.clientSecrets[id] : nil
        }
    }
}

extension ReadScope {
    /// Whether a row of that environment and tenant is within the scope.
    func covers(_ environment: EnvironmentID, _ tenant: TenantID?) -> Bool {
        environmentID == environment && (tenantID == nil || tenantID == tenant)
    }
}
