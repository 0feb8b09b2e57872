package import Catalogue
package import Domain
package import Sodium
package import Vault

/// An integration to make.
package struct NewIntegration: Sendable {
    package var name: Slug
    /// Name of a catalogue entry.
    package var provider: Slug
    package var settings: IntegrationSettings
    /// The environment's own OAuth client secret, where the provider doesn't ask each tenant for one.
    package var clientSecret: SecretBytes?

    package init(
        name: Slug, provider: Slug, settings: IntegrationSettings = IntegrationSettings(),
        clientSecret: SecretBytes? = nil
    ) {
        self.name = name
        self.provider = provider
        self.settings = settings
        self.clientSecret = clientSecret
    }
}

/// What changes on an integration.
package struct IntegrationChange: Sendable {
    /// The whole settings as they shall be; nil keeps them.
    package var settings: IntegrationSettings?
    /// A new client secret; nil keeps the stored one.
    package var clientSecret: SecretBytes?
    /// `If-Match`: the version that the caller read; nil takes whatever is stored.
    package var expectedVersion: Int64?

    package init(
        settings: IntegrationSettings? = nil, clientSecret: SecretBytes? = nil, expectedVersion: Int64? = nil
    ) {
        self.settings = settings
        self.clientSecret = clientSecret
        self.expectedVersion = expectedVersion
    }
}

/// Integrations of an environment. A tenant's key may read them and never change them.
package struct IntegrationAdministration: Sendable {
    let gate: CallGate
    let integrations: any IntegrationStore
    let connections: any ConnectionStore
    let catalogue: Catalogue
    let sealer: CredentialSealer

    package init(
        gate: CallGate, integrations: any IntegrationStore, connections: any ConnectionStore, catalogue: Catalogue,
        vault: Vault
    ) {
        self.gate = gate
        self.integrations = integrations
        self.connections = connections
        self.catalogue = catalogue
        self.sealer = CredentialSealer(vault: vault)
    }

    /// Needs `integrations:write` for the whole environment.
    ///
    /// - Throws: `.invalid` at `/provider`, `/settings/…`, `/client_secret`; `.conflict(.integrationName)`.
    package func create(_ draft: NewIntegration, _ context: CallContext) async throws(UseCaseError) -> Integration {
        try await requireWriting(.integrationCreated, nil, context)
        guard let provider = catalogue.provider(draft.provider) else {
            throw .invalid([InputProblem("/provider", .unknown)])
        }
        try SettingsRules.check(draft.settings, clientSecret: draft.clientSecret, for: provider)
        let now = gate.wallClock.now()
        let integration = Integration(
            id: gate.identifiers.next(), environmentID: context.principal.environmentID, name: draft.name,
            provider: draft.provider, settings: draft.settings, hasClientSecret: draft.clientSecret != nil, version: 1,
            createdAt: now, updatedAt: now)
        let sealed = try await seal(draft.clientSecret, for: integration)
        let event = gate.event(.integrationCreated, tenant: nil, object: integration.id.description, context)
        try await gate.storing(.integration) { () async throws(StoreError) in
            try await integrations.create(integration, clientSecret: sealed, audit: event)
        }
        return integration
    }

    /// Needs `integrations:read`.
    package func read(_ id: IntegrationID, _ context: CallContext) async throws(UseCaseError) -> Integration {
        try await gate.require(.readIntegrations, object: id.description, context)
        return try await find(id, context)
    }

    /// Needs `integrations:read`.
    package func list(
        page: PageRequest<IntegrationKind>, _ context: CallContext
    ) async throws(UseCaseError) -> Page<Integration> {
        try await gate.require(.readIntegrations, context)
        return try await gate.storing(.integration) { () async throws(StoreError) in
            try await integrations.list(in: context.principal.environmentID, page: page)
        }
    }

    /// Needs `integrations:write` for the whole environment. Connections keep the origin that they were linked with.
    ///
    /// - Throws: `.stale`, `.notFound(.integration)`, `.invalid`; where the base or token URL changes, a stored client
    ///   secret must be given again (`.secretRequiredForNewDestination`); `.conflict(.stillReferenced)` where the token
    ///   URL changes while connections use it, because their owners entered their secrets for the old one.
    package func update(
        _ id: IntegrationID, _ change: IntegrationChange, _ context: CallContext
    ) async throws(UseCaseError) -> Integration {
        try await requireWriting(.integrationUpdated, id, context)
        var integration = try await find(id, context)
        if let expected = change.expectedVersion, expected != integration.version { throw .stale }
        guard let provider = catalogue.provider(integration.provider) else { throw .notFound(.provider) }
        let before = integration.settings
        if let settings = change.settings { integration.settings = settings }
        try SettingsRules.check(integration.settings, clientSecret: change.clientSecret, for: provider)
        if integration.hasClientSecret, change.clientSecret == nil,
            SettingsRules.movesTheSecret(from: before, to: integration.settings)
        {
            throw .invalid([InputProblem("/client_secret", .secretRequiredForNewDestination)])
        }
        if before.tokenURL != integration.settings.tokenURL { try await requireUnused(id, context) }
        integration.version += 1
        integration.updatedAt = gate.wallClock.now()
        integration.hasClientSecret = integration.hasClientSecret || change.clientSecret != nil
        let sealed = try await seal(change.clientSecret, for: integration)
        let (changed, event) = (
            integration, gate.event(.integrationUpdated, tenant: nil, object: id.description, context)
        )
        try await gate.storing(.integration) { () async throws(StoreError) in
            try await integrations.update(changed, clientSecret: sealed, audit: event)
        }
        return integration
    }

    /// Needs `integrations:write` for the whole environment; `.conflict(.stillReferenced)` while connections use it.
    package func delete(_ id: IntegrationID, _ context: CallContext) async throws(UseCaseError) {
        try await requireWriting(.integrationDeleted, id, context)
        _ = try await find(id, context)
        let event = gate.event(.integrationDeleted, tenant: nil, object: id.description, context)
        try await gate.storing(.integration) { () async throws(StoreError) in
            try await integrations.delete(id, in: context.principal.environmentID, audit: event)
        }
    }

    private func requireUnused(_ id: IntegrationID, _ context: CallContext) async throws(UseCaseError) {
        guard let page = PageRequest<ConnectionKind>(limit: 1) else { throw .internalFailure }
        let users = try await gate.storing(.integration) { () async throws(StoreError) in
            try await connections.list(
                in: context.principal.readScope, integration: id, status: nil, page: page)
        }
        guard users.elements.isEmpty else { throw .conflict(.stillReferenced) }
    }

    private func requireWriting(
        _ action: AuditEvent.Action, _ id: IntegrationID?, _ context: CallContext
    ) async throws(UseCaseError) {
        try await gate.require(.writeIntegrations, for: action, object: id?.description, context)
        try await gate.requireWholeEnvironment(for: action, object: id?.description, context)
    }

    private func find(_ id: IntegrationID, _ context: CallContext) async throws(UseCaseError) -> Integration {
        let found = try await gate.storing(.integration) { () async throws(StoreError) in
            try await integrations.find(id, in: context.principal.environmentID)
        }
        guard let found else { throw .notFound(.integration) }
        return found
    }

    /// The record version of a client secret is the integration's version that stored it.
    private func seal(
        _ secret: SecretBytes?, for integration: Integration
    ) async throws(UseCaseError) -> SealedSecret? {
        guard let secret else { return nil }
        do throws(SealingError) {
            return try await sealer.sealClientSecret(secret, of: integration)
        } catch {
            throw gate.useCaseError(error)
        }
    }
}
