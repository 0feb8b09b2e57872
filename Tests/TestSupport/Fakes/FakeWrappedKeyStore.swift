internal import Synchronization
package import Vault

/// Wrapped keys in memory; can be told to be away.
package final class FakeWrappedKeyStore: WrappedKeyStore {
    private struct Away: Error {}

    private struct State {
        var keys: [KeyOwner: [WrappedKey]] = [:]
        var isAway = false
    }

    private let state = Mutex(State())

    package init() {}

    package func setAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }

    /// Forgets every key of an owner, as shredding does.
    package func shred(_ owner: KeyOwner) { state.withLock { $0.keys[owner] = nil } }

    /// Whether a record may be sealed under that version: what a foreign key holds in a real database.
    package func holds(_ version: Int32, of owner: KeyOwner) -> Bool {
        state.withLock { $0.keys[owner]?.contains { $0.version == version } ?? false }
    }

    package func activeKey(for owner: KeyOwner) async throws -> WrappedKey? {
        try read { $0[owner]?.last { $0.state == .active } }
    }

    package func key(for owner: KeyOwner, version: Int32) async throws -> WrappedKey? {
        try read { $0[owner]?.first { $0.version == version } }
    }

    package func insertFirstKey(_ key: WrappedKey) async throws -> WrappedKey {
        try read { keys in
            if let first = keys[key.owner]?.first { return first }
            keys[key.owner] = [key]
            return key
        }
    }

    private func read<T>(_ body: (inout [KeyOwner: [WrappedKey]]) -> T) throws -> T {
        try state.withLock { state in
            guard !state.isAway else { throw Away() }
            return body(&state.keys)
        }
    }
}
