package import Catalogue
package import Domain
package import Vault

/// Links accounts and keeps them: nothing is stored before a real call has proved it, unless the caller says otherwise.
package struct ConnectionLinking: Sendable {
    let gate: CallGate
    let connections: any ConnectionStore
    let tenants: any TenantStore
    let integrations: any IntegrationStore
    let catalogue: Catalogue
    let sealer: CredentialSealer
    let secrets: SecretsReader
    let clock: any DeadlineClock
    let verifier: AccountVerifier
    let refresher: any TokenRefreshing

    /// - Parameters:
    ///   - outbound: carries verification calls and token requests.
    ///   - refresher: obtains tokens of connections that are stored already.
    ///   - clock: for deadlines.
    package init(
        gate: CallGate, connections: any ConnectionStore, tenants: any TenantStore,
        integrations: any IntegrationStore, catalogue: Catalogue, vault: Vault, outbound: any OutboundPort,
        refresher: any TokenRefreshing, clock: any DeadlineClock
    ) {
        self.gate = gate
        self.connections = connections
        self.tenants = tenants
        self.integrations = integrations
        self.catalogue = catalogue
        let sealer = CredentialSealer(vault: vault)
        self.sealer = sealer
        self.secrets = SecretsReader(sealer: sealer, integrations: integrations)
        self.clock = clock
        self.verifier = AccountVerifier(
            tokens: TokenAcquisition(outbound: outbound, wallClock: gate.wallClock, random: SystemRandomSource()),
            outbound: outbound, clock: clock)
        self.refresher = refresher
    }

    /// Needs `connections:read`.
    package func read(_ id: ConnectionID, _ context: CallContext) async throws(UseCaseError) -> Connection {
        try await gate.require(.readConnections, object: id.description, context)
        return try await find(id, context)
    }

    /// Needs `connections:read`. A filter on another tenant than the caller's own is `.notFound(.tenant)`. A caller that is
    /// held to certain connections sees those alone.
    package func list(
        _ filter: ConnectionFilter, page: PageRequest<ConnectionKind>, _ context: CallContext
    ) async throws(UseCaseError) -> Page<Connection> {
        try await gate.require(.readConnections, context)
        let scope = try context.narrowedScope(to: filter.tenantID)
        if let allowed = context.principal.restriction?.connections, !allowed.isEmpty {
            return try await list(allowed, filter, in: scope, page)
        }
        return try await gate.storing(.tenant) { () async throws(StoreError) in
            try await connections.list(
                in: scope, integration: filter.integrationID, status: filter.status, page: page)
        }
    }

    /// One page of the given connections; a caller token holds few, so that each is read by its key.
    private func list(
        _ allowed: [ConnectionID], _ filter: ConnectionFilter, in scope: ReadScope, _ page: PageRequest<ConnectionKind>
    ) async throws(UseCaseError) -> Page<Connection> {
        var seen: [Connection] = []
        for id in Set(allowed).sorted(by: >) {
            let found = try await gate.storing(.connection) { () async throws(StoreError) in
                try await connections.find(id, in: scope)
            }
            if let found, filter.admits(found) { seen.append(found) }
        }
        return page.cut(seen, id: \.id)
    }

    /// Deletes the connection and its credentials. Needs `connections:write`.
    package func delete(_ id: ConnectionID, _ context: CallContext) async throws(UseCaseError) {
        try await gate.require(.writeConnections, for: .connectionDeleted, object: id.description, context)
        let connection = try await find(id, context)
        let event = gate.event(
            .connectionDeleted, tenant: connection.scope.tenantID, object: id.description, context)
        try await gate.storing(.connection) { () async throws(StoreError) in
            try await connections.delete(id, in: connection.scope, audit: event)
        }
    }

    func find(_ id: ConnectionID, _ context: CallContext) async throws(UseCaseError) -> Connection {
        try context.requireWithinRestriction(id)
        let found = try await gate.storing(.connection) { () async throws(StoreError) in
            try await connections.find(id, in: context.principal.readScope)
        }
        guard let found else { throw .notFound(.connection) }
        return found
    }
}

extension CallContext {
    /// A connection outside the caller's restriction is as absent as another tenant's.
    func requireWithinRestriction(_ id: ConnectionID) throws(UseCaseError) {
        guard let connections = principal.restriction?.connections, !connections.isEmpty else { return }
        guard connections.contains(id) else { throw .notFound(.connection) }
    }
}
