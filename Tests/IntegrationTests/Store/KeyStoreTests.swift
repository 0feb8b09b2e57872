import Connections
import Domain
import Postgres
import Store
import TestSupport
import Testing
import Vault

@Suite("Storing wrapped keys and signing keys")
struct KeyStoreTests {
    @Test func `instances that make an owner's first key at once agree on one`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            try await migrated.superuser.script(
                "DELETE FROM sallyport.credentials; DELETE FROM sallyport.tenant_keys;")
            for owner in [KeyOwner(world.scope), .environment(try await environmentWithoutKey(migrated))] {
                #expect(try await migrated.stores.wrappedKeys.activeKey(for: owner) == nil)
                let stored = try await withThrowingTaskGroup(of: WrappedKey.self) { group in
                    for _ in 0..<8 {
                        group.addTask {
                            try await migrated.stores.wrappedKeys.insertFirstKey(World.wrappedKey(of: owner))
                        }
                    }
                    return try await group.reduce(into: Set()) { $0.insert($1) }
                }
                #expect(stored.count == 1)
                #expect(try await migrated.stores.wrappedKeys.activeKey(for: owner) == stored.first)
                #expect(try await migrated.stores.wrappedKeys.key(for: owner, version: 1) == stored.first)
                #expect(try await migrated.stores.wrappedKeys.key(for: owner, version: 2) == nil)
            }
        }
    }

    @Test func `an owner that doesn't exist gets no key`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            for owner in [KeyOwner.environment(World.ids.next()), .tenant(world.environment.id, World.ids.next())] {
                await #expect(throws: StoreError.notFound) {
                    _ = try await migrated.stores.wrappedKeys.insertFirstKey(World.wrappedKey(of: owner))
                }
            }
        }
    }

    @Test func `a key that still seals something can't be deleted`() async throws {
        try await MigratedDatabase.with { migrated in
            _ = try await World.make(in: migrated.stores)
            await #expect(
                throws: PostgresError.server(.foreignKeyViolation, constraint: "credentials_tenant_key_fkey")
            ) {
                try await migrated.superuser.write(Statement("DELETE FROM sallyport.tenant_keys"))
            }
            await #expect(
                throws: PostgresError.server(.foreignKeyViolation, constraint: "integrations_client_secret_key_fkey")
            ) {
                try await migrated.superuser.write(Statement("DELETE FROM sallyport.environment_keys"))
            }
        }
    }

    @Test func `an environment has one active signing key, whoever made it`() async throws {
        try await MigratedDatabase.with { migrated in
            let world = try await World.make(in: migrated.stores)
            let other = try await World.make(in: migrated.stores)
            let active = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await migrated.stores.signingKeys.insertFirst(signingKey(of: world.environment.id)).kid
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(active.count == 1)
            let foreign = signingKey(of: other.environment.id)
            #expect(try await migrated.stores.signingKeys.insertFirst(foreign).kid == foreign.kid)
            let all = try await migrated.stores.signingKeys.all()
            #expect(Set(all.map(\.kid)) == active.union([foreign.kid]))
            let stored = try #require(all.first { $0.kid == foreign.kid })
            #expect(stored.seed == foreign.seed)
            #expect(stored.publicKey == foreign.publicKey)
            #expect(stored.notBefore == foreign.notBefore)
        }
    }

    private func signingKey(of environment: EnvironmentID) -> StoredSigningKey {
        StoredSigningKey(
            environmentID: environment, kid: World.uniqueSlug().description, state: .active,
            publicKey: World.bytes(32), seed: World.sealed(1), notBefore: World.now, createdAt: World.now)
    }

    private func environmentWithoutKey(_ migrated: MigratedDatabase) async throws -> EnvironmentID {
        let environment = Environment(id: World.ids.next(), name: World.uniqueSlug(), createdAt: World.now)
        try await migrated.stores.environments.create(
            environment, audit: World.event(.environmentCreated, environment.id, nil))
        return environment.id
    }
}
