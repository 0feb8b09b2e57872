import Connections
import Domain
import Refresh
import Testing
import TestSupport

@Suite("Due work asks for room once it is known whose it is", .timeLimit(.minutes(1)))
struct DueWorkAdmissionTests {
    private let flights: Flights
    private var world: FakeWorld { flights.world }

    init() async throws { flights = try await Flights() }

    private func link(_ count: Int) async throws -> [Connection] {
        var made: [Connection] = []
        for _ in 0..<count { made.append(try await world.linkOAuth(flights.integration)) }
        return made
    }

    private func ask(_ engine: RefreshEngine, for connection: Connection) async throws -> Result<String, RefreshError> {
        await engine.coordinator.outcome(
            of: try #require(world.database.stored(connection.id)), deadline: flights.deadline())
    }

    @Test func `accounts with wrong client secrets of their own hold back nobody else's`() async throws {
        let accounts = try await link(7)
        let engine = flights.engine()
        world.outbound.answer { (_) throws(OutboundError) in .test(401, #"{"error":"invalid_client"}"#) }
        for account in accounts.dropLast() {
            let outcome = try await ask(engine, for: account)
            #expect(outcome == .failure(.ended(.invalidClient)))
        }
        flights.numberTokens()
        let last = try await ask(engine, for: accounts[6])
        #expect(last == .success("fresh-1"))
    }

    @Test func `a row whose endpoint was not known is held back by that endpoint's breaker all the same`() async throws
    {
        let accounts = try await link(6)
        let engine = flights.engine()
        world.outbound.answer { (_) throws(OutboundError) in throw .unreachable }
        for account in accounts.dropLast() { _ = try await ask(engine, for: account) }
        let isOpen = engine.tokenEndpoints.contains { $0.state == .open }
        #expect(isOpen)
        let last = accounts[5].id
        world.database.changeRefreshRow(last) { $0.endpoint = nil }
        world.database.setDue(last, at: world.clock.wall.now() - .seconds(1))
        let sent = world.outbound.sent.count
        // Ended below. The clock stands still, so that no probe is due.
        let running = Task { await engine.run() }
        let isHeldBack = await turns { world.database.refreshRow(last)?.failures == 1 }
        #expect(isHeldBack)
        #expect(world.outbound.sent.count == sent)
        running.cancel()
        await running.value
        await engine.drain(until: world.clock.now)
    }
}
