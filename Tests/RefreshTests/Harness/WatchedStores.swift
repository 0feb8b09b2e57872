import Connections
import Domain
import Synchronization
import TestSupport

/// Answers the first read with an older state, as a replica or an unlucky moment does.
final class LaggingConnectionStore: ConnectionStore {
    private let base: FakeConnectionStore
    private let first: StoredConnection
    private let reads = TokenCounter()

    init(base: FakeConnectionStore, first: StoredConnection) {
        self.base = base
        self.first = first
    }

    func load(_ id: ConnectionID, in scope: ReadScope) async throws(StoreError) -> StoredConnection? {
        reads.next() == 1 ? first : try await base.load(id, in: scope)
    }

    func create(
        _ connection: Connection, entered: SealedSecret, tokenSet: (SealedSecret, TokenTimes)?, facts: TokenSetFacts?,
        audit: AuditEvent
    ) async throws(StoreError) {
        try await base.create(connection, entered: entered, tokenSet: tokenSet, facts: facts, audit: audit)
    }

    func find(_ id: ConnectionID, in scope: ReadScope) async throws(StoreError) -> Connection? {
        try await base.find(id, in: scope)
    }

    func list(
        in scope: ReadScope, integration: IntegrationID?, status: ConnectionStatus?, page: PageRequest<ConnectionKind>
    ) async throws(StoreError) -> Page<Connection> {
        try await base.list(in: scope, integration: integration, status: status, page: page)
    }

    func refreshState(of id: ConnectionID, in scope: ReadScope) async throws(StoreError) -> RefreshState? {
        try await base.refreshState(of: id, in: scope)
    }

    func update(
        _ connection: Connection, entered: SealedSecret?, tokenSet: (SealedSecret, TokenTimes)?, facts: TokenSetFacts?,
        audit: AuditEvent
    ) async throws(StoreError) {
        try await base.update(connection, entered: entered, tokenSet: tokenSet, facts: facts, audit: audit)
    }

    func delete(_ id: ConnectionID, in scope: TenantScope, audit: AuditEvent) async throws(StoreError) {
        try await base.delete(id, in: scope, audit: audit)
    }
}

/// Tells of each request for leases once it is answered, and of each completion before it is written.
final class WatchedRefreshStore: RefreshStore {
    private let base: FakeRefreshStore
    private let onLease: @Sendable (Int) async -> Void
    private let onComplete: @Sendable (Int) async -> Void
    private let leases = TokenCounter()
    private let completions = TokenCounter()

    init(
        base: FakeRefreshStore, onLease: @escaping @Sendable (Int) async -> Void = { _ in },
        onComplete: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.base = base
        self.onLease = onLease
        self.onComplete = onComplete
    }

    func due(after position: DuePosition?, limit: Int) async throws(StoreError) -> DuePage {
        try await base.due(after: position, limit: limit)
    }

    func backlog() async throws(StoreError) -> RefreshBacklog { try await base.backlog() }

    func acquireLeases(_ requests: [LeaseRequest], on terms: LeaseTerms) async throws(StoreError) -> [LeaseAnswer] {
        let answers = try await base.acquireLeases(requests, on: terms)
        await onLease(leases.next())
        return answers
    }

    func complete(_ completions: [RefreshCompletion]) async throws(StoreError) -> [CompletionAnswer] {
        await onComplete(self.completions.next())
        return try await base.complete(completions)
    }

    func release(_ lease: Lease) async throws(StoreError) { try await base.release(lease) }
}

extension FakeRefreshStore {
    /// The lease of one connection, as another instance would take it; nil where it isn't granted.
    func lease(of connection: Connection, on terms: LeaseTerms) async throws(StoreError) -> Lease? {
        let answers = try await acquireLeases(
            [LeaseRequest(connectionID: connection.id, scope: connection.scope)], on: terms)
        guard case .granted(let lease, _) = answers.first else { return nil }
        return lease
    }
}

/// The store as an instance has it until it dies, or until its network does.
final class MortalRefreshStore: RefreshStore {
    private let base: any RefreshStore
    private let isDead = Atomic<Bool>(false)

    init(_ base: any RefreshStore) { self.base = base }

    /// From now on nothing reaches the database from here.
    func die() { isDead.store(true, ordering: .relaxed) }

    private func reach() throws(StoreError) {
        if isDead.load(ordering: .relaxed) { throw .unavailable }
    }

    func due(after position: DuePosition?, limit: Int) async throws(StoreError) -> DuePage {
        try reach()
        return try await base.due(after: position, limit: limit)
    }

    func backlog() async throws(StoreError) -> RefreshBacklog {
        try reach()
        return try await base.backlog()
    }

    func acquireLeases(_ requests: [LeaseRequest], on terms: LeaseTerms) async throws(StoreError) -> [LeaseAnswer] {
        try reach()
        return try await base.acquireLeases(requests, on: terms)
    }

    func complete(_ completions: [RefreshCompletion]) async throws(StoreError) -> [CompletionAnswer] {
        try reach()
        return try await base.complete(completions)
    }

    func release(_ lease: Lease) async throws(StoreError) {
        try reach()
        try await base.release(lease)
    }
}
