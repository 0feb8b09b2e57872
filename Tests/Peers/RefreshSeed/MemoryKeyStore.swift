import Synchronization
import Vault

/// The tenant keys that this run makes, in memory; rows of `tenant_keys` are written from here.
final class MemoryKeyStore: WrappedKeyStore {
    private let keys: Mutex<[KeyOwner: WrappedKey]>

    init(_ keys: [WrappedKey] = []) {
        self.keys = Mutex(Dictionary(keys.map { ($0.owner, $0) }, uniquingKeysWith: { first, _ in first }))
    }

    func activeKey(for owner: KeyOwner) async throws -> WrappedKey? { keys.withLock { $0[owner] } }

    func key(for owner: KeyOwner, version: Int32) async throws -> WrappedKey? {
        keys.withLock { $0[owner] }.flatMap { $0.version == version ? $0 : nil }
    }

    func insertFirstKey(_ key: WrappedKey) async throws -> WrappedKey {
        keys.withLock { keys in
            let stored = keys[key.owner] ?? key
            keys[key.owner] = stored
            return stored
        }
    }
}
