import Connections
import Domain
import Postgres
import Store
import TestSupport
import Testing

@Suite("Announcing changes to every instance", .timeLimit(.minutes(2)))
struct AnnouncementTests {
    @Test func `a second client hears of each change`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            try await listening(to: migrated) { heard in
                try await migrated.stores.connections.update(
                    world.connection.changed(), entered: nil, tokenSet: nil, facts: nil,
                    audit: world.event(.connectionUpdated))
                #expect(await heard() == .connectionChanged(world.connection.id))
                let lease = try await migrated.stores.lease(world)
                try await migrated.stores.write(.ended(.invalidGrant), under: lease, of: world)
                #expect(await heard() == .connectionChanged(world.connection.id))
                try await migrated.stores.refreshes.release(try await migrated.stores.lease(world))
                #expect(await heard() == .connectionChanged(world.connection.id))
                var integration = world.integration
                integration.version += 1
                try await migrated.stores.integrations.update(
                    integration, clientSecret: nil, audit: world.event(.integrationUpdated))
                #expect(await heard() == .integrationChanged(world.integration.id))
                try await migrated.stores.apiKeys.revoke(
                    world.apiKey.id, in: world.environmentScope, at: World.now, audit: world.event(.apiKeyRevoked))
                #expect(await heard() == .apiKeyRevoked(world.apiKey.id))
                try await migrated.stores.tenants.delete(world.scope, audit: world.event(.tenantDeleted))
                #expect(await heard() == .apiKeyRevoked(world.apiKey.id))
                #expect(await heard() == .tenantChanged(world.tenant.id))
            }
        }
    }

    @Test func `nothing is heard of a change that was not committed`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            try await listening(to: migrated) { heard in
                await #expect(throws: StoreError.stale) {
                    try await migrated.stores.connections.update(
                        world.connection, entered: nil, tokenSet: nil, facts: nil,
                        audit: world.event(.connectionUpdated))
                }
                try await migrated.stores.apiKeys.revoke(
                    world.apiKey.id, in: world.readScope, at: World.now, audit: world.event(.apiKeyRevoked))
                #expect(await heard() == .apiKeyRevoked(world.apiKey.id))
            }
        }
    }

    @Test func `whoever hears of a change reads what was changed`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            try await listening(to: migrated) { heard in
                for version in 2...6 {
                    // Sent while the change is being committed, never before.
                    async let change: Void = migrated.stores.connections.update(
                        world.connection.at(version: Int64(version)), entered: nil, tokenSet: nil, facts: nil,
                        audit: world.event(.connectionUpdated))
                    #expect(await heard() == .connectionChanged(world.connection.id))
                    let stored = try await migrated.stores.connections.find(world.connection.id, in: world.readScope)
                    #expect(stored?.version == Int64(version))
                    try await change
                }
            }
        }
    }

    @Test func `a payload of an unknown form is a gap`() async throws {
        try await MigratedDatabase.with { migrated in
            try await listening(to: migrated) { heard in
                for payload in ["", "c", "c:", "c:0", "x:" + zeros, "c:" + zeros.dropLast() + "G", "c:" + zeros + "0"] {
                    try await migrated.service.write(Statement("SELECT pg_notify('sallyport', $1)", [.text(payload)]))
                    #expect(await heard() == .gap)
                }
            }
        }
    }

    private let zeros = String(repeating: "0", count: 32)

    /// Runs `body` with a second instance's announcements, after the gap that each stream begins with.
    private func listening(
        to migrated: MigratedDatabase, _ body: (_ heard: () async -> Announcement?) async throws -> Void
    ) async throws {
        try await migrated.database.withClient(user: MigratedDatabase.serviceRole) { other in
            let announcements = PostgresAnnouncementSource(client: other).announcements()
            let heard = { () async -> Announcement? in
                var iterator = announcements.makeAsyncIterator()
                return await iterator.next()
            }
            #expect(await heard() == .gap)
            try await body(heard)
        }
    }
}

extension Connection {
    fileprivate func at(version: Int64) -> Connection {
        var copy = self
        copy.version = version
        return copy
    }
}
