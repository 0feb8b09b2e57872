import Connections
import Domain
import Refresh
import Sodium
import Testing
import TestSupport

@Suite("Refreshing with a token that rotates (RFC 6749 §6, RFC 9700 §4.14)", .timeLimit(.minutes(1)))
struct RotatingGrantTests {
    // MARK: Which token

    @Test func `the entered token is sent once, and from then on the one that came with the last answer`() async throws
    {
        let flights = try await GrantFlights()
        let engine = flights.world.engine()
        #expect(try await flights.storedRefreshToken() == "rt-a-1")
        for number in 2...4 {
            #expect(try await flights.refresh(engine) == .success("at-a-\(number)"))
            #expect(try await flights.storedRefreshToken() == "rt-a-\(number)")
        }
        #expect(flights.server.sent == ["rt-a-0", "rt-a-1", "rt-a-2", "rt-a-3"])
        let stored = try flights.stored()
        #expect(stored.tokenSet?.recordVersion == 4 && stored.connection.status == .active)
    }

    @Test func `the old refresh token is kept where none is returned`() async throws {
        let flights = try await GrantFlights(rotates: false)
        let engine = flights.world.engine()
        for number in 2...3 { #expect(try await flights.refresh(engine) == .success("at-a-\(number)")) }
        #expect(flights.server.sent == ["rt-a-0", "rt-a-0", "rt-a-0"])
        #expect(try await flights.storedRefreshToken() == "rt-a-0")
    }

    @Test func `every instance sends the successor`() async throws {
        let flights = try await GrantFlights()
        let engines = (0..<3).map { _ in flights.world.engine() }
        for round in 0..<9 { #expect(try await flights.refresh(engines[round % 3]) == .success("at-a-\(round + 2)")) }
        #expect(flights.server.reuses == 0)
    }

    @Test func `an account that is linked again sends what was entered, not what the old grant left`() async throws {
        let flights = try await GrantFlights()
        try await flights.relink("rt-b-0")
        #expect(try await flights.refresh(flights.world.engine()) == .success("at-b-1"))
        #expect(flights.server.sent == ["rt-a-0", "rt-b-0"])
        #expect(try flights.stored().tokenSet?.recordVersion == 2, "and its numbers go on")
    }

    // MARK: Refused

    @Test func `invalid_grant ends the grant at once, and nothing is sent any more`() async throws {
        let flights = try await GrantFlights()
        flights.server.revoke("a")
        let engine = flights.world.engine()
        #expect(try await flights.refresh(engine) == .failure(.ended(.invalidGrant)))
        let stored = try flights.stored()
        #expect(stored.connection.status == .reauthRequired && stored.connection.statusReason == .invalidGrant)
        #expect(try flights.row().dueAt == nil && flights.row().notBefore == nil)
        #expect(flights.server.sent == ["rt-a-0", "rt-a-1"])
        #expect(flights.world.database.lifecycleEvents(of: flights.connection.id).last == .reauthRequired)
        #expect(engine.statistics.count(of: .terminal) == 1)
    }

    @Test func `invalid_grant for a token that is no longer the stored one ends nothing`() async throws {
        let flights = try await GrantFlights()
        flights.server.revoke("a")
        let engine = flights.world.engine()
        let sent = flights.world.outbound.sent.count
        flights.world.outbound.hold()
        let seen = try flights.stored()
        let deadline = flights.world.clock.now.advanced(by: .seconds(15))
        let waiter = Task { await engine.coordinator.outcome(of: seen, deadline: deadline) }
        await flights.world.outbound.waitForRequests(sent + 1)
        try await flights.relink("rt-b-0")
        flights.world.outbound.release()
        #expect(await waiter.value == .success("at-b-1"))
        #expect(try flights.stored().connection.status == .active)
        #expect(!flights.world.database.lifecycleEvents(of: flights.connection.id).contains(.reauthRequired))
    }

    @Test(arguments: [
        (OutboundResponse.refused("invalid_request"), StatusReason.tokenEndpointRefused),
        (.refused("unauthorized_client"), .tokenEndpointRefused), (.test(400), .tokenEndpointRefused),
        (.test(403, "<html>"), .tokenEndpointRefused), (.test(404), .tokenEndpointRefused),
        (.test(401), .invalidClient),
    ])
    func `any other refusal gets one careful repetition`(
        _ answer: OutboundResponse, _ reason: StatusReason
    ) async throws {
        let flights = try await GrantFlights()
        let engine = flights.world.engine()
        let seen = try flights.stored()
        flights.server.fail(.answer(answer), .answer(answer))
        let first = try #require(try await flights.refresh(engine).backOff)
        #expect(first.reason == reason && first.remaining <= .seconds(2))
        #expect(try flights.stored().connection.status == .active, "its token is still good")
        flights.world.clock.advance(by: first.remaining)
        #expect(try await flights.refresh(engine) == .failure(.ended(reason)))
        #expect(flights.server.sent == ["rt-a-0", "rt-a-1", "rt-a-1"])
        flights.world.clock.advance(by: .seconds(3_600))
        let deadline = flights.world.clock.now.advanced(by: .seconds(15))
        let late = await engine.coordinator.outcome(of: seen, deadline: deadline)
        #expect(late == .failure(.ended(reason)), "who read it before it ended sends nothing")
        #expect(flights.server.sent.count == 3)
    }

    @Test func `a refusal that a repetition doesn't meet ends nothing`() async throws {
        let flights = try await GrantFlights()
        let engine = flights.world.engine()
        flights.server.fail(.answer(.test(404)))
        let first = try #require(try await flights.refresh(engine).backOff)
        flights.world.clock.advance(by: first.remaining)
        #expect(try await flights.refresh(engine) == .success("at-a-2"))
        let events = flights.world.database.lifecycleEvents(of: flights.connection.id)
        #expect(events.suffix(3) == [.backingOff, .refreshed, .recovered])
    }

    @Test func `an outage however long ends no grant`() async throws {
        let flights = try await GrantFlights()
        var settings = RefreshSettings()
        settings.endpoints.failuresToOpen = 1_000
        let engine = flights.world.engine(settings: settings)
        flights.world.clock.advance(by: .seconds(601))
        for round in 0..<100 {
            flights.server.fail(
                [.before(.unreachable), .answer(.test(503)), .before(.tlsFailed), .answer(.test(429))][round % 4])
            let backOff = try #require(try await flights.refresh(engine).backOff, "round \(round)")
            flights.world.clock.advance(by: backOff.remaining)
        }
        #expect(try flights.stored().connection.status == .backingOff)
        #expect(try await flights.refresh(engine) == .success("at-a-2"))
        #expect(try flights.stored().connection.status == .active && flights.server.reuses == 0)
    }

    // MARK: Lost on its way

    @Test(arguments: [OutboundError.outcomeUnknown, .malformedResponse, .cancelled])
    func `a refusal after an answer that never came is told apart`(_ fault: OutboundError) async throws {
        let flights = try await GrantFlights()
        let engine = flights.world.engine()
        flights.server.fail(.after(fault))
        let first = try #require(try await flights.refresh(engine).backOff)
        #expect(first.reason == .outcomeUnknown)
        flights.world.clock.advance(by: first.remaining)
        #expect(try await flights.refresh(engine) == .failure(.ended(.answerLost)))
        #expect(try flights.stored().connection.statusReason == .answerLost)
    }

    @Test func `an answer that can't be read counts as one that never came`() async throws {
        let flights = try await GrantFlights()
        let engine = flights.world.engine()
        flights.server.fail(.garbled)
        let first = try #require(try await flights.refresh(engine).backOff)
        #expect(first.reason == .outcomeUnknown)
        flights.world.clock.advance(by: first.remaining)
        #expect(try await flights.refresh(engine) == .failure(.ended(.answerLost)))
    }

    @Test func `what was lost is not forgotten while other failures come in between`() async throws {
        let flights = try await GrantFlights()
        let engine = flights.world.engine()
        flights.server.fail(.after(.outcomeUnknown), .answer(.test(503)), .before(.unreachable))
        for _ in 0..<3 {
            let backOff = try #require(try await flights.refresh(engine).backOff)
            flights.world.clock.advance(by: backOff.remaining)
        }
        #expect(try await flights.refresh(engine) == .failure(.ended(.answerLost)))
    }

    @Test func `a request that may have been lost and was not is repeated with the same token`() async throws {
        let flights = try await GrantFlights()
        let engine = flights.world.engine()
        flights.server.fail(.before(.outcomeUnknown))
        let first = try #require(try await flights.refresh(engine).backOff)
        flights.world.clock.advance(by: first.remaining)
        #expect(try await flights.refresh(engine) == .success("at-a-2"))
        flights.server.revoke("a")
        #expect(try await flights.refresh(engine) == .failure(.ended(.invalidGrant)), "a success ends the doubt")
    }

    // MARK: Clients at fault

    @Test func `a client that is refused for one connection after the other ends no grant`() async throws {
        let flights = try await GrantFlights()
        let world = flights.world
        var settings = RefreshSettings()
        settings.endpoints.refusalsToSuspect = 3
        let engine = world.engine(settings: settings)
        var ids = [flights.connection.id]
        for name in ["b", "c", "d", "e", "f"] {
            ids.append(try await flights.link(name).id)
        }
        world.outbound.answer { (_) throws(OutboundError) in .test(400) }
        for _ in 0..<20 {
            for id in ids {
                let stored = try #require(world.database.stored(id))
                _ = await engine.coordinator.outcome(
                    of: stored, deadline: world.clock.now.advanced(by: .seconds(15)))
            }
            world.clock.advance(by: .seconds(60))
        }
        let standings = ids.compactMap { world.database.stored($0)?.connection.status }
        #expect(!standings.contains(.reauthRequired))
        world.outbound.answer { [server = flights.server] (sent) throws(OutboundError) in try server.answer(sent) }
        world.clock.advance(by: .seconds(600))
        for id in ids {
            let stored = try #require(world.database.stored(id))
            let outcome = await engine.coordinator.outcome(
                of: stored, deadline: world.clock.now.advanced(by: .seconds(15)))
            #expect(throws: Never.self) { try outcome.get() }
        }
    }
}
