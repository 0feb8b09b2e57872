import Connections
import Domain
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
                // The database's own clock decides on leases; nothing can move it but time.
                elapse: { duration in try await Task.sleep(for: duration) })
            try await entry.check(ports)
        }
    }
}
