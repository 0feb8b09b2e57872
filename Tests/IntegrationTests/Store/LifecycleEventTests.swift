import Connections
import Domain
import Postgres
import Store
import TestSupport
import Testing

@Suite("Telling of connections' lives")
struct LifecycleEventTests {
    @Test func `events are told in the order of their identifiers, which are UUIDs of version 7`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            for version: Int64 in 2...6 {
                let lease = try await migrated.stores.lease(world)
                try await migrated.stores.write(.failed(.rateLimited, retryAfter: .zero), under: lease, of: world)
                let scopeMissing = TokenSetFacts(
                    endpoint: World.endpoint, spendsRefreshToken: false, isScopeMissing: version.isMultiple(of: 2))
                try await migrated.stores.write(
                    .obtained(World.sealed(version), World.times, scopeMissing),
                    under: try await migrated.stores.lease(world), of: world)
            }
            let rows = try await migrated.superuser.read(Statement(Self.events))
            let types = try rows.map { try $0.text(0) }
            let round = ["connection.backing_off", "connection.refreshed", "connection.recovered"]
            let scope = ["connection.scope_missing"]
            #expect(types == ["connection.linked"] + round + scope + round + round + scope + round + round + scope)
            for row in rows {
                #expect(
                    try row.text(1).wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-.*/) != nil)
                #expect(try row.bool(2))
                #expect(try row.optionalText(3) == (row.text(0) == "connection.backing_off" ? "rate_limited" : nil))
            }
        }
    }

    private static let events: StaticString = """
        SELECT type, id::text, abs(extract(epoch FROM at) - m.milliseconds / 1000.0) < 0.1, reason
        FROM sallyport.lifecycle_events
        CROSS JOIN LATERAL (
            SELECT ('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint AS milliseconds
        ) AS m
        ORDER BY id
        """

    @Test func `a deleted tenant's connections are told of, and nothing of it is undone by a refused change`()
        async throws
    {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let other = try await World.make(in: migrated.stores)
            await #expect(throws: StoreError.stale) {
                try await migrated.stores.connections.update(
                    world.connection.changed { ($0.status, $0.version) = (.reauthRequired, 9) }, entered: nil,
                    tokenSet: nil, facts: nil, audit: world.event(.connectionUpdated))
            }
            let lease = try await migrated.stores.lease(world)
            await #expect(throws: StoreError.notFound) {
                try await migrated.stores.connections.delete(
                    world.connection.id, in: other.scope, audit: other.event(.connectionDeleted))
            }
            #expect(try await types(of: world, migrated) == ["connection.linked"])
            try await migrated.stores.tenants.delete(world.scope, audit: world.event(.tenantDeleted))
            #expect(try await migrated.stores.complete(.ended(.invalidGrant), under: lease, of: world) == .stale)
            #expect(try await types(of: world, migrated) == ["connection.linked", "connection.deleted"])
            #expect(try await types(of: other, migrated) == ["connection.linked"])
        }
    }

    private func types(of world: World, _ migrated: MigratedDatabase) async throws -> [String] {
        let rows = try await migrated.service.read(
            Statement("SELECT type FROM sallyport.lifecycle_events ORDER BY id"),
            context: [
                "sallyport.environment": world.environment.id.hexadecimal,
                "sallyport.tenant": world.tenant.id.hexadecimal,
            ])
        return try rows.map { try $0.text(0) }
    }

    @Test func `events of every environment go when they are old enough, the oldest first and in batches`() async throws
    {
        try await MigratedDatabase.with { migrated in
            let worlds = [try await World.make(in: migrated.stores), try await World.make(in: migrated.stores)]
            for world in worlds {
                try await migrated.superuser.write(
                    Statement(
                        """
                        INSERT INTO sallyport.lifecycle_events (environment_id, tenant_id, connection_id, type, at)
                        SELECT $1, $2, $3, 'connection.refreshed', now() - n * interval '1 hour'
                        FROM generate_series(1, 10) AS n
                        """,
                        [world.environment.id.value, world.tenant.id.value, world.connection.id.value]))
            }
            let retention = LifecycleEventRetention(client: migrated.service, logger: .quiet)
            #expect(try await retention.deleteExpired(olderThan: .seconds(100 * 3_600)) == 0)
            #expect(try await retention.deleteExpired(olderThan: .seconds(5 * 3_600 + 60), batch: 4) == 4)
            let oldest = try await migrated.superuser.number(
                Statement("SELECT extract(epoch FROM now() - min(at))::bigint / 3600 FROM sallyport.lifecycle_events"))
            #expect(oldest == 8)
            let deleted = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 {
                    group.addTask { try await retention.deleteExpired(olderThan: .seconds(5 * 3_600 + 60)) }
                }
                return try await group.reduce(0, +)
            }
            #expect(deleted == 6)
            #expect(try await retention.deleteExpired(olderThan: .seconds(5 * 3_600 + 60)) == 0)
            #expect(
                try await migrated.superuser.number(Statement("SELECT count(*) FROM sallyport.lifecycle_events")) == 12)
        }
    }
}
