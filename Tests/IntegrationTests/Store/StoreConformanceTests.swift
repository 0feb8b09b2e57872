import Connections
import Domain
import Postgres
import Sodium
import Store
import TestSupport
import Testing
import Vault

@Suite("The stores in PostgreSQL keep what the ports promise")
struct StoreConformanceTests {
    @Test(arguments: ConnectionConformance.all.map(\.name))
    func `they pass the suite that the fakes pass`(_ name: String) async throws {
        let entry = try #require(ConnectionConformance.all.first { $0.name == name })
        try await MigratedDatabase.with { migrated in
            let root = try #require(LocalRootKey(SecretBytes.random(count: LocalRootKey.length)))
            let stores = migrated.stores
            let clock = SystemWallClock()
            let ports = StorePorts(
                environments: stores.environments, tenants: stores.tenants, integrations: stores.integrations,
                apiKeys: stores.apiKeys, audit: stores.audit, connections: stores.connections,
                refreshes: stores.refreshes, revocations: stores.apiKeys, announcements: stores.announcements,
                vault: Vault(keys: KeyRing(store: stores.wrappedKeys, roots: RootKeys(active: root))),
                identifiers: IdentifierSource(clock: clock, random: SystemRandomSource()), wallClock: clock,
                elapse: { try await Self.age(by: $0, in: migrated.superuser) },
                lifecycleEvents: { try await Self.lifecycleEvents(of: $0, in: migrated.superuser) })
            try await entry.check(ports)
        }
    }

    /// The database's own clock can't be moved: what is stored moves into the past instead.
    private static func age(by duration: Duration, in client: PostgresClient) async throws {
        try await client.transaction([
            Statement(
                """
                UPDATE sallyport.refresh_states AS r
                SET lease_expires_at = lease_expires_at - t.passed, refresh_due_at = refresh_due_at - t.passed,
                    last_attempt_at = last_attempt_at - t.passed, not_before = not_before - t.passed,
                    last_success_at = last_success_at - t.passed, hour_began_at = hour_began_at - t.passed
                FROM (SELECT $1::double precision * interval '1 microsecond') AS t (passed)
                """, [.int(duration.microseconds)]),
            Statement(
                """
                UPDATE sallyport.credentials
                SET expires_at = expires_at - $1::double precision * interval '1 microsecond'
                """, [.int(duration.microseconds)]),
        ])
    }

    private static func lifecycleEvents(
        of id: ConnectionID, in client: PostgresClient
    ) async throws -> [LifecycleEvent] {
        let rows = try await client.read(
            Statement("SELECT type FROM sallyport.lifecycle_events WHERE connection_id = $1 ORDER BY id", [id.value]))
        return try rows.map { try #require(LifecycleEvent(rawValue: $0.text(0))) }
    }
}
