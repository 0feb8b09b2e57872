import Connections
import Domain
import Refresh
import Sodium
import Testing
import TestSupport

@Suite("What a refresh comes to", .timeLimit(.minutes(1)))
struct RefreshOutcomeTests {
    // MARK: The database

    @Test(arguments: [StoreError.unavailable, .outcomeUnknown])
    func `a token that can't be written is handed out at once, and written when it can be`(
        _ fault: StoreError
    ) async throws {
        let flights = try await Flights()
        let coordinator = flights.coordinator()
        flights.world.database.fail(.leaseComplete, with: fault, times: 3)
        // This clock stands still: the answer comes before the first pause is over.
        #expect(try await flights.refresh(coordinator) == .success("fresh-1"))
        #expect(try flights.stored().tokenSet?.recordVersion == 1)
        let late = try await flights.refresh(coordinator)
        #expect(late == .success("fresh-1"), "who comes meanwhile gets it too")
        try await flights.movingTime { await coordinator.drain(until: flights.deadline(.seconds(1_000))) }
        #expect(try flights.stored().tokenSet?.recordVersion == 2)
        #expect(flights.requests == 1)
    }

    @Test func `a token that ended before it could be written is handed out to nobody`() async throws {
        let flights = try await Flights()
        let coordinator = flights.coordinator()
        flights.world.database.fail(.leaseComplete, with: .unavailable, times: 1_000)
        #expect(try await flights.refresh(coordinator) == .success("fresh-1"))
        // One step of the clock: its writer wakes, fails again and goes on.
        flights.world.clock.advance(by: .seconds(600))
        #expect(try await flights.refresh(coordinator) == .failure(.storeUnavailable))
    }

    @Test func `a write whose answer was lost is not written twice`() async throws {
        let flights = try await Flights()
        let coordinator = flights.coordinator()
        flights.world.database.fail(.leaseComplete, with: .outcomeUnknown, afterEffect: true)
        #expect(try await flights.refresh(coordinator) == .success("fresh-1"))
        try await flights.movingTime { await coordinator.drain(until: flights.deadline(.seconds(1_000))) }
        #expect(try flights.stored().tokenSet?.recordVersion == 2)
        #expect(flights.requests == 1)
        let events = flights.world.database.events.filter { $0.action == .credentialRefreshed }
        #expect(events.count == 1)
    }

    @Test func `a database that stays away costs the record, not the token`() async throws {
        let flights = try await Flights()
        let coordinator = flights.coordinator()
        flights.world.database.fail(.leaseComplete, with: .unavailable, times: 10_000)
        #expect(try await flights.refresh(coordinator) == .success("fresh-1"))
        try await flights.movingTime { await coordinator.drain(until: flights.deadline(.seconds(1_000))) }
        #expect(coordinator.flightCount == 0)
        #expect(try flights.stored().tokenSet?.recordVersion == 1)
    }

    @Test(arguments: [
        (StoreOperation.connectionLoad, StoreError.unavailable, RefreshError.storeUnavailable),
        (.connectionLoad, .outcomeUnknown, .storeUnavailable), (.connectionLoad, .corrupt, .internalFailure),
        (.leaseAcquire, .unavailable, .storeUnavailable), (.leaseAcquire, .notFound, .notFound),
        (.leaseAcquire, .failed, .internalFailure),
    ])
    func `a database that is away before the request sends none`(
        _ operation: StoreOperation, _ fault: StoreError, _ expected: RefreshError
    ) async throws {
        let flights = try await Flights()
        flights.world.database.fail(operation, with: fault)
        #expect(try await flights.refresh(flights.coordinator()) == .failure(expected))
        #expect(flights.requests == 0)
    }

    @Test func `a connection that was deleted meanwhile is absent`() async throws {
        let flights = try await Flights()
        let coordinator = flights.coordinator()
        let seen = try flights.stored()
        try await flights.world.linking().delete(flights.connection.id, flights.world.context())
        #expect(try await flights.refresh(coordinator, seen) == .failure(.notFound))
        #expect(flights.requests == 0)
    }

    // MARK: The token endpoint

    @Test(arguments: [
        (OutboundResponse.test(200, "<html>"), StatusReason.tokenEndpointMalformed),
        (.test(200, #"{"token_type":"Bearer"}"#), .tokenEndpointMalformed),
        (.test(200, #"{"access_token":"a b"}"#), .tokenEndpointMalformed),
        (.test(200, ""), .tokenEndpointMalformed), (.test(302), .tokenEndpointRefused),
        (.test(500, "{}"), .tokenEndpointUnreachable), (.test(429), .rateLimited),
        (.test(404, "<html>"), .tokenEndpointRefused), (.test(408), .tokenEndpointUnreachable),
    ])
    func `an answer without a token backs off and keeps the stored one`(
        _ answer: OutboundResponse, _ reason: StatusReason
    ) async throws {
        let flights = try await Flights()
        let before = try flights.stored()
        flights.world.outbound.answer { (_) throws(OutboundError) in answer }
        guard case .failure(.backingOff(let told, _)) = try await flights.refresh(flights.coordinator()) else {
            Issue.record("it did not back off")
            return
        }
        #expect(told == reason)
        let after = try flights.stored()
        #expect(after.tokenSet == before.tokenSet && after.connection.status == .active)
    }

    @Test(arguments: [
        OutboundError.unresolvable, .destinationRefused, .unreachable, .tlsFailed, .timedOutBeforeSending,
        .outcomeUnknown, .malformedResponse, .responseTooLarge, .overloaded, .cancelled,
    ])
    func `no answer backs off, and without a valid token the status says so`(_ fault: OutboundError) async throws {
        let flights = try await Flights()
        flights.world.clock.advance(by: .seconds(601))
        flights.world.outbound.answer { (_) throws(OutboundError) in throw fault }
        guard case .failure(.backingOff) = try await flights.refresh(flights.coordinator()) else {
            Issue.record("it did not back off")
            return
        }
        let after = try flights.stored().connection
        #expect(after.status == .backingOff && after.statusReason != nil)
        flights.world.clock.advance(by: .seconds(10))
        flights.numberTokens()
        #expect(try await flights.refresh(flights.coordinator()) == .success("fresh-1"))
        let recovered = try flights.stored().connection
        #expect(recovered.status == .active && recovered.statusReason == nil)
    }

    @Test func `Retry-After of the server is kept by every instance`() async throws {
        let flights = try await Flights()
        flights.world.outbound.answer { (_) throws(OutboundError) in
            .test(503, "", headers: [("retry-after", "120")])
        }
        let seen = try flights.stored()
        #expect(
            try await flights.refresh(flights.coordinator(), seen)
                == .failure(.backingOff(.tokenEndpointUnreachable, remaining: .seconds(120))))
        flights.world.clock.advance(by: .seconds(119))
        guard case .failure(.backingOff(_, let remaining)) = try await flights.refresh(flights.coordinator(), seen)
        else {
            Issue.record("it was tried too early")
            return
        }
        #expect(remaining == .seconds(1) && flights.requests == 1)
    }

    @Test(arguments: [
        (OutboundResponse.test(401), StatusReason.invalidClient),
        (.test(400, #"{"error":"invalid_client"}"#), .invalidClient),
        (.test(400, #"{"error":"unauthorized_client"}"#), .tokenEndpointRefused),
        (.test(403, #"{"error":"invalid_scope"}"#), .tokenEndpointRefused),
    ])
    func `a refused client ends the connection until it is linked or verified again`(
        _ answer: OutboundResponse, _ reason: StatusReason
    ) async throws {
        let flights = try await Flights()
        flights.world.outbound.answer { (_) throws(OutboundError) in answer }
        #expect(try await flights.refresh(flights.coordinator()) == .failure(.ended(reason)))
        let after = try flights.stored().connection
        #expect(after.status == .reauthRequired && after.statusReason == reason)
        let opener = flights.world.opener(refresher: flights.coordinator())
        do throws(UseError) {
            _ = try await opener.open(
                flights.connection.id, for: flights.world.principal(), deadline: flights.deadline())
            Issue.record("it was opened")
        } catch {
            #expect(error == .reauthRequired(reason))
        }
        #expect(flights.requests == 1, "no loop")
        flights.world.outbound.answer { (sent) throws(OutboundError) in
            sent.request.url.host == "login.example.com" ? .token("again", expiresIn: 600) : .test(200)
        }
        let verified = try await flights.world.linking(refresher: flights.coordinator()).verify(
            flights.connection.id, flights.world.context())
        #expect(verified.status == .active)
    }

    @Test func `a refusal of a credential that was replaced meanwhile ends nothing`() async throws {
        let flights = try await Flights()
        let coordinator = flights.coordinator()
        let seen = try flights.stored()
        flights.world.outbound.hold()
        flights.world.outbound.answer { (sent) throws(OutboundError) in
            // client:new-secret
            sent.header("authorization") == "Basic Y2xpZW50Om5ldy1zZWNyZXQ="
                ? .token("of-the-new", expiresIn: 600) : .test(401)
        }
        let waiter = Task { try await flights.refresh(coordinator, seen) }
        await flights.world.outbound.waitForRequests(flights.baseline + 1)
        _ = try await flights.replaceSecret("new-secret")
        flights.world.outbound.release()
        #expect(try await waiter.value == .success("of-the-new"))
        #expect(try flights.stored().connection.status == .active)
    }

    @Test func `an envelope that doesn't open sends no request, and is recorded`() async throws {
        let flights = try await Flights()
        let entered = try #require(try flights.stored().entered)
        var envelope = entered.envelope
        envelope[envelope.count - 1] ^= 1
        flights.world.database.tamper(
            flights.connection.id,
            entered: SealedSecret(
                envelope: envelope, keyVersion: entered.keyVersion, recordVersion: entered.recordVersion))
        #expect(try await flights.refresh(flights.coordinator()) == .failure(.envelopeRefused))
        #expect(flights.requests == 0)
        #expect(flights.world.database.events.last?.action == .envelopeRefused)
    }

    @Test func `a request ends well before the lease`() async throws {
        let flights = try await Flights()
        var settings = RefreshSettings()
        settings.leaseDuration = .seconds(8)
        _ = try await flights.refresh(flights.coordinator(settings: settings))
        #expect(flights.world.outbound.sent.last?.request.timeout == .seconds(4))
    }

    @Test func `the opener and the coordinator hand out one fresh token`() async throws {
        let flights = try await Flights()
        flights.world.clock.advance(by: .seconds(601))
        let opener = flights.world.opener(refresher: flights.coordinator())
        for _ in 0..<3 {
            let usable = try await opener.open(
                flights.connection.id, for: flights.world.principal(), deadline: flights.deadline())
            let header = usable.injection.headers.first { $0.name == "authorization" }
            #expect(header?.value.revealUTF8(for: .test) == "Bearer fresh-1")
            #expect(usable.generation.tokenSetVersion == 2)
        }
        #expect(flights.requests == 1)
    }

    @Test func `an opening past the token's renewal waits for nobody and has it replaced`() async throws {
        let flights = try await Flights()
        flights.world.clock.advance(by: .seconds(541))
        let coordinator = flights.coordinator()
        let opener = flights.world.opener(refresher: coordinator)
        flights.world.outbound.hold()
        for _ in 0..<20 {
            let usable = try await opener.open(
                flights.connection.id, for: flights.world.principal(), deadline: flights.deadline())
            #expect(usable.generation.tokenSetVersion == 1)
        }
        #expect(coordinator.flightCount == 1 && coordinator.waitingCount == 0)
        flights.world.outbound.release()
        await coordinator.drain(until: flights.deadline())
        #expect(flights.requests == 1)
        #expect(try flights.stored().tokenSet?.recordVersion == 2)
    }

    @Test func `a nudge while the connection backs off sends nothing`() async throws {
        let flights = try await Flights()
        let coordinator = flights.coordinator()
        flights.world.outbound.answer { (_) throws(OutboundError) in .test(503, "", headers: [("retry-after", "60")]) }
        _ = try await flights.refresh(coordinator)
        for _ in 0..<10 {
            coordinator.nudge(of: try flights.stored())
            while coordinator.flightCount > 0 { await Task.yield() }
        }
        #expect(flights.requests == 1)
        flights.world.clock.advance(by: .seconds(60))
        flights.numberTokens()
        coordinator.nudge(of: try flights.stored())
        await coordinator.drain(until: flights.deadline())
        #expect(try flights.stored().tokenSet?.recordVersion == 2)
        coordinator.nudge(of: try flights.stored())
        #expect(coordinator.flightCount == 0, "and none begins once it drains")
    }

    @Test func `a refresh by name isn't held by the connection's back-off, but by the cap on attempts`() async throws {
        let flights = try await Flights()
        var settings = RefreshSettings()
        settings.maxAttemptsPerHour = 3
        settings.endpoints.failuresToOpen = 100
        let coordinator = flights.coordinator(settings: settings)
        flights.world.outbound.answer { (_) throws(OutboundError) in .test(503, "", headers: [("retry-after", "600")]) }
        let seen = try flights.stored()
        for _ in 0..<3 {
            let outcome = try await flights.refresh(coordinator, seen, isForced: true)
            #expect(outcome == .failure(.backingOff(.tokenEndpointUnreachable, remaining: .seconds(600))))
        }
        let held = try await flights.refresh(coordinator, seen, isForced: true)
        #expect(held == .failure(.backingOff(.attemptsExhausted, remaining: .seconds(3_600))))
        #expect(flights.requests == 3)
        flights.world.clock.advance(by: .seconds(3_600))
        flights.numberTokens()
        #expect(try await flights.refresh(coordinator, seen, isForced: true) == .success("fresh-1"))
    }

    @Test func `a refusal of the integration's secret ends no connection, and is over when the secret is mended`()
        async throws
    {
        let flights = try await Flights(sharedSecret: "expired")
        let coordinator = flights.coordinator()
        flights.world.clock.advance(by: .seconds(601))
        flights.world.outbound.answer { (_) throws(OutboundError) in .test(401) }
        #expect(
            try await flights.refresh(coordinator)
                == .failure(.backingOff(.invalidClient, remaining: .seconds(300))))
        #expect(try flights.stored().connection.status == .backingOff)
        _ = try await flights.world.integrations.update(
            flights.integration.id, IntegrationChange(clientSecret: SecretBytes(utf8: "new")), flights.world.context())
        flights.world.clock.advance(by: .seconds(300))
        flights.numberTokens()
        #expect(try await flights.refresh(coordinator) == .success("fresh-1"))
        #expect(try flights.stored().connection.status == .active)
    }

    @Test func `a refusal says nothing of an integration that was mended meanwhile`() async throws {
        let flights = try await Flights()
        let seen = try flights.stored()
        flights.world.outbound.answer { (_) throws(OutboundError) in .test(400, #"{"error":"invalid_scope"}"#) }
        flights.world.outbound.hold()
        let coordinator = flights.coordinator()
        let waiter = Task { try await flights.refresh(coordinator, seen) }
        await flights.world.outbound.waitForRequests(flights.baseline + 1)
        var settings = flights.integration.settings
        settings.scopes = ["read"]
        _ = try await flights.world.integrations.update(
            flights.integration.id, IntegrationChange(settings: settings), flights.world.context())
        flights.world.outbound.answer { (sent) throws(OutboundError) in
            sent.body.contains("scope=read")
                ? .token("narrow", expiresIn: 600) : .test(400, #"{"error":"invalid_scope"}"#)
        }
        flights.world.outbound.release()
        #expect(try await waiter.value == .success("narrow"))
        #expect(flights.requests == 2)
        #expect(try flights.stored().connection.status == .active)
    }

    @Test func `an account that is suspended while its token is obtained is not opened`() async throws {
        let flights = try await Flights()
        flights.world.clock.advance(by: .seconds(601))
        let opener = flights.world.opener(refresher: flights.coordinator())
        let (id, principal, deadline) = (flights.connection.id, flights.world.principal(), flights.deadline())
        flights.world.outbound.hold()
        let opening = Task { () async -> UseError? in
            do throws(UseError) {
                _ = try await opener.open(id, for: principal, deadline: deadline)
                return nil
            } catch {
                return error
            }
        }
        await flights.world.outbound.waitForRequests(flights.baseline + 1)
        _ = try await flights.world.linking().update(
            id, ConnectionChange(suspended: true), flights.world.context())
        flights.world.outbound.release()
        #expect(await opening.value == .suspended)
        #expect(!flights.world.database.events.contains { $0.action == .credentialOpened })
    }
}
