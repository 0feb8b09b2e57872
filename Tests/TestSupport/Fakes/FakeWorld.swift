package import Catalogue
package import Connections
package import Domain
package import Logging
internal import Sodium
package import Vault

/// Everything a use case needs, in memory: two environments, three tenants, the built-in catalogue, a vault of its own.
package struct FakeWorld: Sendable {
    package let clock = FakeClock()
    package let random = SeededRandom()
    package let database: FakeDatabase
    package let wrappedKeys: FakeWrappedKeyStore
    package let vault: Vault
    package let catalogue: Catalogue
    package let outbound = FakeOutbound()
    package let refresher = FakeRefresher()
    package let gate: CallGate

    package let environment: Environment
    package let tenant: Tenant
    /// Another tenant of the same environment.
    package let neighbour: Tenant
    /// A tenant of another environment.
    package let stranger: Tenant

    package init(logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })) async throws {
        wrappedKeys = FakeWrappedKeyStore()
        database = FakeDatabase(clock: clock, wrappedKeys: wrappedKeys)
        guard let root = LocalRootKey(.random(count: 32)) else { throw ConformanceFailure("no root key") }
        vault = Vault(keys: KeyRing(store: wrappedKeys, roots: RootKeys(active: root)))
        catalogue = try Self.builtIn.get()
        let identifiers = IdentifierSource(clock: clock.wall, random: random)
        gate = CallGate(
            wallClock: clock.wall, identifiers: identifiers, audit: FakeAuditStore(database), logger: logger)
        let rows = try await Self.makeRows(database, identifiers, clock)
        (environment, tenant, neighbour, stranger) = (rows.environment, rows.tenant, rows.neighbour, rows.stranger)
    }

    /// Read once: compiling its patterns takes longer than a whole test.
    private static let builtIn = Result { () throws(CatalogueError) in try Catalogue.load() }

    private struct Rows {
        let environment: Environment
        let tenant: Tenant
        let neighbour: Tenant
        let stranger: Tenant
    }

    private static func makeRows(
        _ database: FakeDatabase, _ identifiers: IdentifierSource, _ clock: FakeClock
    ) async throws -> Rows {
        let now = clock.wall.now()
        var environments: [Environment] = []
        for text in ["production", "sandbox"] {
            guard let name = Slug(text) else { throw ConformanceFailure("not a slug: \(text)") }
            let environment = Environment(id: identifiers.next(), name: name, createdAt: now)
            try await FakeEnvironmentStore(database).create(
                environment, audit: .test(environment.id, identifiers, at: now))
            environments.append(environment)
        }
        var tenants: [Tenant] = []
        for (index, name) in [(0, "Tenant"), (0, "Neighbour"), (1, "Stranger")] {
            let tenant = Tenant(
                id: identifiers.next(), environmentID: environments[index].id, name: name, externalID: nil,
                createdAt: now)
            try await FakeTenantStore(database).create(
                tenant, audit: .test(tenant.environmentID, identifiers, at: now))
            tenants.append(tenant)
        }
        return Rows(
            environment: environments[0], tenant: tenants[0], neighbour: tenants[1], stranger: tenants[2])
    }

    // MARK: Callers

    package func principal(
        _ permissions: PermissionSet = .all, tenant: TenantID? = nil, environment: EnvironmentID? = nil,
        restriction: CallerRestriction? = nil
    ) -> Principal {
        let key = APIKeyID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001)
        return Principal(
            identity: .apiKey(key), environmentID: environment ?? self.environment.id, tenantID: tenant,
            permissions: permissions, restriction: restriction)
    }

    package func context(
        _ permissions: PermissionSet = .all, tenant: TenantID? = nil, environment: EnvironmentID? = nil,
        restriction: CallerRestriction? = nil
    ) -> CallContext {
        CallContext(
            principal: principal(permissions, tenant: tenant, environment: environment, restriction: restriction),
            requestID: "req-1", deadline: clock.now.advanced(by: .seconds(15)))
    }

    // MARK: Use cases

    package func linking(refresher: (any TokenRefreshing)? = nil) -> ConnectionLinking {
        ConnectionLinking(
            gate: gate, connections: FakeConnectionStore(database), tenants: FakeTenantStore(database),
            integrations: FakeIntegrationStore(database), catalogue: catalogue, vault: vault, outbound: outbound,
            refresher: refresher ?? self.refresher, clock: clock)
    }

    package func opener(refresher: (any TokenRefreshing)? = nil) -> ConnectionOpener {
        ConnectionOpener(
            gate: gate, connections: FakeConnectionStore(database), catalogue: catalogue, vault: vault,
            refresher: refresher ?? self.refresher)
    }

    package var integrations: IntegrationAdministration {
        IntegrationAdministration(
            gate: gate, integrations: FakeIntegrationStore(database), connections: FakeConnectionStore(database),
            catalogue: catalogue, vault: vault)
    }

    package var tenants: TenantAdministration {
        TenantAdministration(gate: gate, tenants: FakeTenantStore(database), vault: vault)
    }

    // MARK: Accounts

    /// An integration of a built-in provider.
    package func integrate(
        _ provider: String, name: String = "main", settings: IntegrationSettings = IntegrationSettings(),
        clientSecret: String? = nil
    ) async throws -> Integration {
        guard let name = Slug(name), let provider = Slug(provider) else { throw ConformanceFailure("not a slug") }
        return try await integrations.create(
            NewIntegration(
                name: name, provider: provider, settings: settings,
                clientSecret: clientSecret.map { SecretBytes(utf8: $0) }),
            context())
    }

    /// A connection with user name and password, verified by an upstream that answers 200.
    package func linkBasic(
        _ integration: Integration, tenant: TenantID? = nil, environment: EnvironmentID? = nil, verify: Bool = true
    ) async throws -> Connection {
        outbound.answer { (_) throws(OutboundError) in .test(200) }
        return try await linking().create(
            NewConnection(
                tenantID: tenant ?? self.tenant.id, integration: .id(integration.id), displayName: "Account",
                fields: ["base_url": "https://api.example.com/v1", "username": "user"],
                secrets: ["password": SecretBytes(utf8: "canary-password")], verify: verify),
            context(environment: environment))
    }

    /// A connection with client credentials; the token endpoint answers `token-1` for ten minutes, the API 200.
    package func linkOAuth(
        _ integration: Integration, expiresIn: Int? = 600, verify: Bool = true
    ) async throws -> Connection {
        outbound.answer { (sent) throws(OutboundError) in
            sent.request.url.host == "login.example.com" ? .token("token-1", expiresIn: expiresIn) : .test(200)
        }
        return try await linking().create(
            NewConnection(
                tenantID: tenant.id, integration: .id(integration.id), displayName: nil,
                fields: Self.oauthFields, secrets: ["client_secret": SecretBytes(utf8: "canary-secret")],
                verify: verify),
            context())
    }

    package static let oauthFields = [
        "base_url": "https://api.example.com/v1", "token_url": "https://login.example.com/token",
        "client_id": "client",
    ]
}

extension OutboundResponse {
    /// A token endpoint's answer (RFC 6749 §5.1).
    package static func token(_ accessToken: String, expiresIn: Int?) -> OutboundResponse {
        let lifetime = expiresIn.map { ",\"expires_in\":\($0)" } ?? ""
        return .test(200, "{\"access_token\":\"\(accessToken)\",\"token_type\":\"Bearer\"\(lifetime)}")
    }
}
