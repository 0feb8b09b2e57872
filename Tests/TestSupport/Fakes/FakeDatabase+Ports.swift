internal import Connections
package import Domain
package import Vault

extension FakeDatabase {
    /// All fakes on this database, as the conformance suites take them.
    package func ports(vault: Vault, identifiers: IdentifierSource) -> StorePorts {
        StorePorts(
            environments: FakeEnvironmentStore(self), tenants: FakeTenantStore(self),
            integrations: FakeIntegrationStore(self), apiKeys: FakeAPIKeyStore(self), audit: FakeAuditStore(self),
            connections: FakeConnectionStore(self), refreshes: FakeRefreshStore(self),
            revocations: FakeRevocationStore(self), announcements: self, vault: vault, identifiers: identifiers,
            wallClock: clock.wall, elapse: { [clock] in clock.advance(by: $0) },
            lifecycleEvents: { [self] id in lifecycleEvents(of: id) })
    }
}
