package import Connections
package import Domain
internal import Synchronization
internal import Vault

/// Every port method of the stores: what a test can make fail.
package enum StoreOperation: String, Hashable, Sendable, CaseIterable {
    case environmentCreate, environmentFind, environmentList
    case tenantCreate, tenantFind, tenantList, tenantUpdate, tenantDelete
    case integrationCreate, integrationFind, integrationList, integrationUpdate, integrationDelete
    case integrationClientSecret
    case apiKeyCreate, apiKeyAuthenticate, apiKeyFind, apiKeyList, apiKeyRevoke
    case auditAppend, auditList
    case connectionCreate, connectionFind, connectionLoad, connectionList, connectionUpdate, connectionDelete
    case connectionRefreshState
    case refreshDue, refreshBacklog, leaseAcquire, leaseComplete, leaseRelease
    case signingKeyAll, signingKeyInsert, revocationList
}

/// What the fakes of all stores share, as one database would: rows, leases by its clock, announcements, planned faults.
package final class FakeDatabase: Sendable {
    struct State {
        var environments: [EnvironmentID: Environment] = [:]
        var tenants: [TenantID: Tenant] = [:]
        var integrations: [IntegrationID: Integration] = [:]
        var clientSecrets: [IntegrationID: SealedSecret] = [:]
        var apiKeys: [APIKeyID: APIKey] = [:]
        var connections: [ConnectionID: ConnectionRow] = [:]
        var due = DueIndex()
        var completionAnswers: [ConnectionID: [CompletionAnswer]] = [:]
        var events: [AuditEvent] = []
        var lifecycleEvents: [ToldEvent] = []
        var signingKeys: [StoredSigningKey] = []
        var faults: [StoreOperation: [Fault]] = [:]
        var calls: [StoreOperation: Int] = [:]
        var subscribers: [Int: AsyncStream<Announcement>.Continuation] = [:]
        var nextSubscriber = 0
        var pendingAnnouncements: [Announcement] = []
    }

    struct Fault {
        let error: StoreError
        let isAfterEffect: Bool
    }

    let state = Mutex(State())
    package let clock: FakeClock
    /// Where given, a secret that is sealed under a key version that isn't there is refused.
    private let wrappedKeys: FakeWrappedKeyStore?

    package init(clock: FakeClock = FakeClock(), wrappedKeys: FakeWrappedKeyStore? = nil) {
        self.clock = clock
        self.wrappedKeys = wrappedKeys
    }

    /// Plans errors of the next calls of an operation; with `afterEffect` the change is made and its answer lost.
    package func fail(_ operation: StoreOperation, with error: StoreError, times: Int = 1, afterEffect: Bool = false) {
        state.withLock { state in
            let faults = Array(repeating: Fault(error: error, isAfterEffect: afterEffect), count: times)
            state.faults[operation, default: []] += faults
        }
    }

    /// How often an operation was called, failed calls included.
    package func calls(of operation: StoreOperation) -> Int { state.withLock { $0.calls[operation] ?? 0 } }

    /// The audit log, oldest first.
    package var events: [AuditEvent] { state.withLock { $0.events } }

    /// What products were told, oldest first.
    package var lifecycleEvents: [ToldEvent] { state.withLock { $0.lifecycleEvents } }

    /// What products were told about one connection, oldest first.
    package func lifecycleEvents(of id: ConnectionID) -> [LifecycleEvent] {
        state.withLock { state in state.lifecycleEvents.filter { $0.connectionID == id }.map(\.type) }
    }

    func holdsKey(_ sealed: SealedSecret, of scope: TenantScope) -> Bool {
        wrappedKeys?.holds(sealed.keyVersion, of: KeyOwner(scope)) ?? true
    }

    /// One statement or transaction: all of it or none, then the announcements.
    ///
    /// - Parameter body: throws before it changes anything, or not at all: there is no copy to go back to, so that a test with
    ///   many rows costs no more for each call than one with few.
    func perform<T>(
        _ operation: StoreOperation, _ body: (inout State) throws(StoreError) -> T
    ) throws(StoreError) -> T {
        try state.withLock { (state) throws(StoreError) -> T in
            state.calls[operation, default: 0] += 1
            let fault = state.faults[operation]?.first
            if fault != nil { state.faults[operation]?.removeFirst() }
            if let fault, !fault.isAfterEffect { throw fault.error }
            let result = try body(&state)
            for announcement in state.pendingAnnouncements {
                for subscriber in state.subscribers.values { subscriber.yield(announcement) }
            }
            state.pendingAnnouncements.removeAll(keepingCapacity: true)
            if let fault { throw fault.error }
            return result
        }
    }

    /// Tells subscribers something that no statement caused.
    package func announce(_ announcement: Announcement) {
        state.withLock { state in
            for subscriber in state.subscribers.values { subscriber.yield(announcement) }
        }
    }
}

extension FakeDatabase: AnnouncementSource {
    package func announcements() -> AsyncStream<Announcement> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Announcement.self, bufferingPolicy: .bufferingNewest(1_024))
        let id = state.withLock { state in
            state.nextSubscriber += 1
            state.subscribers[state.nextSubscriber] = continuation
            return state.nextSubscriber
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.subscribers[id] = nil }
        }
        return stream
    }

    package var subscriberCount: Int { state.withLock { $0.subscribers.count } }
}

extension Page {
    /// One page out of all elements, newest first, as the stores cut it.
    static func cut<Kind: EntityKind>(
        _ elements: some Sequence<Element>, _ request: PageRequest<Kind>, id: (Element) -> EntityID<Kind>
    ) -> Page<Element> {
        let sorted = elements.sorted { id($0) > id($1) }
        switch request.start {
        case .first:
            return Page(
                elements: Array(sorted.prefix(request.limit)), hasOlder: sorted.count > request.limit, hasNewer: false)
        case .after(let last):
            let older = sorted.filter { id($0) < last }
            return Page(
                elements: Array(older.prefix(request.limit)), hasOlder: older.count > request.limit,
                hasNewer: older.count < sorted.count)
        case .before(let first):
            let newer = sorted.filter { id($0) > first }
            return Page(
                elements: Array(newer.suffix(request.limit)), hasOlder: newer.count < sorted.count,
                hasNewer: newer.count > request.limit)
        }
    }
}
