package import Connections
package import Domain
internal import Sodium
package import Vault

/// The stores under one database, as the conformance suites drive them; the fakes and the real ones pass the same suites.
package struct StorePorts: Sendable {
    package var environments: any EnvironmentStore
    package var tenants: any TenantStore
    package var integrations: any IntegrationStore
    package var apiKeys: any APIKeyStore
    package var audit: any AuditStore
    package var connections: any ConnectionStore
    package var refreshes: any RefreshStore
    package var revocations: any RevocationStore
    package var announcements: any AnnouncementSource
    /// Over the wrapped keys of the same database: real stores hold a foreign key to them.
    package var vault: Vault
    /// Identifiers must be new in the database.
    package var identifiers: IdentifierSource
    package var wallClock: any WallClock
    /// Lets so much time pass on the clock that leases, back-offs, hours, due times and tokens go by.
    package var elapse: @Sendable (Duration) async throws -> Void
    /// What was told about a connection, in order.
    package var lifecycleEvents: @Sendable (ConnectionID) async throws -> [LifecycleEvent]

    package init(
        environments: any EnvironmentStore, tenants: any TenantStore, integrations: any IntegrationStore,
        apiKeys: any APIKeyStore, audit: any AuditStore, connections: any ConnectionStore,
        refreshes: any RefreshStore, revocations: any RevocationStore, announcements: any AnnouncementSource,
        vault: Vault, identifiers: IdentifierSource, wallClock: any WallClock,
        elapse: @escaping @Sendable (Duration) async throws -> Void,
        lifecycleEvents: @escaping @Sendable (ConnectionID) async throws -> [LifecycleEvent]
    ) {
        self.environments = environments
        self.tenants = tenants
        self.integrations = integrations
        self.apiKeys = apiKeys
        self.audit = audit
        self.connections = connections
        self.refreshes = refreshes
        self.revocations = revocations
        self.announcements = announcements
        self.vault = vault
        self.identifiers = identifiers
        self.wallClock = wallClock
        self.elapse = elapse
        self.lifecycleEvents = lifecycleEvents
    }
}

// Rows that the suites need.
extension StorePorts {
    func event(
        _ action: AuditEvent.Action, _ environment: EnvironmentID, tenant: TenantID? = nil
    ) -> AuditEvent {
        .test(environment, identifiers, tenant: tenant, action: action, at: wallClock.now())
    }

    func makeEnvironment() async throws -> Environment {
        let id: EnvironmentID = identifiers.next()
        guard let name = Slug("e" + id.description.suffix(20)) else { throw ConformanceFailure("not a slug") }
        let environment = Environment(id: id, name: name, createdAt: wallClock.now())
        try await environments.create(environment, audit: event(.environmentCreated, id))
        return environment
    }

    func makeTenant(_ environment: EnvironmentID, externalID: String? = nil) async throws -> Tenant {
        let tenant = Tenant(
            id: identifiers.next(), environmentID: environment, name: "Tenant", externalID: externalID,
            createdAt: wallClock.now())
        try await tenants.create(tenant, audit: event(.tenantCreated, environment, tenant: tenant.id))
        try await vault.prepareKey(for: .tenant(environment, tenant.id))
        return tenant
    }

    func makeIntegration(
        _ environment: EnvironmentID, settings: IntegrationSettings = IntegrationSettings()
    ) async throws -> Integration {
        let id: IntegrationID = identifiers.next()
        guard let name = Slug("i" + id.description.suffix(20)), let provider = Slug("generic-basic") else {
            throw ConformanceFailure("not a slug")
        }
        let now = wallClock.now()
        let integration = Integration(
            id: id, environmentID: environment, name: name, provider: provider, settings: settings,
            hasClientSecret: false, version: 1, createdAt: now, updatedAt: now)
        try await integrations.create(
            integration, clientSecret: nil, audit: event(.integrationCreated, environment))
        return integration
    }

    func draftConnection(_ scope: TenantScope, _ integration: IntegrationID) throws -> Connection {
        guard let origin = Origin("https://api.example.com/v1") else { throw ConformanceFailure("not an origin") }
        let now = wallClock.now()
        return Connection(
            id: identifiers.next(), scope: scope, integrationID: integration, displayName: "Account",
            status: .active, statusReason: nil, origin: origin, fields: ["username": "user", "empty": ""], version: 1,
            createdAt: now, updatedAt: now, verifiedAt: now)
    }

    func makeConnection(_ scope: TenantScope, _ integration: IntegrationID) async throws -> Connection {
        let connection = try draftConnection(scope, integration)
        try await connections.create(
            connection, entered: try await entered(connection, 1), tokenSet: nil, facts: nil,
            audit: event(.connectionCreated, scope.environmentID, tenant: scope.tenantID))
        return connection
    }

    /// A sealed text that stands for what was entered: stores don't look inside.
    func entered(_ connection: Connection, _ recordVersion: Int64) async throws -> SealedSecret {
        try await sealed(connection, .entered, recordVersion)
    }

    /// A sealed text that stands for a token set.
    func tokenSet(_ connection: Connection, _ recordVersion: Int64) async throws -> SealedSecret {
        try await sealed(connection, .tokenSet, recordVersion)
    }

    private func sealed(
        _ connection: Connection, _ kind: CredentialKind, _ recordVersion: Int64
    ) async throws -> SealedSecret {
        let (environment, tenant) = (connection.scope.environmentID, connection.scope.tenantID)
        let sealed = try await vault.seal(
            SecretBytes(utf8: "secret"), owner: .tenant(environment, tenant),
            aad: .credential(
                environment: environment, tenant: tenant, table: "credentials", recordID: connection.id,
                field: "envelope", recordVersion: recordVersion, credentialType: kind.rawValue))
        return SealedSecret(envelope: sealed.bytes, keyVersion: sealed.keyVersion, recordVersion: recordVersion)
    }

    func times(validFor lifetime: Duration?) -> TokenTimes {
        let now = wallClock.now()
        return TokenTimes(
            expiresAt: lifetime.map { now + $0 }, refreshDueAt: lifetime.map { now + $0 / 2 })
    }

    func instance() -> InstanceID { identifiers.next() }
}

/// Passes if the call throws just this.
func expect(
    _ expected: StoreError, _ what: String, _ body: () async throws(StoreError) -> Void
) async throws {
    do throws(StoreError) {
        try await body()
    } catch {
        try require(error == expected, "\(what): \(expected), not \(error)")
        return
    }
    throw ConformanceFailure("\(what): \(expected), not success")
}
