import Domain
import Sodium
import Testing
import Vault

@Suite("Opening with the owner's key")
struct VaultTests {
    private let store = MemoryKeyStore()
    private let root: LocalRootKey
    private let vault: Vault

    init() throws {
        root = try #require(LocalRootKey(SecretBytes.random(count: 32)))
        vault = Vault(keys: KeyRing(store: store, roots: RootKeys(active: root)))
    }

    private func row(
        _ owner: KeyOwner, version: Int32, state: KeyState, root: LocalRootKey? = nil
    ) async throws -> WrappedKey {
        let root = root ?? self.root
        let wrapped = try await root.wrap(SecretBytes.random(count: 32), owner: owner, version: version)
        return WrappedKey(owner: owner, version: version, rootID: root.id, wrapped: wrapped, state: state)
    }

    private func open(
        _ sealed: Sealed, owner: KeyOwner = Fixture.owner(), _ aad: AAD = Fixture.credential()
    ) async throws -> String? {
        try await vault.open(sealed.bytes, owner: owner, aad: aad, purpose: .proxy).revealUTF8(for: .test)
    }

    @Test func `opens what it sealed, here and in another process`() async throws {
        try await vault.prepareKey(for: Fixture.owner())
        let sealed = try await vault.seal(SecretBytes(utf8: "pw"), owner: Fixture.owner(), aad: Fixture.credential())
        #expect(sealed.keyVersion == 1)
        #expect(try await open(sealed) == "pw")
        let other = Vault(keys: KeyRing(store: store, roots: RootKeys(active: root)))
        let opened = try await other.open(
            sealed.bytes, owner: Fixture.owner(), aad: Fixture.credential(), purpose: .inspection)
        #expect(opened.revealUTF8(for: .test) == "pw")
    }

    @Test func `seals nothing for an owner without a key`() async throws {
        await #expect(throws: VaultError.ownerHasNoKey) {
            try await vault.seal(SecretBytes(utf8: "pw"), owner: Fixture.owner(), aad: Fixture.credential())
        }
        #expect(store.inserts == 0)
    }

    @Test func `a row copied to another tenant does not open there`() async throws {
        try await vault.prepareKey(for: Fixture.owner(2))
        try await vault.prepareKey(for: Fixture.owner(9))
        let sealed = try await vault.seal(SecretBytes(utf8: "pw"), owner: Fixture.owner(2), aad: Fixture.credential())
        await #expect(throws: VaultError.commitmentMismatch) {
            try await open(sealed, owner: Fixture.owner(9), Fixture.credential(tenant: 9))
        }
    }

    @Test func `a tenant's key moved to another tenant does not unwrap`() async throws {
        try await vault.prepareKey(for: Fixture.owner(2))
        let stolen = try #require(store.rows(of: Fixture.owner(2)).first)
        let planted = WrappedKey(
            owner: Fixture.owner(9), version: 1, rootID: stolen.rootID, wrapped: stolen.wrapped, state: .active)
        store.put([planted], for: Fixture.owner(9))
        await #expect(throws: VaultError.commitmentMismatch) {
            try await vault.seal(SecretBytes(utf8: "pw"), owner: Fixture.owner(9), aad: Fixture.credential(tenant: 9))
        }
        store.put([stolen], for: Fixture.owner(9))
        await #expect(throws: VaultError.ownerMismatch) {
            try await vault.seal(SecretBytes(utf8: "pw"), owner: Fixture.owner(9), aad: Fixture.credential(tenant: 9))
        }
    }

    @Test func `an older ciphertext does not open under the newer record version`() async throws {
        try await vault.prepareKey(for: Fixture.owner())
        let old = try await vault.seal(
            SecretBytes(utf8: "old"), owner: Fixture.owner(), aad: Fixture.credential(recordVersion: 7))
        await #expect(throws: VaultError.commitmentMismatch) {
            try await open(old, Fixture.credential(recordVersion: 8))
        }
    }

    @Test func `refuses additional data of another owner`() async throws {
        try await vault.prepareKey(for: Fixture.owner())
        let sealed = try await vault.seal(SecretBytes(utf8: "pw"), owner: Fixture.owner(), aad: Fixture.credential())
        let environment = KeyOwner.environment(Fixture.environment())
        for (owner, aad) in [
            (Fixture.owner(9), Fixture.credential()), (environment, Fixture.credential()),
            (
                Fixture.owner(),
                AAD.integrationSecret(
                    environment: Fixture.environment(), integration: Fixture.integration(), field: "f", recordVersion: 1
                )
            ),
            (Fixture.owner(), AAD.wrappedKey(of: Fixture.owner(), version: 1, rootID: root.id)),
        ] {
            await #expect(throws: VaultError.ownerMismatch) {
                try await vault.seal(SecretBytes(utf8: "x"), owner: owner, aad: aad)
            }
            await #expect(throws: VaultError.ownerMismatch) { try await open(sealed, owner: owner, aad) }
        }
    }

    @Test func `opens older key versions and seals under the active one`() async throws {
        let owner = Fixture.owner()
        store.put([try await row(owner, version: 1, state: .active)], for: owner)
        let first = try await vault.seal(SecretBytes(utf8: "one"), owner: owner, aad: Fixture.credential())
        let old = try #require(store.rows(of: owner).first)
        let retired = WrappedKey(owner: owner, version: 1, rootID: old.rootID, wrapped: old.wrapped, state: .decrypt)
        store.put([retired, try await row(owner, version: 2, state: .active)], for: owner)
        vault.keys.forget(owner)
        let second = try await vault.seal(SecretBytes(utf8: "two"), owner: owner, aad: Fixture.credential())
        #expect(first.keyVersion == 1)
        #expect(second.keyVersion == 2)
        #expect(try await open(first) == "one")
        #expect(try await open(second) == "two")
    }

    @Test func `two versions swapped in the store open nothing`() async throws {
        let owner = Fixture.owner()
        store.put([try await row(owner, version: 1, state: .active)], for: owner)
        let sealed = try await vault.seal(SecretBytes(utf8: "pw"), owner: owner, aad: Fixture.credential())
        let one = try #require(store.rows(of: owner).first)
        let two = try await row(owner, version: 2, state: .decrypt)
        store.put(
            [
                WrappedKey(owner: owner, version: 1, rootID: two.rootID, wrapped: two.wrapped, state: .active),
                WrappedKey(owner: owner, version: 2, rootID: one.rootID, wrapped: one.wrapped, state: .decrypt),
            ], for: owner)
        vault.keys.forgetAll()
        await #expect(throws: VaultError.malformed) { try await open(sealed) }
    }

    @Test func `names the key version that is gone`() async throws {
        let owner = Fixture.owner()
        try await vault.prepareKey(for: owner)
        let sealed = try await vault.seal(SecretBytes(utf8: "pw"), owner: owner, aad: Fixture.credential())
        var foreign = sealed.bytes
        foreign[8] = 77
        await #expect(throws: VaultError.keyUnavailable(version: 77)) {
            try await vault.open(foreign, owner: owner, aad: Fixture.credential(), purpose: .proxy)
        }
        store.put([], for: owner)
        vault.keys.forget(owner)
        await #expect(throws: VaultError.keyUnavailable(version: 1)) { try await open(sealed) }
    }

    @Test func `a root that is not configured is named so`() async throws {
        let owner = Fixture.owner()
        let foreign = try #require(LocalRootKey(SecretBytes.random(count: 32)))
        store.put([try await row(owner, version: 1, state: .active, root: foreign)], for: owner)
        await #expect(throws: VaultError.rootKeyUnavailable) { try await vault.keys.activeKey(for: owner) }
        let both = KeyRing(store: store, roots: RootKeys(active: root, openingOnly: [foreign]))
        #expect(try await both.activeKey(for: owner).version == 1)
    }

    @Test func `a wrapped key does not pass for another root's`() async throws {
        let owner = Fixture.owner()
        let foreign = try #require(LocalRootKey(SecretBytes.random(count: 32)))
        let wrapped = try await foreign.wrap(SecretBytes.random(count: 32), owner: owner, version: 1)
        store.put([WrappedKey(owner: owner, version: 1, rootID: root.id, wrapped: wrapped, state: .active)], for: owner)
        await #expect(throws: VaultError.commitmentMismatch) { try await vault.keys.activeKey(for: owner) }
    }
}
