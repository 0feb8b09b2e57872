import Connections
import Domain
import Refresh
import Sodium
import Testing
import TestSupport

@Suite("One lease for each connection between processes", .timeLimit(.minutes(1)))
struct LeaseTests {
    @Test func `two instances send one request, and the loser is woken by the announcement`() async throws {
        let flights = try await Flights()
        let (mine, theirs) = (flights.coordinator(), flights.coordinator())
        let seen = try flights.stored()
        let listening = Task { await theirs.run() }
        while flights.world.database.subscriberCount == 0 { await Task.yield() }
        flights.world.outbound.hold()
        let winner = Task { try await flights.refresh(mine, seen) }
        await flights.world.outbound.waitForRequests(flights.baseline + 1)
        let loser = Task { try await flights.refresh(theirs, seen) }
        // Both deadlines, and the loser's look after a second that never comes: this clock stands still.
        await flights.world.clock.waitForSleepers(3)
        flights.world.outbound.release()
        #expect(try await winner.value == .success("fresh-1"))
        #expect(try await loser.value == .success("fresh-1"))
        #expect(flights.requests == 1)
        listening.cancel()
        await listening.value
    }

    @Test func `without an announcement the loser looks once a second`() async throws {
        let flights = try await Flights()
        let (mine, theirs) = (flights.coordinator(), flights.coordinator())
        let seen = try flights.stored()
        flights.world.outbound.hold()
        let winner = Task { try await flights.refresh(mine, seen) }
        await flights.world.outbound.waitForRequests(flights.baseline + 1)
        let loser = Task { try await flights.refresh(theirs, seen) }
        await flights.world.clock.waitForSleepers(3)
        flights.world.outbound.release()
        #expect(try await winner.value == .success("fresh-1"))
        flights.world.clock.advance(by: .seconds(1))
        #expect(try await loser.value == .success("fresh-1"))
        #expect(flights.requests == 1)
    }

    @Test func `a lease whose holder died is taken over, and its late write is refused`() async throws {
        let flights = try await Flights()
        let store = FakeRefreshStore(flights.world.database)
        let connection = flights.connection
        guard
            case .granted(let dead) = try await store.acquireLease(
                on: connection.id, in: connection.scope, owner: flights.world.gate.identifiers.next(),
                duration: .seconds(30))
        else {
            Issue.record("no lease")
            return
        }
        let coordinator = flights.coordinator()
        let seen = try flights.stored()
        let outcome = try await flights.movingTime {
            try await flights.refresh(coordinator, seen, within: .seconds(60))
        }
        #expect(outcome == .success("fresh-1"))
        let stored = try flights.stored()
        let late = try #require(stored.tokenSet)
        do throws(StoreError) {
            try await store.complete(
                dead,
                with: .obtained(
                    SealedSecret(envelope: late.envelope, keyVersion: 1, recordVersion: 3),
                    TokenTimes(expiresAt: nil, refreshDueAt: nil)),
                audit: .test(
                    flights.world.environment.id, flights.world.gate.identifiers, at: flights.world.clock.wall.now()))
            Issue.record("a late writer wrote")
        } catch {
            #expect(error == .stale)
        }
        #expect(try flights.stored().tokenSet == late)
    }

    @Test func `a waiter's deadline ends while another instance holds the lease`() async throws {
        let flights = try await Flights()
        let connection = flights.connection
        _ = try await FakeRefreshStore(flights.world.database).acquireLease(
            on: connection.id, in: connection.scope, owner: flights.world.gate.identifiers.next(),
            duration: .seconds(3_000))
        let coordinator = flights.coordinator()
        let outcome = try await flights.movingTime {
            try await flights.refresh(coordinator, within: .seconds(5))
        }
        #expect(outcome == .failure(.timedOut))
        #expect(flights.requests == 0)
    }

    @Test func `a token that came while the lease was taken is used, and the lease given back`() async throws {
        let flights = try await Flights()
        let coordinator = flights.coordinator()
        let old = try flights.stored()
        #expect(try await flights.refresh(coordinator) == .success("fresh-1"))
        let fresh = try flights.stored()
        // The first read still sees what was there before.
        let store = LaggingConnectionStore(
            base: FakeConnectionStore(flights.world.database), first: old)
        let lagging = RefreshCoordinator(
            instance: flights.world.gate.identifiers.next(), connections: store,
            integrations: FakeIntegrationStore(flights.world.database),
            refreshes: FakeRefreshStore(flights.world.database), catalogue: flights.world.catalogue,
            vault: flights.world.vault, outbound: flights.world.outbound, announcements: flights.world.database,
            gate: flights.world.gate, clock: flights.world.clock, random: flights.world.random)
        #expect(try await flights.refresh(lagging, old) == .success("fresh-1"))
        #expect(flights.requests == 1)
        #expect(flights.world.database.calls(of: .leaseRelease) == 1)
        #expect(try flights.stored().tokenSet == fresh.tokenSet)
        #expect(try await flights.refresh(coordinator) == .success("fresh-2"), "the lease is free again")
    }

    @Test func `what one instance was refused is not sent by those who waited for it`() async throws {
        let flights = try await Flights()
        let (mine, theirs) = (flights.coordinator(), flights.coordinator())
        let seen = try flights.stored()
        flights.world.outbound.answer { (_) throws(OutboundError) in .test(401) }
        flights.world.outbound.hold()
        let winner = Task { try await flights.refresh(mine, seen) }
        await flights.world.outbound.waitForRequests(flights.baseline + 1)
        let loser = Task { try await flights.refresh(theirs, seen) }
        await flights.world.clock.waitForSleepers(3)
        flights.world.outbound.release()
        #expect(try await winner.value == .failure(.ended(.invalidClient)))
        flights.world.clock.advance(by: .seconds(1))
        #expect(try await loser.value == .failure(.ended(.invalidClient)))
        #expect(try await flights.refresh(mine, seen) == .failure(.ended(.invalidClient)), "who comes late neither")
        #expect(flights.requests == 1)
    }

    @Test func `a request ends before the lease, however slow the database was`() async throws {
        let flights = try await Flights()
        // The lease is 30 s long.
        #expect(try await flights.refresh(flights.slowCoordinator(.seconds(14))) == .success("fresh-1"))
        #expect(flights.world.outbound.sent.last?.request.timeout == .seconds(8))
    }

    @Test func `a lease that is nearly over is given back, and another one taken`() async throws {
        let flights = try await Flights()
        let outcome = try await flights.refresh(flights.slowCoordinator(.seconds(23)), within: .seconds(60))
        #expect(outcome == .success("fresh-1"))
        #expect(flights.world.outbound.sent.last?.request.timeout == .seconds(10))
        #expect(flights.requests == 1)
        #expect(flights.world.database.calls(of: .leaseRelease) == 1)
        #expect(flights.world.database.calls(of: .leaseAcquire) == 2)
    }

    @Test func `an account that is linked again meanwhile gets a token of its new credential`() async throws {
        let flights = try await Flights()
        let coordinator = flights.coordinator()
        let seen = try flights.stored()
        flights.world.outbound.hold()
        let waiter = Task { try await flights.refresh(coordinator, seen) }
        await flights.world.outbound.waitForRequests(flights.baseline + 1)
        var changed = seen.connection
        changed.version += 1
        let entered = try await CredentialSealer(vault: flights.world.vault).sealEntered(
            ["client_secret": SecretBytes(utf8: "new-secret")], of: changed.id, in: changed.scope, recordVersion: 2)
        try await FakeConnectionStore(flights.world.database).update(
            changed, entered: entered, tokenSet: nil,
            audit: .test(
                flights.world.environment.id, flights.world.gate.identifiers, at: flights.world.clock.wall.now()))
        flights.world.outbound.release()
        #expect(try await waiter.value == .success("fresh-2"))
        #expect(flights.requests == 2)
        // client:new-secret
        #expect(flights.world.outbound.sent.last?.header("authorization") == "Basic Y2xpZW50Om5ldy1zZWNyZXQ=")
        let stored = try flights.stored()
        #expect(stored.tokenSet?.recordVersion == 1 && stored.entered == entered)
    }
}

extension Flights {
    /// Its second read, the first under the lease, takes so long.
    fileprivate func slowCoordinator(_ duration: Duration) -> RefreshCoordinator {
        let clock = world.clock
        let store = LaggingConnectionStore(base: FakeConnectionStore(world.database), first: nil) { read in
            if read == 2 { clock.advance(by: duration) }
        }
        return RefreshCoordinator(
            instance: world.gate.identifiers.next(), connections: store,
            integrations: FakeIntegrationStore(world.database), refreshes: FakeRefreshStore(world.database),
            catalogue: world.catalogue, vault: world.vault, outbound: world.outbound, announcements: world.database,
            gate: world.gate, clock: clock, random: world.random)
    }
}

/// Answers the first read with an older state, as a replica or an unlucky moment does, and tells of each read.
final class LaggingConnectionStore: ConnectionStore {
    private let base: FakeConnectionStore
    private let first: StoredConnection?
    private let onRead: @Sendable (Int) -> Void
    private let reads = TokenCounter()

    init(base: FakeConnectionStore, first: StoredConnection?, onRead: @escaping @Sendable (Int) -> Void = { _ in }) {
        self.base = base
        self.first = first
        self.onRead = onRead
    }

    func load(_ id: ConnectionID, in scope: ReadScope) async throws(StoreError) -> StoredConnection? {
        let read = reads.next()
        onRead(read)
        if read == 1, let first { return first }
        return try await base.load(id, in: scope)
    }

    func create(
        _ connection: Connection, entered: SealedSecret, tokenSet: (SealedSecret, TokenTimes)?, audit: AuditEvent
    ) async throws(StoreError) {
        try await base.create(connection, entered: entered, tokenSet: tokenSet, audit: audit)
    }

    func find(_ id: ConnectionID, in scope: ReadScope) async throws(StoreError) -> Connection? {
        try await base.find(id, in: scope)
    }

    func list(
        in scope: ReadScope, integration: IntegrationID?, status: ConnectionStatus?, page: PageRequest<ConnectionKind>
    ) async throws(StoreError) -> Page<Connection> {
        try await base.list(in: scope, integration: integration, status: status, page: page)
    }

    func update(
        _ connection: Connection, entered: SealedSecret?, tokenSet: (SealedSecret, TokenTimes)?, audit: AuditEvent
    ) async throws(StoreError) {
        try await base.update(connection, entered: entered, tokenSet: tokenSet, audit: audit)
    }

    func delete(_ id: ConnectionID, in scope: TenantScope, audit: AuditEvent) async throws(StoreError) {
        try await base.delete(id, in: scope, audit: audit)
    }
}
