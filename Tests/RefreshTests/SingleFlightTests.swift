import Connections
import Domain
import Refresh
import Testing
import TestSupport

@Suite("One flight for each connection in a process", .timeLimit(.minutes(1)))
struct SingleFlightTests {
    @Test func `a thousand callers at once cause one request and share its token`() async throws {
        let flights = try await Flights()
        let coordinator = flights.coordinator()
        let seen = try flights.stored()
        flights.world.outbound.hold()
        let outcomes = try await withThrowingTaskGroup(of: Result<String, RefreshError>.self) { group in
            for _ in 0..<1_000 { group.addTask { try await flights.refresh(coordinator, seen) } }
            await flights.world.outbound.waitForRequests(flights.baseline + 1)
            await flights.world.clock.waitForSleepers(1_000)
            flights.world.outbound.release()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count == 1_000)
        #expect(outcomes.allSatisfy { $0 == .success("fresh-1") })
        #expect(flights.requests == 1)
        #expect(flights.world.database.calls(of: .leaseAcquire) == 1)
        let stored = try flights.stored()
        #expect(stored.tokenSet?.recordVersion == 2)
        #expect(coordinator.flightCount == 0)
        let events = flights.world.database.events.filter { $0.action == .credentialRefreshed }
        #expect(events.map(\.outcome) == [.success] && events.first?.actor == "system")
    }

    @Test func `a cancelled first waiter cancels nobody else`() async throws {
        let flights = try await Flights()
        let coordinator = flights.coordinator()
        let seen = try flights.stored()
        flights.world.outbound.hold()
        let first = Task { try await flights.refresh(coordinator, seen) }
        await flights.world.outbound.waitForRequests(flights.baseline + 1)
        let second = Task { try await flights.refresh(coordinator, seen) }
        await flights.world.clock.waitForSleepers(2)
        first.cancel()
        #expect(try await first.value == .failure(.timedOut))
        flights.world.outbound.release()
        #expect(try await second.value == .success("fresh-1"))
        #expect(flights.requests == 1)
    }

    @Test func `a flight that everybody left still stores its token`() async throws {
        let flights = try await Flights()
        let coordinator = flights.coordinator()
        flights.world.outbound.hold()
        let seen = try flights.stored()
        let waiter = Task { try await flights.refresh(coordinator, seen, within: .seconds(2)) }
        await flights.world.outbound.waitForRequests(flights.baseline + 1)
        await flights.world.clock.waitForSleepers(1)
        flights.world.clock.advance(by: .seconds(3))
        #expect(try await waiter.value == .failure(.timedOut))
        flights.world.outbound.release()
        await coordinator.drain(until: flights.deadline())
        #expect(try flights.stored().tokenSet?.recordVersion == 2)
    }

    @Test func `each waiter has its own deadline`() async throws {
        let flights = try await Flights()
        let coordinator = flights.coordinator()
        let seen = try flights.stored()
        flights.world.outbound.hold()
        let patient = Task { try await flights.refresh(coordinator, seen, within: .seconds(60)) }
        let hasty = Task { try await flights.refresh(coordinator, seen, within: .seconds(1)) }
        await flights.world.outbound.waitForRequests(flights.baseline + 1)
        await flights.world.clock.waitForSleepers(2)
        flights.world.clock.advance(by: .seconds(2))
        #expect(try await hasty.value == .failure(.timedOut))
        flights.world.outbound.release()
        #expect(try await patient.value == .success("fresh-1"))
    }

    @Test func `a deadline that has passed already starts nothing`() async throws {
        let flights = try await Flights()
        #expect(try await flights.refresh(flights.coordinator(), within: .zero) == .failure(.timedOut))
        #expect(flights.requests == 0)
    }

    @Test func `a failure is told to those who wait, and forgotten after its back-off`() async throws {
        let flights = try await Flights()
        let coordinator = flights.coordinator()
        let seen = try flights.stored()
        flights.world.outbound.answer { (_) throws(OutboundError) in .test(503) }
        guard case .failure(.backingOff(let reason, let remaining)) = try await flights.refresh(coordinator, seen)
        else {
            Issue.record("it did not back off")
            return
        }
        #expect(reason == .tokenEndpointUnreachable && remaining > .seconds(1) && remaining <= .seconds(2))
        guard case .failure(.backingOff) = try await flights.refresh(coordinator, seen) else {
            Issue.record("it was tried again at once")
            return
        }
        #expect(flights.requests == 1, "nobody asks while it backs off")
        flights.world.clock.advance(by: remaining)
        flights.numberTokens()
        #expect(try await flights.refresh(coordinator, seen) == .success("fresh-1"))
        #expect(flights.requests == 2)
    }

    @Test func `who saw an older token than the stored one gets the stored one`() async throws {
        let flights = try await Flights()
        let coordinator = flights.coordinator()
        let old = try flights.stored()
        #expect(try await flights.refresh(coordinator) == .success("fresh-1"))
        #expect(try await flights.refresh(coordinator, old) == .success("fresh-1"))
        #expect(flights.requests == 1)
        #expect(try await flights.refresh(coordinator) == .success("fresh-2"), "who saw the newest gets another")
    }

    @Test func `more flights than allowed are refused, and waiters too`() async throws {
        let flights = try await Flights()
        let other = try await flights.world.linkOAuth(flights.integration)
        flights.numberTokens()
        var settings = RefreshSettings()
        settings.maxFlights = 1
        settings.maxWaiters = 2
        let coordinator = flights.coordinator(settings: settings)
        let seen = try flights.stored()
        let second = try #require(flights.world.database.stored(other.id))
        let sent = flights.world.outbound.sent.count
        flights.world.outbound.hold()
        let first = Task { try await flights.refresh(coordinator, seen) }
        await flights.world.outbound.waitForRequests(sent + 1)
        #expect(try await flights.refresh(coordinator, second) == .failure(.overloaded))
        let joined = Task { try await flights.refresh(coordinator, seen) }
        await flights.world.clock.waitForSleepers(2)
        #expect(try await flights.refresh(coordinator, seen) == .failure(.overloaded))
        flights.world.outbound.release()
        #expect(try await first.value == .success("fresh-1"))
        #expect(try await joined.value == .success("fresh-1"))
    }

    @Test func `draining lets flights finish and begins no more`() async throws {
        let flights = try await Flights()
        let coordinator = flights.coordinator()
        let seen = try flights.stored()
        flights.world.outbound.hold()
        let waiter = Task { try await flights.refresh(coordinator, seen) }
        await flights.world.outbound.waitForRequests(flights.baseline + 1)
        let drained = Task { await coordinator.drain(until: flights.deadline()) }
        await flights.world.clock.waitForSleepers(2)
        flights.world.outbound.release()
        await drained.value
        #expect(try await waiter.value == .success("fresh-1"))
        #expect(try await flights.refresh(coordinator) == .failure(.overloaded))
    }
}
