package import Domain
package import Vault

/// Tenants of an environment.
package struct TenantAdministration: Sendable {
    private let gate: CallGate
    private let tenants: any TenantStore
    private let vault: Vault

    package init(gate: CallGate, tenants: any TenantStore, vault: Vault) {
        self.gate = gate
        self.tenants = tenants
        self.vault = vault
    }

    /// Makes the tenant and its first tenant key. Needs `tenants:write` for the whole environment.
    ///
    /// - Parameters:
    ///   - name: 1 to 200 characters.
    ///   - externalID: the product's own key of the customer, unique in the environment, or none.
    /// - Throws: `.conflict(.tenantExternalID)`, `.invalid` at `/name` or `/external_id`.
    package func create(
        name: String, externalID: String?, _ context: CallContext
    ) async throws(UseCaseError) -> Tenant {
        try await gate.require(.writeTenants, for: .tenantCreated, context)
        try await gate.requireWholeEnvironment(for: .tenantCreated, context)
        try Self.check(name: name, externalID: externalID)
        let tenant = Tenant(
            id: gate.identifiers.next(), environmentID: context.principal.environmentID, name: name,
            externalID: externalID, createdAt: gate.wallClock.now())
        let event = gate.event(.tenantCreated, tenant: tenant.id, object: tenant.id.description, context)
        try await gate.storing(.tenant) { () async throws(StoreError) in
            try await tenants.create(tenant, audit: event)
        }
        // A tenant whose key could not be made now gets it with its first connection: sealing makes a missing first key.
        try await gate.prepareKey(for: .tenant(tenant.environmentID, tenant.id), in: vault)
        return tenant
    }

    /// Needs `tenants:read`; another tenant is "not found" to a caller that is bound to one.
    package func read(_ id: TenantID, _ context: CallContext) async throws(UseCaseError) -> Tenant {
        try await gate.require(.readTenants, object: id.description, context)
        return try await find(id, context)
    }

    /// Needs `tenants:read`; a caller that is bound to a tenant sees that one alone.
    package func list(
        page: PageRequest<TenantKind>, _ context: CallContext
    ) async throws(UseCaseError) -> Page<Tenant> {
        try await gate.require(.readTenants, context)
        return try await gate.storing(.tenant) { () async throws(StoreError) in
            try await tenants.list(in: context.principal.readScope, page: page)
        }
    }

    /// Needs `tenants:write`.
    package func update(
        _ id: TenantID, name: Change<String>, externalID: Change<String?>, _ context: CallContext
    ) async throws(UseCaseError) -> Tenant {
        try await gate.require(.writeTenants, for: .tenantUpdated, object: id.description, context)
        var tenant = try await find(id, context)
        if case .set(let value) = name { tenant.name = value }
        if case .set(let value) = externalID { tenant.externalID = value }
        try Self.check(name: tenant.name, externalID: tenant.externalID)
        let (changed, event) = (tenant, gate.event(.tenantUpdated, tenant: id, object: id.description, context))
        try await gate.storing(.tenant) { () async throws(StoreError) in
            try await tenants.update(changed, audit: event)
        }
        return tenant
    }

    /// Deletes the tenant with its connections, credentials and keys; its audit events stay. Needs `tenants:write` for
    /// the whole environment.
    package func delete(_ id: TenantID, _ context: CallContext) async throws(UseCaseError) {
        try await gate.require(.writeTenants, for: .tenantDeleted, object: id.description, context)
        _ = try await find(id, context)
        try await gate.requireWholeEnvironment(for: .tenantDeleted, object: id.description, context)
        let event = gate.event(.tenantDeleted, tenant: id, object: id.description, context)
        try await gate.storing(.tenant) { () async throws(StoreError) in
            try await tenants.delete(
                TenantScope(environmentID: context.principal.environmentID, tenantID: id), audit: event)
        }
    }

    private func find(_ id: TenantID, _ context: CallContext) async throws(UseCaseError) -> Tenant {
        let found = try await gate.storing(.tenant) { () async throws(StoreError) in
            try await tenants.find(id, in: context.principal.readScope)
        }
        guard let found else { throw .notFound(.tenant) }
        return found
    }

    private static func check(name: String, externalID: String?) throws(UseCaseError) {
        let problems = [
            TextRules.problem(of: name, at: "/name"), TextRules.problem(of: externalID, at: "/external_id"),
        ].compactMap(\.self)
        guard problems.isEmpty else { throw .invalid(problems) }
    }
}
