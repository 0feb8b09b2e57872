import Connections
import Domain
import Store
import TestSupport
import Vault

/// One tenant with everything that a tenant can have, in an environment of its own or in a given one.
struct World {
    static let ids = IdentifierSource(clock: SystemWallClock(), random: SystemRandomSource())

    let environment: Environment
    let tenant: Tenant
    let integration: Integration
    let connection: Connection
    /// Bound to the tenant.
    let apiKey: APIKey

    var scope: TenantScope { TenantScope(environmentID: environment.id, tenantID: tenant.id) }
    var readScope: ReadScope { ReadScope(environmentID: environment.id, tenantID: tenant.id) }
    var environmentScope: ReadScope { ReadScope(environmentID: environment.id, tenantID: nil) }

    /// Stores it: with keys, both credentials and an audit event for each change.
    static func make(in stores: PostgresStores, sharing environment: Environment? = nil) async throws -> World {
        let owner = environment ?? Environment(id: ids.next(), name: uniqueSlug(), createdAt: now)
        let tenant = Tenant(
            id: ids.next(), environmentID: owner.id, name: "Tenant", externalID: uniqueSlug().description,
            createdAt: now)
        let scope = TenantScope(environmentID: owner.id, tenantID: tenant.id)
        let integration = Integration(
            id: ids.next(), environmentID: owner.id, name: uniqueSlug(), provider: slug("generic-basic"),
            settings: IntegrationSettings(), hasClientSecret: true, version: 1, createdAt: now, updatedAt: now)
        let world = World(
            environment: owner, tenant: tenant, integration: integration,
            connection: makeConnection(in: scope, on: integration.id), apiKey: makeAPIKey(in: scope))
        if environment == nil {
            try await stores.environments.create(owner, audit: event(.environmentCreated, owner.id, nil))
            _ = try await stores.wrappedKeys.insertFirstKey(wrappedKey(of: .environment(owner.id)))
        }
        try await stores.tenants.create(tenant, audit: event(.tenantCreated, owner.id, tenant.id))
        _ = try await stores.wrappedKeys.insertFirstKey(wrappedKey(of: KeyOwner(scope)))
        try await stores.integrations.create(
            integration, clientSecret: sealed(1), audit: event(.integrationCreated, owner.id, nil))
        try await stores.connections.create(
            world.connection, entered: sealed(1), tokenSet: (sealed(1), times), facts: facts,
            audit: world.event(.connectionCreated))
        try await stores.apiKeys.create(world.apiKey, audit: world.event(.apiKeyCreated))
        return world
    }

    /// An event of this tenant.
    func event(_ action: AuditEvent.Action) -> AuditEvent {
        Self.event(action, environment.id, tenant.id)
    }

    static func event(
        _ action: AuditEvent.Action, _ environment: EnvironmentID, _ tenant: TenantID?
    ) -> AuditEvent {
        AuditEvent(
            id: ids.next(), environmentID: environment, tenantID: tenant, at: now, actor: "system", action: action,
            outcome: .success, object: nil)
    }

    static func makeConnection(in scope: TenantScope, on integration: IntegrationID) -> Connection {
        Connection(
            id: ids.next(), scope: scope, integrationID: integration, displayName: "Ledger \u{1F4D2}", status: .active,
            statusReason: nil, origin: Origin(scheme: .https, host: "erp.example", port: 44_300, basePath: "/sap"),
            fields: ["host": "erp.example", "client": "100", "quote\"": "\\ \u{2028}"], version: 1, createdAt: now,
            updatedAt: now, verifiedAt: nil)
    }

    static func makeAPIKey(in scope: TenantScope) -> APIKey {
        APIKey(
            id: ids.next(), environmentID: scope.environmentID, tenantID: scope.tenantID, name: "Backend",
            permissions: [.readConnections, .proxy], secretHash: bytes(32), createdAt: now, expiresAt: nil,
            revokedAt: nil)
    }

    static func wrappedKey(of owner: KeyOwner) -> WrappedKey {
        WrappedKey(owner: owner, version: 1, rootID: "root", wrapped: bytes(113), state: .active)
    }

    /// Whole microseconds, as the database keeps them.
    static var now: Timestamp { SystemWallClock().now() }

    static var times: TokenTimes { TokenTimes(expiresAt: now + .seconds(3_600), refreshDueAt: now + .seconds(3_000)) }

    /// Of a token endpoint that gives no refresh tokens.
    static var facts: TokenSetFacts {
        TokenSetFacts(endpoint: endpoint, spendsRefreshToken: false, isScopeMissing: false)
    }

    static var endpoint: TokenEndpointKey {
        guard let key = TokenEndpointKey("https://login.example/token") else {
            preconditionFailure("not an endpoint: a mistake in a test")
        }
        return key
    }

    /// Random bytes in the place of an envelope, sealed "under" key version 1.
    static func sealed(_ recordVersion: Int64) -> SealedSecret {
        SealedSecret(envelope: bytes(120), keyVersion: 1, recordVersion: recordVersion)
    }

    static func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0 ... .max) } }

    static func uniqueSlug() -> Slug { slug("x" + String(UInt64.random(in: 0 ... .max), radix: 36)) }

    static func slug(_ text: String) -> Slug {
        guard let slug = Slug(text) else { preconditionFailure("not a slug: a mistake in a test") }
        return slug
    }
}

extension Connection {
    /// The next version of it.
    func changed(_ change: (inout Connection) -> Void = { _ in }) -> Connection {
        var copy = self
        copy.version += 1
        change(&copy)
        return copy
    }
}

extension PageRequest {
    static func page(_ start: PageStart<Kind> = .first, limit: Int = 50) -> PageRequest {
        guard let request = PageRequest(start: start, limit: limit) else {
            preconditionFailure("not a limit: a mistake in a test")
        }
        return request
    }
}
