import Connections
import Domain
import Identity
import Sodium
import Synchronization

@testable import Proxy

/// Caller tokens by their text.
final class TokenTable: Sendable {
    private let tokens = Mutex<[Digest32: VerifiedCallerToken]>([:])
    let verifications = Atomic<Int>(0)

    func set(_ text: String, _ token: VerifiedCallerToken?) {
        tokens.withLock { $0[BLAKE2b.digest(utf8: text)] = token }
    }

    func find(_ digest: Digest32) -> VerifiedCallerToken? { tokens.withLock { $0[digest] } }
}

/// A loop's look-up over the table, with a cache in front like the real one.
final class FakeLookup: CallerTokenLookup {
    private let table: TokenTable
    private var cache: [Digest32: VerifiedCallerToken] = [:]

    init(_ table: TokenTable) { self.table = table }

    func known(_ digest: Digest32, now: Timestamp) -> VerifiedCallerToken? {
        guard let token = cache[digest], now < token.expiresAt, table.find(digest) != nil else { return nil }
        return token
    }

    func verify(_ token: [UInt8], digest: Digest32, now: Timestamp) -> VerifiedCallerToken? {
        table.verifications.wrappingAdd(1, ordering: .relaxed)
        guard let token = table.find(digest), now < token.expiresAt else { return nil }
        cache[digest] = token
        return token
    }
}

/// Opens what the test has put there, checking tenants as the real one does.
final class FakeOpening: ConnectionOpening {
    struct State {
        var connections: [ConnectionID: UsableConnection] = [:]
        /// What `reopen` hands out.
        var renewed: [ConnectionID: UsableConnection] = [:]
        var failure: UseError?
        var reopenFailure: UseError?
        var opens = 0
        var reopens = 0
        var gate: CheckedContinuation<Void, Never>?
        var isGated = false
    }

    let state = Mutex(State())

    func put(_ usable: UsableConnection) { state.withLock { $0.connections[usable.id] = usable } }
    var opens: Int { state.withLock { $0.opens } }
    var reopens: Int { state.withLock { $0.reopens } }

    /// Holds openings until ``release()``.
    func hold() { state.withLock { $0.isGated = true } }

    func release() {
        let gate = state.withLock { state in
            state.isGated = false
            defer { state.gate = nil }
            return state.gate
        }
        gate?.resume()
    }

    func open(
        _ id: ConnectionID, for principal: Principal, deadline: ContinuousClock.Instant
    ) async throws(UseError) -> UsableConnection {
        let isGated = state.withLock { state in
            state.opens += 1
            return state.isGated
        }
        if isGated {
            await withCheckedContinuation { continuation in state.withLock { $0.gate = continuation } }
        }
        let (usable, failure) = state.withLock { ($0.connections[id], $0.failure) }
        if let failure { throw failure }
        guard let usable, usable.scope.environmentID == principal.environmentID,
            principal.tenantID == nil || principal.tenantID == usable.scope.tenantID
        else { throw .notFound }
        return usable
    }

    func reopen(
        _ stale: UsableConnection, for principal: Principal, deadline: ContinuousClock.Instant
    ) async throws(UseError) -> UsableConnection {
        let (usable, failure) = state.withLock { state in
            state.reopens += 1
            return (state.renewed[stale.id], state.reopenFailure)
        }
        if let failure { throw failure }
        guard let usable else { throw .reauthRequired(nil) }
        return usable
    }
}

/// Announcements that the test makes.
final class FakeAnnouncements: AnnouncementSource {
    private let listeners = Mutex<[AsyncStream<Announcement>.Continuation]>([])

    func announcements() -> AsyncStream<Announcement> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Announcement.self, bufferingPolicy: .bufferingNewest(64))
        listeners.withLock { $0.append(continuation) }
        return stream
    }

    func send(_ announcement: Announcement) {
        for listener in listeners.withLock({ $0 }) { listener.yield(announcement) }
    }
}

/// Keeps what is appended, or fails as told.
final class FakeAudit: AuditStore {
    private let events = Mutex<[AuditEvent]>([])
    let failure = Mutex<StoreError?>(nil)

    var all: [AuditEvent] { events.withLock { $0 } }

    func append(_ more: [AuditEvent]) async throws(StoreError) {
        if let failure = failure.withLock({ $0 }) { throw failure }
        events.withLock { $0.append(contentsOf: more) }
    }

    func list(
        in scope: ReadScope, action: AuditEvent.Action?, page: PageRequest<AuditEventKind>
    ) async throws(StoreError) -> Page<AuditEvent> { throw .unavailable }
}

/// A clock that the test moves.
final class ManualClock: WallClock {
    private let time = Mutex(Timestamp(seconds: 1_800_000_000))
    func now() -> Timestamp { time.withLock { $0 } }
    func advance(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
}
