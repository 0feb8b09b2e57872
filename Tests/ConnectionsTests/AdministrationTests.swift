import Catalogue
import Connections
import Domain
import Sodium
import Testing
import TestSupport
import Vault

@Suite("Administering keys, tenants, integrations and environments")
struct AdministrationTests {
    struct FixedMinting: APIKeyMinting {
        func mint(_ id: APIKeyID) -> MintedAPIKey {
            MintedAPIKey(text: SecretBytes(utf8: "sp_\(id)"), secretHash: Array(repeating: 1, count: 32))
        }
    }

    struct Keys: SigningKeyPreparing {
        let error: UseCaseError?
        func prepareSigningKey(of environment: EnvironmentID) async throws(UseCaseError) {
            if let error { throw error }
        }
    }

    let world: FakeWorld

    init() async throws { world = try await FakeWorld() }

    var apiKeys: APIKeyAdministration {
        APIKeyAdministration(
            gate: world.gate, keys: FakeAPIKeyStore(world.database), tenants: FakeTenantStore(world.database),
            minting: FixedMinting())
    }

    // MARK: API keys

    @Test func `a key's text is shown when it is made, and only its hash is stored`() async throws {
        let made = try await apiKeys.create(
            NewAPIKey(name: "Backend", tenantID: nil, permissions: [.proxy]), world.context())
        #expect(made.text.revealUTF8(for: .test) == "sp_\(made.key.id)")
        #expect(try await apiKeys.read(made.key.id, world.context()) == made.key)
        #expect(made.key.secretHash == Array(repeating: 1, count: 32))
    }

    @Test func `nobody makes a key that may more than himself`() async throws {
        let error = await failure { () async throws(UseCaseError) in
            try await apiKeys.create(
                NewAPIKey(name: "Backend", tenantID: nil, permissions: [.writeAPIKeys, .proxy]),
                world.context([.writeAPIKeys, .readAudit]))
        }
        #expect(error == .invalid([InputProblem("/permissions", .exceedsCaller)]))
        #expect(world.database.events.last?.outcome == .denied)
        #expect(world.database.calls(of: .apiKeyCreate) == 0)
    }

    @Test func `a tenant's key makes keys for its tenant alone`() async throws {
        let context = world.context(tenant: world.tenant.id)
        let own = try await apiKeys.create(
            NewAPIKey(name: "Own", tenantID: world.tenant.id, permissions: [.proxy]), context)
        #expect(own.key.tenantID == world.tenant.id)
        let whole = await failure { () async throws(UseCaseError) in
            try await apiKeys.create(NewAPIKey(name: "All", tenantID: nil, permissions: [.proxy]), context)
        }
        #expect(whole == .denied([]))
        for tenant in [world.neighbour, world.stranger] {
            let error = await failure { () async throws(UseCaseError) in
                try await apiKeys.create(
                    NewAPIKey(name: "Other", tenantID: tenant.id, permissions: [.proxy]), context)
            }
            #expect(error == .notFound(.tenant))
        }
    }

    @Test func `a caller token makes no key`() async throws {
        let error = await failure { () async throws(UseCaseError) in
            try await apiKeys.create(
                NewAPIKey(name: "Long", tenantID: nil, permissions: [.proxy]),
                world.context(restriction: CallerRestriction()))
        }
        #expect(error == .denied([]))
    }

    @Test func `every problem of a new key is named`() async throws {
        let error = await failure { () async throws(UseCaseError) in
            try await apiKeys.create(
                NewAPIKey(name: " ", tenantID: nil, permissions: [], expiresAt: world.clock.wall.now()),
                world.context())
        }
        #expect(
            error
                == .invalid([
                    InputProblem("/name", .empty), InputProblem("/permissions", .empty),
                    InputProblem("/expires_at", .inThePast),
                ]))
    }

    @Test func `another tenant's key is neither seen nor revoked`() async throws {
        let made = try await apiKeys.create(
            NewAPIKey(name: "Backend", tenantID: world.tenant.id, permissions: [.proxy]), world.context())
        for context in [
            world.context(tenant: world.neighbour.id), world.context(environment: world.stranger.environmentID),
        ] {
            let read = await failure { () async throws(UseCaseError) in try await apiKeys.read(made.key.id, context) }
            let revoke = await failure { () async throws(UseCaseError) in
                try await apiKeys.revoke(made.key.id, context)
            }
            #expect(read == .notFound(.apiKey) && revoke == .notFound(.apiKey))
        }
        try await apiKeys.revoke(made.key.id, world.context())
        #expect(try await apiKeys.read(made.key.id, world.context()).revokedAt == world.clock.wall.now())
        #expect(world.database.events.last?.action == .apiKeyRevoked)
    }

    // MARK: Tenants

    @Test(arguments: ["", " ", "a\u{7}b", "line\u{2028}break"])
    func `a tenant's name is a name`(_ name: String) async throws {
        let error = await failure { () async throws(UseCaseError) in
            try await world.tenants.create(name: name, externalID: nil, world.context())
        }
        guard case .invalid(let problems) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(problems.map(\.pointer) == ["/name"])
    }

    @Test func `a taken external id is a conflict`() async throws {
        _ = try await world.tenants.create(name: "One", externalID: "acme", world.context())
        let error = await failure { () async throws(UseCaseError) in
            try await world.tenants.create(name: "Two", externalID: "acme", world.context())
        }
        #expect(error == .conflict(.tenantExternalID))
        _ = try await world.tenants.create(
            name: "Elsewhere", externalID: "acme", world.context(environment: world.stranger.environmentID))
    }

    @Test func `a tenant gets its first key, and a root key that is away is said`() async throws {
        let tenant = try await world.tenants.create(name: "One", externalID: nil, world.context())
        #expect(try await world.wrappedKeys.activeKey(for: .tenant(tenant.environmentID, tenant.id)) != nil)
        world.wrappedKeys.setAway(true)
        let error = await failure { () async throws(UseCaseError) in
            try await world.tenants.create(name: "Two", externalID: nil, world.context())
        }
        #expect(error == .unavailable)
    }

    @Test(arguments: [
        (StoreError.unavailable, UseCaseError.unavailable), (.outcomeUnknown, .outcomeUnknown),
        (.corrupt, .internalFailure), (.failed, .internalFailure), (.stale, .stale),
    ])
    func `what the database says reaches the caller as a code`(
        _ fault: StoreError, _ expected: UseCaseError
    ) async throws {
        world.database.fail(.tenantFind, with: fault)
        let error = await failure { () async throws(UseCaseError) in
            try await world.tenants.read(world.tenant.id, world.context())
        }
        #expect(error == expected)
    }

    // MARK: Integrations

    @Test func `an unknown provider is a problem of the request`() async throws {
        let name = try #require(Slug("nothing"))
        let error = await failure { () async throws(UseCaseError) in
            try await world.integrations.create(NewIntegration(name: name, provider: name), world.context())
        }
        #expect(error == .invalid([InputProblem("/provider", .unknown)]))
    }

    struct Settings: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var provider = "generic-oauth2-client-credentials"
        let settings: IntegrationSettings
        var clientSecret: String?
        let problem: InputProblem
    }

    @Test(arguments: [
        Settings(
            testDescription: "a base URL with a free host",
            settings: IntegrationSettings(baseURL: "https://{client_id}/"),
            problem: InputProblem("/settings/base_url", .urlRefused)),
        Settings(
            testDescription: "a token URL over plain HTTP",
            settings: IntegrationSettings(tokenURL: "http://login.example.com/"),
            problem: InputProblem("/settings/token_url", .plainHTTPRefused)),
        Settings(
            testDescription: "a token URL where none is used", provider: "generic-basic",
            settings: IntegrationSettings(tokenURL: "https://login.example.com/"),
            problem: InputProblem("/settings/token_url", .notApplicable)),
        Settings(
            testDescription: "scopes where none are used", provider: "generic-basic",
            settings: IntegrationSettings(scopes: ["a"]), problem: InputProblem("/settings/scopes", .notApplicable)),
        Settings(
            testDescription: "fetching tokens where there are none", provider: "generic-basic",
            settings: IntegrationSettings(allowsTokenFetch: true),
            problem: InputProblem("/settings/allows_token_fetch", .notApplicable)),
        Settings(
            testDescription: "a private key among certificates",
            settings: IntegrationSettings(
                trustedCertificates: "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----"),
            problem: InputProblem("/settings/trusted_certificates", .malformed)),
        Settings(
            testDescription: "a shared client secret where tenants choose the token endpoint",
            settings: IntegrationSettings(), clientSecret: "s",
            problem: InputProblem("/client_secret", .notApplicable)),
    ])
    func `settings that a provider can't use are refused`(_ entry: Settings) async throws {
        let error = await failure { () async throws(UseCaseError) in
            try await Self.create(world, entry.provider, entry.settings, entry.clientSecret)
        }
        #expect(error == .invalid([entry.problem]))
        #expect(world.database.calls(of: .integrationCreate) == 0)
    }

    static func create(
        _ world: FakeWorld, _ provider: String, _ settings: IntegrationSettings, _ secret: String?
    ) async throws(UseCaseError) -> Integration {
        guard let name = Slug("main"), let provider = Slug(provider) else { throw .internalFailure }
        return try await world.integrations.create(
            NewIntegration(
                name: name, provider: provider, settings: settings,
                clientSecret: secret.map { SecretBytes(utf8: $0) }), world.context())
    }

    @Test func `a shared client secret is sealed for its integration and stands in for the tenants' own`() async throws
    {
        let settings = IntegrationSettings(
            clientID: "shared", baseURL: "https://api.example.com", tokenURL: "https://login.example.com/token")
        let integration = try await Self.create(
            world, "generic-oauth2-client-credentials", settings, "canary-shared")
        #expect(integration.hasClientSecret)
        let sealed = try #require(
            try await FakeIntegrationStore(world.database).clientSecret(
                of: integration.id, in: world.environment.id))
        #expect(sealed.recordVersion == 1)
        world.outbound.answer { (sent) throws(OutboundError) in
            sent.request.url.host == "login.example.com" ? .token("t", expiresIn: 60) : .test(200)
        }
        _ = try await world.linking().create(
            NewConnection(
                tenantID: world.tenant.id, integration: .id(integration.id),
                fields: ["base_url": "https://api.example.com", "token_url": "https://ignored.example/"]),
            world.context())
        // shared:canary-shared
        #expect(world.outbound.sent[0].header("authorization") == "Basic c2hhcmVkOmNhbmFyeS1zaGFyZWQ=")
        #expect(world.outbound.sent[0].request.url.host == "login.example.com")
    }

    @Test(arguments: [
        ("https://api.example.com", "https://evil.example/token"),
        ("https://evil.example", "https://login.example.com/token"),
    ])
    func `neither a shared client secret nor its token is sent to a new place`(
        _ baseURL: String, _ tokenURL: String
    ) async throws {
        let settings = IntegrationSettings(
            clientID: "shared", baseURL: "https://api.example.com", tokenURL: "https://login.example.com/token")
        let integration = try await Self.create(
            world, "generic-oauth2-client-credentials", settings, "canary-shared")
        var moved = settings
        (moved.baseURL, moved.tokenURL) = (baseURL, tokenURL)
        let change = IntegrationChange(settings: moved)
        let error = await failure { () async throws(UseCaseError) in
            try await world.integrations.update(integration.id, change, world.context())
        }
        #expect(error == .invalid([InputProblem("/client_secret", .secretRequiredForNewDestination)]))
        let again = IntegrationChange(settings: moved, clientSecret: SecretBytes(utf8: "theirs"))
        let changed = try await world.integrations.update(integration.id, again, world.context())
        #expect(changed.version == 2 && changed.settings == moved)
    }

    @Test func `the secrets that tenants entered are not sent to another token endpoint`() async throws {
        let integration = try await Self.create(
            world, "generic-oauth2-client-credentials", IntegrationSettings(), nil)
        let moved = IntegrationChange(settings: IntegrationSettings(tokenURL: "https://evil.example/token"))
        let connection = try await world.linkOAuth(integration)
        let error = await failure { () async throws(UseCaseError) in
            try await world.integrations.update(integration.id, moved, world.context())
        }
        #expect(error == .conflict(.stillReferenced))
        try await world.linking().delete(connection.id, world.context())
        let changed = try await world.integrations.update(integration.id, moved, world.context())
        #expect(changed.settings.tokenURL == "https://evil.example/token")
    }

    @Test func `an older version of an integration is stale`() async throws {
        let integration = try await Self.create(world, "generic-basic", IntegrationSettings(), nil)
        let change = IntegrationChange(settings: IntegrationSettings(), expectedVersion: 7)
        let error = await failure { () async throws(UseCaseError) in
            try await world.integrations.update(integration.id, change, world.context())
        }
        #expect(error == .stale)
    }

    // MARK: Environments

    func environments(_ error: UseCaseError? = nil) -> EnvironmentAdministration {
        EnvironmentAdministration(
            gate: world.gate, environments: FakeEnvironmentStore(world.database), vault: world.vault,
            signingKeys: Keys(error: error))
    }

    @Test func `an environment is made once, however often it is asked for`() async throws {
        let name = try #require(Slug("third"))
        let made = try await environments().findOrCreate(name: name, requestID: "r")
        #expect(try await environments().findOrCreate(name: name, requestID: "r") == made)
        let error = await failure { () async throws(UseCaseError) in
            try await environments().create(name: name, requestID: "r")
        }
        #expect(error == .conflict(.environmentName))
        #expect(try await world.wrappedKeys.activeKey(for: .environment(made.id)) != nil)
    }

    @Test func `an environment whose signing key could not be made is completed the next time`() async throws {
        let name = try #require(Slug("third"))
        let error = await failure { () async throws(UseCaseError) in
            try await environments(.unavailable).findOrCreate(name: name, requestID: "r")
        }
        #expect(error == .unavailable)
        _ = try await environments().findOrCreate(name: name, requestID: "r")
    }

    // MARK: Providers

    @Test func `providers are listed to whoever may read integrations`() async throws {
        let listing = ProviderListing(gate: world.gate, catalogue: world.catalogue)
        let found = try await listing.list(world.context([.readIntegrations]))
        #expect(found.count == 6)
        let unknown = try #require(Slug("unknown"))
        let absent = await failure { () async throws(UseCaseError) in
            try await listing.read(unknown, world.context())
        }
        #expect(absent == .notFound(.provider))
        let denied = await failure { () async throws(UseCaseError) in
            try await listing.list(world.context([.readConnections]))
        }
        #expect(denied == .denied(.readIntegrations))
    }
}
