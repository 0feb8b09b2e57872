import Connections
import Domain
import Refresh
import Sodium
import Synchronization
import Testing
import TestSupport
import Vault

@Suite("An answer that outlived its lease is written as long as nothing newer is stored", .timeLimit(.minutes(1)))
struct LeaseLostTests {
    private let flights: GrantFlights
    private let bed: SpoolBed
    private var world: FakeWorld { flights.world }

    init() async throws {
        flights = try await GrantFlights()
        bed = try SpoolBed()
    }

    /// The lease as an instance takes it that was in touch with the database all the time.
    private static func claim(_ flights: GrantFlights, as owner: InstanceID) async throws -> Lease? {
        try await FakeRefreshStore(flights.world.database).lease(
            of: flights.connection,
            on: LeaseTerms(
                owner: owner, duration: .seconds(40), unresolvedWait: .seconds(300), ended: [],
                maxAttemptsPerHour: 120))
    }

    /// Another instance takes over after the wait and comes to that result.
    private static func takeOver(_ flights: GrantFlights, with result: RefreshResult) async throws {
        let world = flights.world
        world.clock.advance(by: .seconds(400))
        let lease = try #require(try await claim(flights, as: world.gate.identifiers.next()))
        let event = AuditEvent.test(
            world.environment.id, world.gate.identifiers, tenant: flights.connection.scope.tenantID,
            at: world.clock.wall.now())
        let answers = try await FakeRefreshStore(world.database).complete([
            RefreshCompletion(lease: lease, result: result, audit: event)
        ])
        #expect(answers == [.written])
    }

    private final class Kept: Sendable { let lease = Mutex<Lease?>(nil) }

    /// Lets something happen between the answer's way to the disk and its way to the database.
    private func refreshing(
        as instance: InstanceID = SpoolBed.instance(1), _ meanwhile: @escaping @Sendable () async throws -> Void
    ) async throws -> (RefreshEngine, RefreshSpool, Result<String, RefreshError>) {
        let spool = try await bed.open(1)
        let watched = WatchedRefreshStore(
            base: FakeRefreshStore(world.database),
            onComplete: { number in
                guard number == 1 else { return }
                do { try await meanwhile() } catch { Issue.record(error) }
            })
        let engine = world.engine(instance: instance, spool: spool, refreshes: watched)
        return (engine, spool, try await flights.refresh(engine, within: .seconds(600)))
    }

    private func expectKept(_ engine: RefreshEngine, _ spool: RefreshSpool) async throws {
        #expect(try flights.stored().tokenSet?.recordVersion == 2)
        #expect(try await flights.storedRefreshToken() == "rt-a-2")
        #expect(engine.unwritten == 0)
        await spool.probe()
        #expect(spool.status.pendingRecords == 0)
        await spool.close()
    }

    @Test func `a claim of its own that arrives late costs nothing`() async throws {
        let (engine, spool, outcome) = try await refreshing { [flights] in
            let late = try await Self.claim(flights, as: SpoolBed.instance(1))
            #expect(late != nil)
        }
        #expect(outcome == .success("at-a-2"))
        try await expectKept(engine, spool)
        #expect(flights.server.sent == ["rt-a-0", "rt-a-1"])
        #expect(try flights.row().owner == nil)
    }

    @Test func `one that took over and failed for now doesn't cost the answer`() async throws {
        let (engine, spool, outcome) = try await refreshing { [flights] in
            try await Self.takeOver(flights, with: .failed(.tokenEndpointUnreachable, retryAfter: .seconds(60)))
        }
        #expect(outcome == .success("at-a-2"))
        try await expectKept(engine, spool)
    }

    @Test func `one that took over and was refused doesn't cost a grant that lives on`() async throws {
        let (engine, spool, outcome) = try await refreshing { [flights] in
            try await Self.takeOver(flights, with: .ended(.answerLost))
        }
        #expect(outcome == .success("at-a-2"))
        try await expectKept(engine, spool)
        #expect(try flights.stored().connection.status == .active)
    }

    @Test func `one that holds the lease is waited for`() async throws {
        let held = Kept()
        let (engine, spool, outcome) = try await refreshing { [flights, world] in
            world.clock.advance(by: .seconds(400))
            let lease = try await Self.claim(flights, as: world.gate.identifiers.next())
            held.lease.withLock { $0 = lease }
        }
        #expect(outcome == .success("at-a-2"), "the token is good whoever writes")
        #expect(try flights.stored().tokenSet?.recordVersion == 1 && engine.unwritten == 1)
        let lease = try #require(held.lease.withLock { $0 })
        try await FakeRefreshStore(world.database).release(lease)
        // Ended below.
        let running = Task { await engine.run(schedules: false) }
        try await world.clock.moving(by: .milliseconds(200)) { #expect(await turns { engine.unwritten == 0 }) }
        running.cancel()
        await running.value
        try await expectKept(engine, spool)
    }

    @Test func `an account that was linked again is not given the old grant's token`() async throws {
        let (engine, spool, _) = try await refreshing { [flights] in try await flights.relink("rt-b-0") }
        let token = try await flights.storedRefreshToken()
        #expect(token?.hasPrefix("rt-a") != true)
        #expect(engine.unwritten == 0)
        await spool.close()
    }

    @Test func `what belongs to a tenant that is gone is dropped`() async throws {
        let (engine, spool, outcome) = try await refreshing { [flights, world] in
            world.database.answerCompletions(of: flights.connection.id, with: .keyRetired)
            try await world.linking().delete(flights.connection.id, world.context())
            world.wrappedKeys.setAway(true)
        }
        #expect(throws: RefreshError.self) { try outcome.get() }
        #expect(engine.unwritten == 0)
        await spool.probe()
        #expect(spool.status.pendingRecords == 0)
        await spool.close()
    }
}
