import Connections
import Domain
import Sodium
import Testing
import TestSupport

@testable import Refresh

@Suite("An attempt that nobody wrote the end of", .timeLimit(.minutes(1)))
struct UnresolvedAttemptTests {
    private let flights: GrantFlights
    private var world: FakeWorld { flights.world }
    private let dead = InstanceID.numbered(77)

    init() async throws { flights = try await GrantFlights() }

    /// An instance takes the lease and is never heard of again. Whether it sent anything nobody knows; here it didn't.
    private func leaveUnresolved(_ duration: Duration = .seconds(40)) async throws {
        let terms = LeaseTerms(
            owner: dead, duration: duration, unresolvedWait: nil, ended: [], maxAttemptsPerHour: 120)
        #expect(try await FakeRefreshStore(world.database).lease(of: flights.connection, on: terms) != nil)
        #expect(try flights.row().isSending)
    }

    /// Time passes for an instance that has answers of the database all the while.
    private func pass(_ duration: Duration, _ engine: RefreshEngine) async {
        let end = world.clock.now.advanced(by: duration)
        await engine.touch()
        while world.clock.now < end {
            world.clock.advance(by: min(end - world.clock.now, .seconds(100)))
            await engine.touch()
        }
    }

    @Test func `it is not taken over before the wait, by an instance however long in touch`() async throws {
        let engine = world.engine()
        await pass(.seconds(300), engine)
        try await leaveUnresolved()
        await pass(.seconds(40), engine)
        let first = try #require(try await flights.refresh(engine).backOff)
        #expect(first.reason == .outcomeUnknown && first.remaining == .seconds(300))
        await pass(.seconds(299), engine)
        let last = try #require(try await flights.refresh(engine).backOff)
        #expect(last.remaining == .seconds(1))
        #expect(flights.server.sent.count == 1, "nothing was sent")
        await pass(.seconds(1), engine)
        #expect(try await flights.refresh(engine) == .success("at-a-2"))
    }

    @Test func `a refresh by name doesn't take it over either`() async throws {
        let engine = world.engine()
        await pass(.seconds(300), engine)
        try await leaveUnresolved()
        await pass(.seconds(40), engine)
        #expect(try await flights.refresh(engine, isForced: true).backOff?.reason == .outcomeUnknown)
        #expect(flights.server.sent.count == 1)
    }

    @Test func `the token that is still good is served meanwhile`() async throws {
        let engine = world.engine()
        try await leaveUnresolved()
        world.clock.advance(by: .seconds(560))
        let usable = try await world.opener(refresher: engine.coordinator).open(
            flights.connection.id, for: world.principal(), deadline: world.clock.now.advanced(by: .seconds(5)))
        #expect(usable.injection.headers.first?.value.revealUTF8(for: .test) == "Bearer at-a-1")
    }

    @Test func `an instance that was out of touch waits the whole time anew`() async throws {
        let engine = world.engine()
        await pass(.seconds(300), engine)
        try await leaveUnresolved()
        await pass(.seconds(339), engine)
        world.database.fail(.leaseAcquire, with: .unavailable)
        #expect(try await flights.refresh(engine) == .failure(.storeUnavailable))
        await pass(.seconds(299), engine)
        #expect(try await flights.refresh(engine).backOff?.reason == .outcomeUnknown)
        #expect(flights.server.sent.count == 1)
        await pass(.seconds(1), engine)
        #expect(try await flights.refresh(engine) == .success("at-a-2"))
    }

    @Test func `an instance that has just started waits although the others would not`() async throws {
        try await leaveUnresolved()
        world.clock.advance(by: .seconds(1_000))
        let engine = world.engine()
        #expect(try await flights.refresh(engine).backOff?.reason == .outcomeUnknown)
        await pass(.seconds(300), engine)
        #expect(try await flights.refresh(engine) == .success("at-a-2"))
    }

    @Test func `an instance that started while the database was away waits from its first answer on`() async throws {
        try await leaveUnresolved()
        let engine = world.engine()
        world.database.fail(.refreshDue, with: .unavailable)
        await engine.touch()
        world.clock.advance(by: .seconds(1_000))
        #expect(try await flights.refresh(engine).backOff?.reason == .outcomeUnknown)
        await pass(.seconds(299), engine)
        #expect(try await flights.refresh(engine).backOff?.reason == .outcomeUnknown)
        #expect(flights.server.sent.count == 1)
    }

    @Test func `an instance that was stopped, and may have missed an absence, waits the whole time anew`() async throws
    {
        let engine = world.engine()
        await pass(.seconds(300), engine)
        try await leaveUnresolved()
        world.clock.advance(by: .seconds(1_000))
        #expect(try await flights.refresh(engine).backOff?.reason == .outcomeUnknown)
        #expect(flights.server.sent.count == 1)
        await pass(.seconds(300), engine)
        #expect(try await flights.refresh(engine) == .success("at-a-2"))
    }

    @Test func `its own instance takes it at once, because in one process nobody asks twice`() async throws {
        try await leaveUnresolved(.seconds(3_000))
        let engine = world.engine(instance: dead)
        #expect(try await flights.refresh(engine) == .success("at-a-2"))
        #expect(try flights.row().isSending == false)
    }

    @Test func `one that spends nothing is taken when its lease has run out`() async throws {
        let others = try await Flights()
        let engine = others.engine()
        let terms = others.terms(.seconds(40))
        #expect(try await FakeRefreshStore(others.world.database).lease(of: others.connection, on: terms) != nil)
        others.world.clock.advance(by: .seconds(40))
        #expect(try await others.refresh(engine.coordinator) == .success("fresh-1"))
    }

    @Test func `an instance whose spool was read to its end has nothing more to say`() async throws {
        let bed = try SpoolBed()
        let theirs = try await bed.open(1)
        let left = try bed.copy()
        await theirs.close()
        let terms = LeaseTerms(
            owner: SpoolBed.instance(1), duration: .seconds(40), unresolvedWait: nil, ended: [],
            maxAttemptsPerHour: 120)
        #expect(try await FakeRefreshStore(world.database).lease(of: flights.connection, on: terms) != nil)
        let spool = try await bed.open(2, in: left)
        let engine = world.engine(instance: SpoolBed.instance(2), spool: spool)
        let running = Task { await engine.run(schedules: false) }
        #expect(await turns { world.database.subscriberCount == 1 })
        world.clock.advance(by: .seconds(40))
        #expect(try await flights.refresh(engine) == .success("at-a-2"))
        running.cancel()
        await running.value
        await spool.close()
    }

    @Test func `a wait for it holds no other connection`() async throws {
        try await leaveUnresolved()
        let engine = world.engine()
        let other = try await flights.link("b")
        world.clock.advance(by: .seconds(50))
        let stored = try #require(world.database.stored(other.id))
        let outcome = await engine.coordinator.outcome(
            of: stored, deadline: world.clock.now.advanced(by: .seconds(5)))
        #expect(outcome == .success("at-b-2"))
    }
}
