import Connections
import Domain
import Postgres
import Store
import TestSupport
import Testing

@Suite("Storing environments, tenants, integrations and API keys")
struct AdministrationStoreTests {
    @Test func `environments are found by name and id, and listed oldest first`() async throws {
        try await MigratedDatabase.with { migrated in
            let (first, second) = (
                try await World.make(in: migrated.stores).environment,
                try await World.make(in: migrated.stores).environment
            )
            #expect(try await migrated.stores.environments.find(name: first.name) == first)
            #expect(try await migrated.stores.environments.find(second.id) == second)
            #expect(try await migrated.stores.environments.find(World.ids.next()) == nil)
            #expect(try await migrated.stores.environments.list() == [first, second])
            let twin = Environment(id: World.ids.next(), name: first.name, createdAt: World.now)
            await #expect(throws: StoreError.conflict(.environmentName)) {
                try await migrated.stores.environments.create(
                    twin, audit: World.event(.environmentCreated, twin.id, nil))
            }
            #expect(try await migrated.stores.environments.list().count == 2)
        }
    }

    @Test func `external ids are unique in their environment alone`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let elsewhere = try await World.make(in: migrated.stores)
            let twin = { (environment: EnvironmentID) in
                Tenant(
                    id: World.ids.next(), environmentID: environment, name: "Twin",
                    externalID: world.tenant.externalID, createdAt: World.now)
            }
            let (here, there) = (twin(world.environment.id), twin(elsewhere.environment.id))
            await #expect(throws: StoreError.conflict(.tenantExternalID)) {
                try await migrated.stores.tenants.create(
                    here, audit: World.event(.tenantCreated, here.environmentID, here.id))
            }
            try await migrated.stores.tenants.create(
                there, audit: World.event(.tenantCreated, there.environmentID, there.id))
            let orphan = twin(World.ids.next())
            await #expect(throws: StoreError.notFound) {
                try await migrated.stores.tenants.create(
                    orphan, audit: World.event(.tenantCreated, orphan.environmentID, orphan.id))
            }
        }
    }

    @Test func `a tenant is renamed, and found by a caller of its environment`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            var tenant = world.tenant
            (tenant.name, tenant.externalID) = ("R\u{00E9}n\u{00E9}", nil)
            try await migrated.stores.tenants.update(tenant, audit: world.event(.tenantUpdated))
            #expect(try await migrated.stores.tenants.find(tenant.id, in: world.environmentScope) == tenant)
        }
    }

    @Test func `deleting a tenant removes every secret of it, leaves its audit events, and touches no neighbour`()
        async throws
    {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let neighbour = try await World.make(in: migrated.stores, sharing: world.environment)
            let events = try await migrated.stores.audit.list(in: world.readScope, action: nil, page: .page())
            try await migrated.stores.tenants.delete(world.scope, audit: world.event(.tenantDeleted))
            let left = Statement(
                """
                SELECT (SELECT count(*) FROM sallyport.tenants WHERE id = $1)
                    + (SELECT count(*) FROM sallyport.tenant_keys WHERE tenant_id = $1)
                    + (SELECT count(*) FROM sallyport.connections WHERE tenant_id = $1)
                    + (SELECT count(*) FROM sallyport.credentials WHERE tenant_id = $1)
                    + (SELECT count(*) FROM sallyport.refresh_states WHERE tenant_id = $1)
                    + (SELECT count(*) FROM sallyport.link_sessions WHERE tenant_id = $1)
                    + (SELECT count(*) FROM sallyport.api_keys WHERE tenant_id = $1)
                """, [world.tenant.id.value])
            #expect(try await migrated.superuser.number(left) == 0)
            let after = try await migrated.stores.audit.list(in: world.readScope, action: nil, page: .page())
            #expect(after.elements.count == events.elements.count + 1)
            #expect(after.elements.first?.action == .tenantDeleted)
            let kept = try await migrated.stores.connections.load(neighbour.connection.id, in: neighbour.readScope)
            #expect(kept?.entered != nil)
            await #expect(throws: StoreError.notFound) {
                try await migrated.stores.tenants.delete(world.scope, audit: world.event(.tenantDeleted))
            }
        }
    }

    @Test func `a connection that is linked while its tenant is deleted is refused or deleted with it`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let new = World.makeConnection(in: world.scope, on: world.integration.id)
            async let deleted: Void = migrated.stores.tenants.delete(
                world.scope, audit: world.event(.tenantDeleted))
            do throws(StoreError) {
                try await migrated.stores.connections.create(
                    new, entered: World.sealed(1), tokenSet: nil, facts: nil, audit: world.event(.connectionCreated))
            } catch {
                #expect(error == .notFound)
            }
            try await deleted
            #expect(try await migrated.superuser.number(Statement("SELECT count(*) FROM sallyport.credentials")) == 0)
        }
    }

    @Test func `an integration's settings and secret come back whole`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            var integration = world.integration
            integration.version = 2
            integration.settings = IntegrationSettings(
                clientID: "client \"1\"", scopes: ["API_BUSINESS_PARTNER", "offline"], baseURL: "https://{host}/x",
                tokenURL: "https://{host}/token", allowedNetworks: ["10.0.0.0/8", "fd00::/8"].compactMap(CIDR.init),
                allowsPlainHTTP: true, allowsTokenFetch: true, trustedCertificates: "-----BEGIN\n\u{1}")
            let secret = World.sealed(2)
            try await migrated.stores.integrations.update(
                integration, clientSecret: secret, audit: World.event(.integrationUpdated, world.environment.id, nil))
            let (id, environment) = (integration.id, world.environment.id)
            #expect(try await migrated.stores.integrations.find(id, in: environment) == integration)
            #expect(try await migrated.stores.integrations.find(name: integration.name, in: environment) == integration)
            #expect(try await migrated.stores.integrations.clientSecret(of: id, in: environment) == secret)
            integration.version = 3
            try await migrated.stores.integrations.update(
                integration, clientSecret: nil, audit: World.event(.integrationUpdated, world.environment.id, nil))
            #expect(try await migrated.stores.integrations.clientSecret(of: id, in: environment) == secret)
            await #expect(throws: StoreError.stale) {
                try await migrated.stores.integrations.update(
                    integration, clientSecret: nil, audit: World.event(.integrationUpdated, world.environment.id, nil))
            }
        }
    }

    @Test func `an integration can't be deleted while connections use it`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let event = World.event(.integrationDeleted, world.environment.id, nil)
            await #expect(throws: StoreError.conflict(.stillReferenced)) {
                try await migrated.stores.integrations.delete(
                    world.integration.id, in: world.environment.id, audit: event)
            }
            try await migrated.stores.connections.delete(
                world.connection.id, in: world.scope, audit: world.event(.connectionDeleted))
            try await migrated.stores.integrations.delete(world.integration.id, in: world.environment.id, audit: event)
            #expect(try await migrated.stores.integrations.find(world.integration.id, in: world.environment.id) == nil)
            let twin = Integration(
                id: World.ids.next(), environmentID: world.environment.id, name: world.integration.name,
                provider: world.integration.provider, settings: IntegrationSettings(), hasClientSecret: false,
                version: 1, createdAt: World.now, updatedAt: World.now)
            try await migrated.stores.integrations.create(twin, clientSecret: nil, audit: event.again)
            #expect(
                try await migrated.stores.integrations.clientSecret(of: twin.id, in: world.environment.id) == nil)
            await #expect(throws: StoreError.conflict(.integrationName)) {
                try await migrated.stores.integrations.create(
                    Integration(
                        id: World.ids.next(), environmentID: twin.environmentID, name: twin.name,
                        provider: twin.provider, settings: twin.settings, hasClientSecret: false, version: 1,
                        createdAt: World.now, updatedAt: World.now),
                    clientSecret: nil, audit: event.again)
            }
        }
    }

    @Test func `a key is found by its id alone, and every instance learns that it was revoked`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let keys = migrated.stores.apiKeys
            #expect(try await keys.findForAuthentication(world.apiKey.id) == world.apiKey)
            #expect(try await keys.findForAuthentication(World.ids.next()) == nil)
            let since = World.now
            #expect(try await keys.apiKeysRevoked(since: since) == [])
            let revokedAt = since + .seconds(1)
            for later in [0, 5] as [Int64] {
                try await keys.revoke(
                    world.apiKey.id, in: world.environmentScope, at: revokedAt + .seconds(later),
                    audit: world.event(.apiKeyRevoked))
            }
            #expect(try await keys.findForAuthentication(world.apiKey.id)?.revokedAt == revokedAt)
            #expect(try await keys.apiKeysRevoked(since: since) == [world.apiKey.id])
            #expect(try await keys.apiKeysRevoked(since: revokedAt + .seconds(1)) == [])
        }
    }

    @Test func `a key of the whole environment is not a tenant's to see or to revoke`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let key = APIKey(
                id: World.ids.next(), environmentID: world.environment.id, tenantID: nil, name: "Everywhere",
                permissions: .all, secretHash: World.bytes(32), createdAt: World.now,
                expiresAt: World.now + .seconds(60), revokedAt: nil)
            try await migrated.stores.apiKeys.create(
                key, audit: World.event(.apiKeyCreated, world.environment.id, nil))
            #expect(try await migrated.stores.apiKeys.find(key.id, in: world.environmentScope) == key)
            #expect(try await migrated.stores.apiKeys.find(key.id, in: world.readScope) == nil)
            await #expect(throws: StoreError.notFound) {
                try await migrated.stores.apiKeys.revoke(
                    key.id, in: world.readScope, at: World.now, audit: world.event(.apiKeyRevoked))
            }
            try await migrated.stores.apiKeys.revoke(
                key.id, in: world.environmentScope, at: World.now,
                audit: World.event(.apiKeyRevoked, world.environment.id, nil))
        }
    }

    @Test func `events of several tenants are appended together or not at all`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let other = try await World.make(in: migrated.stores)
            let events = [
                world.event(.proxyUsed), other.event(.proxyUsed), World.event(.proxyUsed, world.environment.id, nil),
                world.event(.proxyUsed),
            ]
            await #expect(throws: StoreError.failed) { try await migrated.stores.audit.append(events + [events[0]]) }
            let none = try await migrated.stores.audit.list(
                in: world.environmentScope, action: .proxyUsed, page: .page())
            #expect(none.elements.isEmpty)
            try await migrated.stores.audit.append(events)
            try await migrated.stores.audit.append([])
            let own = try await migrated.stores.audit.list(in: world.readScope, action: .proxyUsed, page: .page())
            #expect(Set(own.elements) == [events[0], events[3]])
            let wide = try await migrated.stores.audit.list(
                in: world.environmentScope, action: .proxyUsed, page: .page())
            #expect(Set(wide.elements) == [events[0], events[2], events[3]])
        }
    }
}

extension AuditEvent {
    /// The same under another identifier.
    fileprivate var again: AuditEvent { World.event(action, environmentID, tenantID) }
}
