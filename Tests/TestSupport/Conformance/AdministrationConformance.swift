internal import Connections
internal import Domain

/// What ``EnvironmentStore``, ``TenantStore``, ``IntegrationStore``, ``APIKeyStore`` and ``AuditStore`` promise.
package enum AdministrationConformance {
    package static func environments(_ ports: StorePorts) async throws {
        let made = try await ports.makeEnvironment()
        try require(try await ports.environments.find(made.id) == made, "an environment is found by id")
        try require(try await ports.environments.find(name: made.name) == made, "an environment is found by name")
        try require(try await ports.environments.list().contains(made), "an environment is listed")
        let twin = Environment(id: ports.identifiers.next(), name: made.name, createdAt: made.createdAt)
        try await expect(.conflict(.environmentName), "a second environment of one name") { () throws(StoreError) in
            try await ports.environments.create(twin, audit: ports.event(.environmentCreated, twin.id))
        }
        try require(try await ports.environments.find(twin.id) == nil, "a refused environment is not stored")
    }

    package static func tenants(_ ports: StorePorts) async throws {
        let environment = try await ports.makeEnvironment().id
        let other = try await ports.makeEnvironment().id
        var tenant = try await ports.makeTenant(environment, externalID: "acme")
        let neighbour = try await ports.makeTenant(environment)
        let whole = ReadScope(environmentID: environment, tenantID: nil)
        for scope in [whole, ReadScope(environmentID: environment, tenantID: tenant.id)] {
            try require(try await ports.tenants.find(tenant.id, in: scope) == tenant, "a tenant is found in \(scope)")
        }
        for scope in [
            ReadScope(environmentID: environment, tenantID: neighbour.id),
            ReadScope(environmentID: other, tenantID: nil), ReadScope(environmentID: other, tenantID: tenant.id),
        ] {
            try require(try await ports.tenants.find(tenant.id, in: scope) == nil, "a tenant is absent in \(scope)")
        }
        _ = try await ports.makeTenant(other, externalID: "acme")
        try await expect(.conflict(.tenantExternalID), "a second tenant of one external id") {
            () async throws(StoreError) in
            let twin = Tenant(
                id: ports.identifiers.next(), environmentID: environment, name: "Twin", externalID: "acme",
                createdAt: ports.wallClock.now())
            try await ports.tenants.create(twin, audit: ports.event(.tenantCreated, environment, tenant: twin.id))
        }
        tenant.name = "Renamed"
        tenant.externalID = nil
        try await ports.tenants.update(tenant, audit: ports.event(.tenantUpdated, environment, tenant: tenant.id))
        try require(try await ports.tenants.find(tenant.id, in: whole) == tenant, "a change of a tenant is stored")
        let foreign = Tenant(
            id: tenant.id, environmentID: other, name: "Stolen", externalID: nil, createdAt: tenant.createdAt)
        try await expect(.notFound, "a change through another environment") { () async throws(StoreError) in
            try await ports.tenants.update(foreign, audit: ports.event(.tenantUpdated, other, tenant: tenant.id))
        }
        try await tenantDeletion(ports, tenant, other)
    }

    private static func tenantDeletion(
        _ ports: StorePorts, _ tenant: Tenant, _ other: EnvironmentID
    ) async throws {
        let environment = tenant.environmentID
        let scope = TenantScope(environmentID: environment, tenantID: tenant.id)
        let integration = try await ports.makeIntegration(environment)
        let connection = try await ports.makeConnection(scope, integration.id)
        try await expect(.notFound, "a deletion through another environment") { () async throws(StoreError) in
            try await ports.tenants.delete(
                TenantScope(environmentID: other, tenantID: tenant.id),
                audit: ports.event(.tenantDeleted, other, tenant: tenant.id))
        }
        try await ports.tenants.delete(scope, audit: ports.event(.tenantDeleted, environment, tenant: tenant.id))
        let whole = ReadScope(environmentID: environment, tenantID: nil)
        try require(try await ports.tenants.find(tenant.id, in: whole) == nil, "a deleted tenant is gone")
        try require(
            try await ports.connections.load(connection.id, in: whole) == nil,
            "the connections of a deleted tenant are gone")
        try await expect(.notFound, "a second deletion") { () async throws(StoreError) in
            try await ports.tenants.delete(
                scope, audit: ports.event(.tenantDeleted, environment, tenant: tenant.id))
        }
        guard let page = PageRequest<AuditEventKind>(limit: 200) else { return }
        let events = try await ports.audit.list(
            in: ReadScope(environmentID: environment, tenantID: tenant.id), action: nil, page: page)
        try require(
            events.elements.contains { $0.action == .tenantDeleted }, "the audit events of a deleted tenant stay")
    }

    package static func integrations(_ ports: StorePorts) async throws {
        let environment = try await ports.makeEnvironment().id
        let other = try await ports.makeEnvironment().id
        let settings = IntegrationSettings(
            clientID: "id", scopes: ["a", "b"], baseURL: "https://{host}/x", tokenURL: nil,
            allowedNetworks: ["10.0.0.0/8", "fd00::/8"].compactMap(CIDR.init), allowsPlainHTTP: true,
            allowsTokenFetch: true, trustedCertificates: "-----BEGIN CERTIFICATE-----")
        var made = try await ports.makeIntegration(environment, settings: settings)
        let (id, name) = (made.id, made.name)
        try require(try await ports.integrations.find(id, in: environment) == made, "an integration is found by id")
        try require(
            try await ports.integrations.find(name: name, in: environment) == made, "an integration is found by name")
        try require(try await ports.integrations.find(id, in: other) == nil, "another environment's is absent")
        try require(try await ports.integrations.find(name: name, in: other) == nil, "by name too")
        try require(try await ports.integrations.clientSecret(of: id, in: environment) == nil, "it has no secret")
        made.version = 2
        made.settings.scopes = []
        let second = made
        try await ports.integrations.update(
            second, clientSecret: nil, audit: ports.event(.integrationUpdated, environment))
        try require(try await ports.integrations.find(id, in: environment) == second, "a change is stored")
        try await expect(.stale, "a change of an older version") { () async throws(StoreError) in
            try await ports.integrations.update(
                second, clientSecret: nil, audit: ports.event(.integrationUpdated, environment))
        }
        try await expect(.notFound, "a deletion through another environment") { () async throws(StoreError) in
            try await ports.integrations.delete(id, in: other, audit: ports.event(.integrationDeleted, other))
        }
        let tenant = try await ports.makeTenant(environment)
        _ = try await ports.makeConnection(TenantScope(environmentID: environment, tenantID: tenant.id), id)
        try await expect(.conflict(.stillReferenced), "a deletion with connections") { () async throws(StoreError) in
            try await ports.integrations.delete(
                id, in: environment, audit: ports.event(.integrationDeleted, environment))
        }
        let unused = try await ports.makeIntegration(environment)
        try await ports.integrations.delete(
            unused.id, in: environment, audit: ports.event(.integrationDeleted, environment))
        try require(try await ports.integrations.find(unused.id, in: environment) == nil, "a deleted one is gone")
    }

    package static func apiKeys(_ ports: StorePorts) async throws {
        let environment = try await ports.makeEnvironment().id
        let other = try await ports.makeEnvironment().id
        let tenant = try await ports.makeTenant(environment)
        let neighbour = try await ports.makeTenant(environment)
        func key(_ tenantID: TenantID?) async throws -> APIKey {
            let key = APIKey(
                id: ports.identifiers.next(), environmentID: environment, tenantID: tenantID, name: "Key",
                permissions: [.proxy, .readAudit], secretHash: Array(repeating: 7, count: 32),
                createdAt: ports.wallClock.now(), expiresAt: ports.wallClock.now() + .seconds(60), revokedAt: nil)
            try await ports.apiKeys.create(key, audit: ports.event(.apiKeyCreated, environment, tenant: tenantID))
            return key
        }
        let whole = try await key(nil)
        let bound = try await key(tenant.id)
        let everything = ReadScope(environmentID: environment, tenantID: nil)
        let own = ReadScope(environmentID: environment, tenantID: tenant.id)
        try require(try await ports.apiKeys.findForAuthentication(bound.id) == bound, "a key is found to authenticate")
        try require(try await ports.apiKeys.find(bound.id, in: own) == bound, "a tenant sees its own key")
        try require(
            try await ports.apiKeys.find(whole.id, in: own) == nil, "a tenant doesn't see the environment's key")
        let foreign = [
            ReadScope(environmentID: environment, tenantID: neighbour.id),
            ReadScope(environmentID: other, tenantID: nil),
        ]
        for scope in foreign {
            try require(try await ports.apiKeys.find(bound.id, in: scope) == nil, "a key is absent in \(scope)")
            try await expect(.notFound, "a revocation in \(scope)") { () async throws(StoreError) in
                try await ports.apiKeys.revoke(
                    bound.id, in: scope, at: ports.wallClock.now(),
                    audit: ports.event(.apiKeyRevoked, scope.environmentID))
            }
        }
        let before = ports.wallClock.now() - .seconds(1)
        let at = ports.wallClock.now()
        try await ports.apiKeys.revoke(
            bound.id, in: everything, at: at, audit: ports.event(.apiKeyRevoked, environment))
        try require(try await ports.apiKeys.find(bound.id, in: own)?.revokedAt == at, "a revocation is stored")
        try await ports.apiKeys.revoke(
            bound.id, in: everything, at: at + .seconds(5), audit: ports.event(.apiKeyRevoked, environment))
        try require(
            try await ports.apiKeys.findForAuthentication(bound.id)?.revokedAt == at,
            "revoking again changes nothing")
        try require(
            try await ports.revocations.apiKeysRevoked(since: before).contains(bound.id), "a revocation is listed")
        try require(
            try await !ports.revocations.apiKeysRevoked(since: at + .seconds(1)).contains(bound.id),
            "an older revocation is not listed")
    }

    package static func audit(_ ports: StorePorts) async throws {
        let environment = try await ports.makeEnvironment().id
        let other = try await ports.makeEnvironment().id
        let tenant = try await ports.makeTenant(environment)
        let neighbour = try await ports.makeTenant(environment)
        let event = AuditEvent(
            id: ports.identifiers.next(), environmentID: environment, tenantID: tenant.id, at: ports.wallClock.now(),
            actor: "key_1", action: .proxyUsed, outcome: .denied, object: "conn_1", reason: "restricted",
            requestID: "req", count: 42)
        try await ports.audit.append([event])
        guard let page = PageRequest<AuditEventKind>(limit: 200) else { return }
        for scope in [
            ReadScope(environmentID: environment, tenantID: nil),
            ReadScope(environmentID: environment, tenantID: tenant.id),
        ] {
            let found = try await ports.audit.list(in: scope, action: .proxyUsed, page: page)
            try require(found.elements == [event], "an event comes back whole in \(scope)")
        }
        for scope in [
            ReadScope(environmentID: environment, tenantID: neighbour.id),
            ReadScope(environmentID: other, tenantID: nil), ReadScope(environmentID: other, tenantID: tenant.id),
        ] {
            let found = try await ports.audit.list(in: scope, action: .proxyUsed, page: page)
            try require(found.elements.isEmpty, "an event is absent in \(scope)")
        }
    }

    package static func paging(_ ports: StorePorts) async throws {
        let environment = try await ports.makeEnvironment().id
        var made: [TenantID] = []
        for _ in 0..<5 {
            made.append(try await ports.makeTenant(environment).id)
            try await ports.elapse(.milliseconds(2))
        }
        let newestFirst = Array(made.reversed())
        let scope = ReadScope(environmentID: environment, tenantID: nil)
        func page(_ start: PageStart<TenantKind>) async throws -> Page<Tenant> {
            guard let request = PageRequest(start: start, limit: 2) else { throw ConformanceFailure("no page") }
            return try await ports.tenants.list(in: scope, page: request)
        }
        let first = try await page(.first)
        try require(first.elements.map(\.id) == Array(newestFirst[0..<2]), "the first page holds the newest")
        try require(first.hasOlder && !first.hasNewer, "the first page has older ones only")
        let second = try await page(.after(newestFirst[1]))
        try require(second.elements.map(\.id) == Array(newestFirst[2..<4]), "the second page goes on")
        try require(second.hasOlder && second.hasNewer, "the second page has both")
        let last = try await page(.after(newestFirst[3]))
        try require(last.elements.map(\.id) == [newestFirst[4]], "the last page holds the rest")
        try require(!last.hasOlder && last.hasNewer, "the last page has newer ones only")
        let back = try await page(.before(newestFirst[4]))
        try require(back.elements.map(\.id) == Array(newestFirst[2..<4]), "the page before ends next to its start")
        try require(back.hasOlder && back.hasNewer, "the page before has both")
    }
}
