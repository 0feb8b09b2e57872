import Domain
import Sodium
import Synchronization
import Vault

/// Identifiers that differ in one number.
enum Fixture {
    static func environment(_ number: UInt64 = 1) -> EnvironmentID {
        EnvironmentID(high: 0x0189_0a5d_1c7e_7000, low: mark(number))
    }
    static func tenant(_ number: UInt64 = 2) -> TenantID { TenantID(high: 0x0189_0a5d_1c7e_7000, low: mark(number)) }
    static func connection(_ number: UInt64 = 3) -> ConnectionID {
        ConnectionID(high: 0x0189_0a5d_1c7e_7000, low: mark(number))
    }
    static func integration(_ number: UInt64 = 4) -> IntegrationID {
        IntegrationID(high: 0x0189_0a5d_1c7e_7000, low: mark(number))
    }

    static func owner(_ number: UInt64 = 2) -> KeyOwner { .tenant(environment(), tenant(number)) }

    static func credential(tenant number: UInt64 = 2, recordVersion: Int64 = 7) -> AAD {
        .credential(
            environment: environment(), tenant: tenant(number), table: "credentials", recordID: connection(),
            field: "entered", recordVersion: recordVersion, credentialType: "basic")
    }

    private static func mark(_ number: UInt64) -> UInt64 { 0x8000_0000_0000_0000 | number }
}

/// A place to keep wrapped keys, with a record of what was asked and faults on demand.
final class MemoryKeyStore: WrappedKeyStore {
    struct Unavailable: Error {}

    struct State {
        var rows: [KeyOwner: [WrappedKey]] = [:]
        var reads = 0
        var inserts = 0
        var failures = 0
        var gate: Gate?
    }

    private let state = Mutex(State())

    var reads: Int { state.withLock { $0.reads } }
    var inserts: Int { state.withLock { $0.inserts } }

    func rows(of owner: KeyOwner) -> [WrappedKey] { state.withLock { $0.rows[owner] ?? [] } }

    func put(_ rows: [WrappedKey], for owner: KeyOwner) { state.withLock { $0.rows[owner] = rows } }

    /// The next calls throw.
    func fail(next count: Int) { state.withLock { $0.failures = count } }

    /// Every read waits at the gate.
    func hold(at gate: Gate?) { state.withLock { $0.gate = gate } }

    func activeKey(for owner: KeyOwner) async throws -> WrappedKey? {
        try await read { $0.rows[owner]?.first { $0.state == .active } }
    }

    func key(for owner: KeyOwner, version: Int32) async throws -> WrappedKey? {
        try await read { $0.rows[owner]?.first { $0.version == version } }
    }

    func insertFirstKey(_ key: WrappedKey) async throws -> WrappedKey {
        try state.withLock { state in
            try Self.failIfDue(&state)
            state.inserts += 1
            if let first = state.rows[key.owner]?.first { return first }
            state.rows[key.owner] = [key]
            return key
        }
    }

    private func read(_ body: (State) -> WrappedKey?) async throws -> WrappedKey? {
        let gate = try state.withLock { state in
            state.reads += 1
            try Self.failIfDue(&state)
            return state.gate
        }
        await gate?.wait()
        return state.withLock { body($0) }
    }

    private static func failIfDue(_ state: inout State) throws {
        guard state.failures > 0 else { return }
        state.failures -= 1
        throw Unavailable()
    }
}

/// Holds callers until it opens.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        var watchers: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func wait() async {
        await withCheckedContinuation { continuation in
            let (resumed, watchers) = state.withLock { state -> (Bool, [CheckedContinuation<Void, Never>]) in
                if state.isOpen { return (true, []) }
                state.waiting.append(continuation)
                let watchers = state.watchers
                state.watchers = []
                return (false, watchers)
            }
            if resumed { continuation.resume() }
            for watcher in watchers { watcher.resume() }
        }
    }

    /// Returns once somebody waits.
    func untilReached() async {
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                if !state.waiting.isEmpty || state.isOpen { return true }
                state.watchers.append(continuation)
                return false
            }
            if isReached { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
