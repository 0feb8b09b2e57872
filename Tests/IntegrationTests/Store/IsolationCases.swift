import Connections
import Domain
import Store
import Vault

// One row for each method of each port; a name that a port declares several times has as many rows.
extension IsolationTests {
    static let cases: [Case] = tenants + integrations + callers + connections + refreshes

    private static let tenants: [Case] = [
        Case("TenantStore.find", .tenants) { ask in
            Answer(try await ask.stores.tenants.find(ask.owner.tenant.id, in: ask.stranger.readScope))
        },
        Case("TenantStore.list", .tenants) { ask in
            let page = try await ask.stores.tenants.list(in: ask.stranger.readScope, page: .page())
            return Answer(page.elements.first { $0.id == ask.owner.tenant.id })
        },
        Case("TenantStore.update", .environments) { ask in
            let claimed = Tenant(
                id: ask.owner.tenant.id, environmentID: ask.stranger.environment.id, name: "Renamed", externalID: nil,
                createdAt: World.now)
            try await ask.stores.tenants.update(claimed, audit: ask.stranger.event(.tenantUpdated))
            return .present
        },
        Case("TenantStore.delete", .environments) { ask in
            let claimed = TenantScope(environmentID: ask.stranger.environment.id, tenantID: ask.owner.tenant.id)
            try await ask.stores.tenants.delete(claimed, audit: ask.stranger.event(.tenantDeleted))
            return .present
        },
        Case("AuditStore.list", .tenants) { ask in
            let page = try await ask.stores.audit.list(in: ask.stranger.readScope, action: nil, page: .page())
            return Answer(page.elements.first { $0.tenantID == ask.owner.tenant.id })
        },
        Case("WrappedKeyStore.activeKey", .environments) { ask in
            Answer(try await ask.stores.wrappedKeys.activeKey(for: ask.claimedKeyOwner))
        },
        Case("WrappedKeyStore.key", .environments) { ask in
            Answer(try await ask.stores.wrappedKeys.key(for: ask.claimedKeyOwner, version: 1))
        },
    ]

    private static let integrations: [Case] = [
        Case("IntegrationStore.find", .environments) { ask in
            Answer(try await ask.stores.integrations.find(ask.owner.integration.id, in: ask.stranger.environment.id))
        },
        Case("IntegrationStore.find", .environments) { ask in
            let name = ask.owner.integration.name
            return Answer(try await ask.stores.integrations.find(name: name, in: ask.stranger.environment.id))
        },
        Case("IntegrationStore.list", .environments) { ask in
            let page = try await ask.stores.integrations.list(in: ask.stranger.environment.id, page: .page())
            return Answer(page.elements.first { $0.id == ask.owner.integration.id })
        },
        Case("IntegrationStore.update", .environments) { ask in
            let own = ask.owner.integration
            let claimed = Integration(
                id: own.id, environmentID: ask.stranger.environment.id, name: own.name, provider: own.provider,
                settings: IntegrationSettings(allowsPlainHTTP: true), hasClientSecret: true, version: own.version + 1,
                createdAt: own.createdAt, updatedAt: World.now)
            try await ask.stores.integrations.update(
                claimed, clientSecret: World.sealed(2), audit: ask.stranger.event(.integrationUpdated))
            return .present
        },
        Case("IntegrationStore.delete", .environments) { ask in
            do throws(StoreError) {
                try await ask.stores.integrations.delete(
                    ask.owner.integration.id, in: ask.stranger.environment.id,
                    audit: ask.stranger.event(.integrationDeleted))
            } catch {
                // Present, and in use.
                guard error == .conflict(.stillReferenced) else { throw error }
            }
            return .present
        },
        Case("IntegrationStore.clientSecret", .environments) { ask in
            let id = ask.owner.integration.id
            return Answer(try await ask.stores.integrations.clientSecret(of: id, in: ask.stranger.environment.id))
        },
    ]

    private static let callers: [Case] = [
        Case("APIKeyStore.create", .environments) { ask in
            let claimed = TenantScope(environmentID: ask.stranger.environment.id, tenantID: ask.owner.tenant.id)
            try await ask.stores.apiKeys.create(
                World.makeAPIKey(in: claimed), audit: ask.stranger.event(.apiKeyCreated))
            return .present
        },
        Case("APIKeyStore.find", .tenants) { ask in
            Answer(try await ask.stores.apiKeys.find(ask.owner.apiKey.id, in: ask.stranger.readScope))
        },
        Case("APIKeyStore.list", .tenants) { ask in
            let page = try await ask.stores.apiKeys.list(in: ask.stranger.readScope, page: .page())
            return Answer(page.elements.first { $0.id == ask.owner.apiKey.id })
        },
        Case("APIKeyStore.revoke", .tenants) { ask in
            try await ask.stores.apiKeys.revoke(
                ask.owner.apiKey.id, in: ask.stranger.readScope, at: World.now,
                audit: ask.stranger.event(.apiKeyRevoked))
            return .present
        },
        // A caller of the whole other environment.
        Case("APIKeyStore.revoke", .environments) { ask in
            try await ask.stores.apiKeys.revoke(
                ask.owner.apiKey.id, in: ask.stranger.environmentScope, at: World.now,
                audit: ask.stranger.event(.apiKeyRevoked))
            return .present
        },
    ]

    private static let connections: [Case] = [
        // On an integration of another environment.
        Case("ConnectionStore.create", .environments) { ask in
            let new = World.makeConnection(in: ask.stranger.scope, on: ask.owner.integration.id)
            try await ask.stores.connections.create(
                new, entered: World.sealed(1), tokenSet: nil, facts: nil, audit: ask.stranger.event(.connectionCreated))
            return .present
        },
        // In another environment's tenant.
        Case("ConnectionStore.create", .environments) { ask in
            let claimed = TenantScope(environmentID: ask.stranger.environment.id, tenantID: ask.owner.tenant.id)
            let new = World.makeConnection(in: claimed, on: ask.stranger.integration.id)
            try await ask.stores.connections.create(
                new, entered: World.sealed(1), tokenSet: nil, facts: nil, audit: ask.stranger.event(.connectionCreated))
            return .present
        },
        Case("ConnectionStore.find", .tenants) { ask in
            Answer(try await ask.stores.connections.find(ask.owner.connection.id, in: ask.stranger.readScope))
        },
        Case("ConnectionStore.find", .environments) { ask in
            Answer(try await ask.stores.connections.find(ask.owner.connection.id, in: ask.stranger.environmentScope))
        },
        Case("ConnectionStore.load", .tenants) { ask in
            Answer(try await ask.stores.connections.load(ask.owner.connection.id, in: ask.stranger.readScope))
        },
        Case("ConnectionStore.load", .environments) { ask in
            Answer(try await ask.stores.connections.load(ask.owner.connection.id, in: ask.stranger.environmentScope))
        },
        Case("ConnectionStore.list", .tenants) { ask in
            let page = try await ask.stores.connections.list(
                in: ask.stranger.readScope, integration: nil, status: nil, page: .page())
            return Answer(page.elements.first { $0.id == ask.owner.connection.id })
        },
        Case("ConnectionStore.list", .environments) { ask in
            let page = try await ask.stores.connections.list(
                in: ask.stranger.environmentScope, integration: ask.owner.integration.id, status: .active,
                page: .page())
            return Answer(page.elements.first { $0.id == ask.owner.connection.id })
        },
        Case("ConnectionStore.refreshState", .tenants) { ask in
            Answer(
                try await ask.stores.connections.refreshState(of: ask.owner.connection.id, in: ask.stranger.readScope))
        },
        Case("ConnectionStore.refreshState", .environments) { ask in
            Answer(
                try await ask.stores.connections.refreshState(
                    of: ask.owner.connection.id, in: ask.stranger.environmentScope))
        },
        Case("ConnectionStore.update", .tenants) { ask in
            let own = ask.owner.connection
            let claimed = Connection(
                id: own.id, scope: ask.stranger.scope, integrationID: own.integrationID, displayName: "Taken",
                status: .suspended, statusReason: .byOperator, origin: own.origin, fields: [:],
                version: own.version + 1, createdAt: own.createdAt, updatedAt: World.now, verifiedAt: nil)
            try await ask.stores.connections.update(
                claimed, entered: World.sealed(2), tokenSet: (World.sealed(2), World.times), facts: World.facts,
                audit: ask.stranger.event(.connectionUpdated))
            return .present
        },
        Case("ConnectionStore.delete", .tenants) { ask in
            try await ask.stores.connections.delete(
                ask.owner.connection.id, in: ask.stranger.scope, audit: ask.stranger.event(.connectionDeleted))
            return .present
        },
    ]

    private static let refreshes: [Case] = [
        Case("RefreshStore.acquireLeases", .tenants) { ask in
            let answers = try await ask.stores.refreshes.acquireLeases(
                [LeaseRequest(connectionID: ask.owner.connection.id, scope: ask.stranger.scope)], on: World.terms())
            // Somebody holds it, so that it is there.
            guard case .held = answers.first else { return .absent }
            return .present
        },
        Case("RefreshStore.complete", .tenants) { ask in
            Answer(try await ask.stores.complete(World.obtained(2), under: ask.claimedLease, of: ask.stranger))
        },
        Case("RefreshStore.complete", .tenants) { ask in
            Answer(try await ask.stores.complete(.ended(.invalidGrant), under: ask.claimedLease, of: ask.stranger))
        },
        Case("RefreshStore.complete", .tenants) { ask in
            Answer(
                try await ask.stores.complete(
                    .failed(.rateLimited, retryAfter: .seconds(9)), under: ask.claimedLease, of: ask.stranger))
        },
        // In the owner's scope, but with an event that claims to be another's, and the other way round.
        Case("RefreshStore.complete", .tenants) { ask in
            Answer(try await ask.stores.complete(.ended(.invalidGrant), under: ask.lease, of: ask.stranger))
        },
        Case("RefreshStore.complete", .tenants) { ask in
            Answer(try await ask.stores.complete(.ended(.invalidGrant), under: ask.claimedLease, of: ask.owner))
        },
        // Answers nothing; what it changed is what counts.
        Case("RefreshStore.release", .tenants) { ask in
            try await ask.stores.refreshes.release(ask.claimedLease)
            return ask.stranger.tenant.id == ask.owner.tenant.id ? .present : .absent
        },
    ]
}

extension IsolationTests.Answer {
    fileprivate init(_ answer: CompletionAnswer) { self = answer == .written ? .present : .absent }
}

extension IsolationTests.Question {
    fileprivate var claimedKeyOwner: KeyOwner { .tenant(stranger.environment.id, owner.tenant.id) }

    /// The owner's lease as somebody would present it who knows everything about it but isn't in its tenant.
    fileprivate var claimedLease: Lease {
        Lease(
            connectionID: lease.connectionID, scope: stranger.scope, owner: lease.owner, fence: lease.fence,
            attempt: lease.attempt, lastError: lease.lastError, followsUnresolved: lease.followsUnresolved,
            remaining: lease.remaining)
    }
}
