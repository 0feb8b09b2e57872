package import Domain
package import Sodium
private import Synchronization

/// An unwrapped tenant or environment key with its version.
package struct OwnerKey: Sendable {
    package let version: Int32
    package let key: SecretBytes
}

/// The unwrapped keys in use: each is fetched and unwrapped once, then kept until it is the least used or forgotten.
///
/// A hit takes a lock and no suspension. However many ask for a missing key, it is loaded once; a waiter that is
/// cancelled ends nothing for the others, and a failure is told to those who waited and then forgotten.
package final class KeyRing: Sendable {
    private enum Wanted: Hashable {
        case active(KeyOwner)
        case version(KeyOwner, Int32)
        case first(KeyOwner)

        var owner: KeyOwner {
            switch self {
            case .active(let owner), .version(let owner, _), .first(let owner): owner
            }
        }
    }

    private struct Place: Hashable {
        let owner: KeyOwner
        let version: Int32
    }

    private typealias Outcome = Result<OwnerKey, VaultError>

    private struct Flight {
        let number: UInt64
        let task: Task<Outcome, Never>
    }

    private struct State {
        var keys: LRUCache<Place, SecretBytes>
        var active: LRUCache<KeyOwner, Int32>
        /// Loads under way, at most one for each thing wanted; as many as there are callers waiting for different ones.
        var flights: [Wanted: Flight] = [:]
        var flightCount: UInt64 = 0
    }

    private let store: any WrappedKeyStore
    private let roots: RootKeys
    private let state: Mutex<State>

    /// - Parameter capacity: keys kept, 100 bytes each beside their slot of secret memory.
    package init(store: any WrappedKeyStore, roots: RootKeys, capacity: Int = 16_384) {
        self.store = store
        self.roots = roots
        state = Mutex(State(keys: LRUCache(capacity: capacity), active: LRUCache(capacity: capacity)))
    }

    /// The key that seals for this owner.
    ///
    /// - Throws: `.ownerHasNoKey`, `.keyStoreUnavailable`, `.rootKeyUnavailable`, `.rootKeyUnreachable`, or why the
    ///   wrapped key did not open.
    package func activeKey(for owner: KeyOwner) async throws(VaultError) -> OwnerKey {
        try await key(.active(owner))
    }

    /// The key that opens what was sealed under that version.
    ///
    /// - Throws: `.keyUnavailable`, else as `activeKey`.
    package func key(for owner: KeyOwner, version: Int32) async throws(VaultError) -> SecretBytes {
        try await key(.version(owner, version)).key
    }

    /// Makes the owner's first key if it has none. Callers that race, here or in other processes, get the same one.
    @discardableResult
    package func prepareKey(for owner: KeyOwner) async throws(VaultError) -> Int32 {
        try await key(.first(owner)).version
    }

    /// Forgets an owner's keys: they rotated, were shredded, or its active version changed.
    package func forget(_ owner: KeyOwner) { forget { $0 == owner } }

    /// Forgets a tenant's keys, whichever environment it is of: it was deleted.
    package func forget(_ tenant: TenantID) { forget { $0.tenantID == tenant } }

    private func forget(_ isMeant: @Sendable (KeyOwner) -> Bool) {
        state.withLock { state in
            state.keys.removeAll { isMeant($0.owner) }
            state.active.removeAll { isMeant($0) }
            for wanted in state.flights.keys where isMeant(wanted.owner) { state.flights[wanted] = nil }
        }
    }

    /// Forgets everything: announcements may have been missed.
    package func forgetAll() {
        state.withLock { state in
            state.keys.removeAll()
            state.active.removeAll()
            state.flights = [:]
        }
    }

    private func key(_ wanted: Wanted) async throws(VaultError) -> OwnerKey {
        let found: (hit: OwnerKey?, task: Task<Outcome, Never>?) = state.withLock { state in
            if let hit = Self.cached(wanted, &state) { return (hit, nil) }
            if let flight = state.flights[wanted] { return (nil, flight.task) }
            state.flightCount += 1
            let number = state.flightCount
            // Ended by its own work, which the store's and the provider's deadlines bound; every caller that wants the
            // key awaits it, and none of them can cancel it.
            let task = Task { await self.fly(wanted, number) }
            state.flights[wanted] = Flight(number: number, task: task)
            return (nil, task)
        }
        if let hit = found.hit { return hit }
        guard let task = found.task else { throw .keyStoreUnavailable }
        return try await task.value.get()
    }

    private static func cached(_ wanted: Wanted, _ state: inout State) -> OwnerKey? {
        let version: Int32?
        switch wanted {
        case .active(let owner), .first(let owner): version = state.active.value(owner)
        case .version(_, let known): version = known
        }
        guard let version, let key = state.keys.value(Place(owner: wanted.owner, version: version)) else { return nil }
        return OwnerKey(version: version, key: key)
    }

    private func fly(_ wanted: Wanted, _ number: UInt64) async -> Outcome {
        let outcome: Outcome
        do throws(VaultError) {
            outcome = .success(try await load(wanted))
        } catch {
            outcome = .failure(error)
        }
        state.withLock { state in
            // Not ours any more: the owner was forgotten meanwhile, and what was loaded may be out of date.
            guard state.flights[wanted]?.number == number else { return }
            state.flights[wanted] = nil
            guard case .success(let loaded) = outcome else { return }
            state.keys.insert(Place(owner: wanted.owner, version: loaded.version), loaded.key)
            switch wanted {
            case .active(let owner), .first(let owner): state.active.insert(owner, loaded.version)
            case .version: break
            }
        }
        return outcome
    }

    private func load(_ wanted: Wanted) async throws(VaultError) -> OwnerKey {
        switch wanted {
        case .active(let owner):
            guard let row = try await asking({ try await $0.activeKey(for: owner) }) else { throw .ownerHasNoKey }
            return try await unwrap(row, for: owner)
        case .version(let owner, let version):
            guard let row = try await asking({ try await $0.key(for: owner, version: version) }) else {
                throw .keyUnavailable(version: version)
            }
            guard row.version == version else { throw .malformed }
            return try await unwrap(row, for: owner)
        case .first(let owner):
            if let row = try await asking({ try await $0.activeKey(for: owner) }) {
                return try await unwrap(row, for: owner)
            }
            return try await insertFirst(owner)
        }
    }

    private func insertFirst(_ owner: KeyOwner) async throws(VaultError) -> OwnerKey {
        let root = roots.active
        let key = SecretBytes.random(count: 32)
        let wrapped = try await root.wrap(key, owner: owner, version: 1)
        let row = WrappedKey(owner: owner, version: 1, rootID: root.id, wrapped: wrapped, state: .active)
        let winner = try await asking { try await $0.insertFirstKey(row) }
        // Ours or another writer's: what is stored counts, and it must open.
        return try await unwrap(winner, for: owner)
    }

    private func unwrap(_ row: WrappedKey, for owner: KeyOwner) async throws(VaultError) -> OwnerKey {
        guard row.owner == owner else { throw .ownerMismatch }
        let key = try await roots.provider(row.rootID).unwrap(row.wrapped, owner: owner, version: row.version)
        guard key.count == 32 else { throw .malformed }
        return OwnerKey(version: row.version, key: key)
    }

    private func asking<R: Sendable>(
        _ question: (any WrappedKeyStore) async throws -> R
    ) async throws(VaultError) -> R {
        do {
            return try await question(store)
        } catch {
            throw .keyStoreUnavailable
        }
    }
}
