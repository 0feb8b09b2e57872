import Connections
import Domain
import Testing
import TestSupport

@testable import Refresh

@Suite("Scheduler and callers share a connection's flight", .timeLimit(.minutes(1)))
struct SharedFlightTests {
    private let flights: Flights
    private var world: FakeWorld { flights.world }

    init() async throws { flights = try await Flights() }

    private func due() throws -> DueRefresh {
        let row = try #require(world.database.refreshRow(flights.connection.id))
        return DueRefresh(
            connectionID: flights.connection.id, scope: flights.connection.scope, endpoint: row.endpoint,
            dueAt: try #require(row.dueAt))
    }

    /// - Parameter isOver: passed when the flight is over.
    private func begin(_ due: DueRefresh, in coordinator: RefreshCoordinator, isOver: Gate = Gate()) -> Bool {
        isOver.open()
        // Awaited by who waits for the gate's arrivals.
        return coordinator.begin(due, nil) { Task { await isOver.pass() } }
    }

    @Test func `a caller joins the flight that the scheduler began`() async throws {
        let coordinator = flights.coordinator()
        let seen = try flights.stored()
        world.outbound.hold()
        let over = Gate()
        #expect(try begin(due(), in: coordinator, isOver: over))
        await world.outbound.waitForRequests(flights.baseline + 1)
        let caller = Task { try await flights.refresh(coordinator, seen) }
        #expect(await turns { coordinator.waitingCount == 1 })
        #expect(try !begin(due(), in: coordinator), "and the scheduler begins no second one")
        world.outbound.release()
        #expect(try await caller.value == .success("fresh-1"))
        await over.waitForArrivals(1)
        #expect(flights.requests == 1 && coordinator.flightCount == 0)
    }

    @Test func `the scheduler leaves alone what a caller's flight is at`() async throws {
        let coordinator = flights.coordinator()
        let seen = try flights.stored()
        world.outbound.hold()
        let caller = Task { try await flights.refresh(coordinator, seen) }
        await world.outbound.waitForRequests(flights.baseline + 1)
        #expect(try !begin(due(), in: coordinator))
        world.outbound.release()
        #expect(try await caller.value == .success("fresh-1"))
    }

    @Test func `a row that somebody saw to meanwhile is left as it is`() async throws {
        let coordinator = flights.coordinator()
        let due = try due()
        #expect(try await flights.refresh(coordinator) == .success("fresh-1"))
        let isOver = Gate()
        #expect(begin(due, in: coordinator, isOver: isOver))
        await isOver.waitForArrivals(1)
        #expect(flights.requests == 1 && coordinator.flightCount == 0)
    }

    @Test func `a row that another instance has taken is left to it, unless somebody waits here`() async throws {
        let asked = Gate()
        let store = WatchedRefreshStore(
            base: FakeRefreshStore(world.database), onLease: { if $0 <= 2 { await asked.pass() } })
        let (mine, theirs) = (flights.engine(refreshes: store).coordinator, flights.coordinator())
        let (due, seen) = (try due(), try flights.stored())
        world.outbound.hold()
        let winner = Task { try await flights.refresh(theirs, seen) }
        await world.outbound.waitForRequests(flights.baseline + 1)
        #expect(begin(due, in: mine))
        await asked.waitForArrivals(1)
        // The answer, that the lease is held, is on its way: now somebody comes who waits for it.
        let caller = Task { try await flights.refresh(mine, seen) }
        #expect(await turns { mine.waitingCount == 1 })
        asked.open()
        // The winner's and the caller's deadline, and the flight's look after a second.
        await world.clock.waitForSleepers(3)
        world.outbound.release()
        #expect(try await winner.value == .success("fresh-1"))
        world.clock.advance(by: .seconds(1))
        #expect(try await caller.value == .success("fresh-1"))
        #expect(flights.requests == 1)
        #expect(await turns { mine.flightCount == 0 })
    }

    @Test func `where nobody waits it ends at once, and nothing is remembered of it`() async throws {
        let (mine, theirs) = (flights.coordinator(), flights.coordinator())
        let (due, seen) = (try due(), try flights.stored())
        world.outbound.hold()
        let winner = Task { try await flights.refresh(theirs, seen) }
        await world.outbound.waitForRequests(flights.baseline + 1)
        #expect(begin(due, in: mine))
        #expect(await turns { mine.flightCount == 0 }, "although the other one is not done")
        world.outbound.release()
        #expect(try await winner.value == .success("fresh-1"))
        #expect(try await flights.refresh(mine) == .success("fresh-2"))
    }

    @Test func `a scheduled flight that fails tells those who joined it why`() async throws {
        let coordinator = flights.coordinator()
        let seen = try flights.stored()
        world.outbound.answer { (_) throws(OutboundError) in .test(503, "", headers: [("retry-after", "30")]) }
        world.outbound.hold()
        #expect(try begin(due(), in: coordinator))
        await world.outbound.waitForRequests(flights.baseline + 1)
        let caller = Task { try await flights.refresh(coordinator, seen) }
        #expect(await turns { coordinator.waitingCount == 1 })
        world.outbound.release()
        #expect(
            try await caller.value == .failure(.backingOff(.tokenEndpointUnreachable, remaining: .seconds(30))))
        #expect(flights.requests == 1)
    }
}
