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
        let mine = flights.coordinator()
        let theirs = flights.engine()
        let seen = try flights.stored()
        let listening = Task { await theirs.run(schedules: false) }
        while flights.world.database.subscriberCount == 0 { await Task.yield() }
        flights.world.outbound.hold()
        let winner = Task { try await flights.refresh(mine, seen) }
        await flights.world.outbound.waitForRequests(flights.baseline + 1)
        let loser = Task { try await flights.refresh(theirs.coordinator, seen) }
        // Both deadlines, the replay, and the loser's look after a second that never comes: this clock stands still.
        await flights.world.clock.waitForSleepers(4)
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
        let dead = try await #require(store.lease(of: connection, on: flights.terms(.seconds(30))))
        let coordinator = flights.coordinator()
        let seen = try flights.stored()
        let outcome = try await flights.movingTime {
            try await flights.refresh(coordinator, seen, within: .seconds(60))
        }
        #expect(outcome == .success("fresh-1"))
        let stored = try flights.stored()
        let late = try #require(stored.tokenSet)
        let written = try await store.complete([
            RefreshCompletion(
                lease: dead,
                result: .obtained(
                    SealedSecret(envelope: late.envelope, keyVersion: 1, recordVersion: 3),
                    TokenTimes(expiresAt: nil, refreshDueAt: nil),
                    TokenSetFacts(endpoint: .example, spendsRefreshToken: false, isScopeMissing: false)),
                audit: flights.auditEvent())
        ])
        #expect(written == [.stale])
        #expect(try flights.stored().tokenSet == late)
    }

    @Test func `a waiter's deadline ends while another instance holds the lease`() async throws {
        let flights = try await Flights()
        let connection = flights.connection
        let store = FakeRefreshStore(flights.world.database)
        #expect(try await store.lease(of: connection, on: flights.terms(.seconds(3_000))) != nil)
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
        let lagging = flights.engine(connections: store).coordinator
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
        // The lease is 40 s long.
        #expect(try await flights.refresh(flights.slowCoordinator(.seconds(14))) == .success("fresh-1"))
        #expect(flights.world.outbound.sent.last?.request.timeout == .seconds(13))
    }

    @Test func `a lease that is nearly over is given back, and another one taken`() async throws {
        let flights = try await Flights()
        let outcome = try await flights.refresh(flights.slowCoordinator(.seconds(31)), within: .seconds(60))
        #expect(outcome == .success("fresh-1"))
        #expect(flights.world.outbound.sent.last?.request.timeout == .seconds(20))
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
        let entered = try await flights.replaceSecret("new-secret")
        flights.world.outbound.release()
        #expect(try await waiter.value == .success("fresh-2"))
        #expect(flights.requests == 2)
        // client:new-secret
        #expect(flights.world.outbound.sent.last?.header("authorization") == "Basic Y2xpZW50Om5ldy1zZWNyZXQ=")
        let stored = try flights.stored()
        // Numbers of token sets never start again.
        #expect(stored.tokenSet?.recordVersion == 2 && stored.entered == entered)
    }
}

extension Flights {
    /// Its first lease takes so long to be granted.
    fileprivate func slowCoordinator(_ duration: Duration) -> RefreshCoordinator {
        let clock = world.clock
        let store = WatchedRefreshStore(
            base: FakeRefreshStore(world.database), onLease: { if $0 == 1 { clock.advance(by: duration) } })
        return engine(refreshes: store).coordinator
    }
}
