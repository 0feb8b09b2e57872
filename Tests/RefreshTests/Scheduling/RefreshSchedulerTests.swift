import Connections
import Domain
import Refresh
import Testing
import TestSupport

@Suite("What is due is refreshed without anybody asking", .timeLimit(.minutes(1)))
struct RefreshSchedulerTests {
    private let fleet: Fleet
    private let tenant: TenantID
    private var world: FakeWorld { fleet.world }

    init() async throws {
        fleet = try await Fleet()
        tenant = try await fleet.tenant()
    }

    private func due(_ id: ConnectionID) -> Timestamp? { world.database.refreshRow(id)?.dueAt }

    @Test func `a row is refreshed when it is due, again and again`() async throws {
        let id = try await fleet.link(tenant, dueIn: [.seconds(100)])[0]
        let start = world.clock.wall.now()
        await fleet.run([fleet.machine()], for: .seconds(1_000))
        let times = fleet.endpoints.log.map { $0.at - start }
        #expect(times.first.map { $0 >= .seconds(100) && $0 < .seconds(102) } == true)
        // Tokens of five minutes are replaced thirty to forty-five seconds before their end.
        #expect((4...5).contains(times.count))
        for (earlier, later) in zip(times, times.dropFirst()) {
            #expect(later - earlier > .seconds(250) && later - earlier < .seconds(272))
        }
        #expect(due(id).map { $0 > world.clock.wall.now() } == true)
        #expect(world.database.stored(id)?.connection.status == .active)
    }

    @Test func `while nothing is due it asks the database twice a minute, for one page`() async throws {
        try await fleet.link(tenant, dueIn: Array(repeating: .seconds(7_200), count: 50))
        let before = StoreOperation.allCases.map { ($0, world.database.calls(of: $0)) }
        await fleet.run([fleet.machine()], for: .seconds(3_600))
        for (operation, count) in before {
            let calls = world.database.calls(of: operation) - count
            if operation == .refreshDue {
                #expect((110...125).contains(calls))
            } else {
                #expect(calls == 0, "\(operation)")
            }
        }
    }

    @Test func `what becomes due earlier than was known is found when it is announced`() async throws {
        let id = try await fleet.link(tenant, dueIn: [.seconds(7_200)])[0]
        await fleet.run([fleet.machine()], for: .seconds(60)) { passed in
            if passed >= .seconds(10), due(id).map({ $0 > world.clock.wall.now() + .seconds(3_600) }) == true {
                world.database.setDue(id, at: world.clock.wall.now())
                world.database.announce(.connectionChanged(id))
                return true
            }
            return fleet.endpoints.requestCount == 0
        }
        let request = try #require(fleet.endpoints.log.first)
        #expect(world.clock.wall.now() - request.at <= .seconds(1))
        #expect(fleet.endpoints.requestCount == 1)
    }

    @Test func `what becomes due earlier is found within half a minute, should nobody tell`() async throws {
        let id = try await fleet.link(tenant, dueIn: [.seconds(7_200)])[0]
        let start = world.clock.wall.now()
        await fleet.run([fleet.machine()], for: .seconds(60)) { passed in
            if passed >= .seconds(5), passed < .seconds(6) { world.database.setDue(id, at: start + .seconds(5)) }
            return fleet.endpoints.requestCount == 0
        }
        let request = try #require(fleet.endpoints.log.first)
        #expect(request.at - start <= .seconds(32))
    }

    @Test func `two instances on one database refresh each row once`() async throws {
        for _ in 0..<3 {
            try await fleet.link(
                fleet.tenant(), dueIn: (0..<100).map { .milliseconds(($0 % 10) * 100) })
        }
        await fleet.run([fleet.machine(), fleet.machine()], for: .seconds(20))
        #expect(fleet.endpoints.requestCount == 300 && fleet.endpoints.mostOfOne == 1)
    }

    @Test func `rows that an instance left when it died are taken by another one`() async throws {
        let ids = try await fleet.link(tenant, dueIn: Array(repeating: .seconds(1), count: 10))
        let terms = LeaseTerms(
            owner: .numbered(9), duration: .seconds(40), unresolvedWait: nil, ended: [], maxAttemptsPerHour: 120)
        let requests = ids.compactMap { world.database.stored($0)?.connection }.map {
            LeaseRequest(connectionID: $0.id, scope: $0.scope)
        }
        let answers = try await FakeRefreshStore(world.database).acquireLeases(requests, on: terms)
        #expect(answers.count == 10)
        let start = world.clock.wall.now()
        await fleet.run([fleet.machine()], for: .seconds(90))
        #expect(fleet.endpoints.requestCount == 10)
        #expect(fleet.endpoints.log.allSatisfy { $0.at - start <= .seconds(72) })
    }

    @Test func `a database that is away for a while loses no row`() async throws {
        try await fleet.link(tenant, dueIn: (0..<40).map { .seconds($0) })
        world.database.fail(.refreshDue, with: .unavailable, times: 20)
        world.database.fail(.leaseAcquire, with: .outcomeUnknown, times: 10, afterEffect: true)
        world.database.fail(.leaseComplete, with: .unavailable, times: 10)
        await fleet.run([fleet.machine()], for: .seconds(180))
        let now = world.clock.wall.now()
        #expect(fleet.endpoints.mostOfOne == 1)
        #expect(fleet.endpoints.requestCount == 40 && world.database.connectionCount == 41)
        let backlog = try await FakeRefreshStore(world.database).backlog()
        #expect(backlog.due == 0, "\(backlog) at \(now)")
    }

    // MARK: Endpoints and tenants

    @Test func `an endpoint that is down costs a probe now and then, and delays no other`() async throws {
        try await fleet.link(tenant, host: "down.example.com", dueIn: Array(repeating: .seconds(1), count: 200))
        let others = try await fleet.link(tenant, host: "up.example.com", dueIn: (0..<20).map { .seconds($0 * 10) })
        let start = world.clock.wall.now()
        fleet.endpoints.setDown("down.example.com", true)
        await fleet.run([fleet.machine()], for: .seconds(240))
        // Those that were under way together when it went down, then probes at one to sixty seconds.
        let probes = fleet.endpoints.requests(at: "down.example.com").count
        #expect(probes > 5 && probes <= 51 + 20)
        let times = fleet.endpoints.requests(at: "up.example.com").map { $0.at - start }
        #expect(times.count == others.count)
        for (index, time) in times.enumerated() { #expect(time - .seconds(index * 10) <= .seconds(2)) }
    }

    @Test func `a tenant with thousands of due rows delays another one's row by a handful`() async throws {
        let other = try await fleet.tenant()
        try await fleet.link(tenant, dueIn: Array(repeating: .zero, count: 5_000))
        let id = try await fleet.link(other, dueIn: [.seconds(3)])[0]
        let start = world.clock.wall.now()
        await fleet.run([fleet.machine()], for: .seconds(10), largestStep: .milliseconds(50)) { _ in
            !fleet.endpoints.log.suffix(200).contains { $0.connection.hasSuffix(id.description) }
        }
        let log = fleet.endpoints.log
        let place = try #require(log.firstIndex { $0.connection.hasSuffix(id.description) })
        let before = log[..<place].count { $0.at - start >= .seconds(3) }
        #expect(before <= 40, "\(before) of \(place) went before it although it was due")
        #expect(place > 300, "the other one had enough to do")
        #expect(log[place].at - start < .seconds(4))
    }

    @Test func `callers go before scheduled work`() async throws {
        var settings = RefreshSettings()
        settings.endpoints.perSecond = 10
        settings.endpoints.burst = 10
        let ids = try await fleet.link(
            tenant, dueIn: Array(repeating: .zero, count: 300), lastingOn: .seconds(-1))
        let last = try #require(ids.last.flatMap { world.database.stored($0) })
        let machine = fleet.machine(settings: settings)
        let clock = world.clock
        let asking = Task { () -> Duration? in
            let began = clock.now
            let outcome = await machine.coordinator.outcome(of: last, deadline: began.advanced(by: .seconds(30)))
            return (try? outcome.get()).map { _ in clock.now - began }
        }
        #expect(await turns { machine.waiting > 0 || fleet.endpoints.requestCount > 0 })
        await fleet.run([machine], for: .seconds(20), largestStep: .milliseconds(100))
        let wait = try #require(await asking.value)
        #expect(wait <= .seconds(2), "although thirty seconds of work stand before it")
    }

    @Test func `a client that is refused everywhere is probed, ends no connection, and all recover when it is mended`()
        async throws
    {
        let fleet = try await Fleet(sharedSecret: "expired")
        let world = fleet.world
        let ids = try await fleet.link(fleet.tenant(), dueIn: Array(repeating: .seconds(1), count: 60))
        fleet.endpoints.refuseClients(true)
        let machine = fleet.machine()
        var refusals = 0
        let early = try #require(ids.last)
        var forced: Result<String, RefreshError>?
        await fleet.run([machine], for: .seconds(900)) { passed in
            if passed >= .seconds(290), refusals == 0 {
                refusals = fleet.endpoints.requestCount
                fleet.endpoints.refuseClients(false)
                world.database.announce(.integrationChanged(fleet.integration.id))
                return true
            }
            if passed >= .seconds(292), forced == nil, let stored = world.database.stored(early) {
                // Time stands still until it is back.
                forced = await machine.coordinator.outcome(
                    of: stored, isForced: true, deadline: world.clock.now.advanced(by: .seconds(5)))
            }
            return true
        }
        #expect(!world.database.lifecycleEvents.contains { $0.type == .reauthRequired })
        #expect(refusals >= 5 && refusals < 60, "\(refusals): most were held back unasked")
        #expect(forced.flatMap { try? $0.get() } != nil, "whoever asks by name has a token at once")
        let now = world.clock.wall.now()
        let expiries = ids.compactMap { world.database.stored($0)?.tokenTimes?.expiresAt }
        #expect(expiries.count == 60 && expiries.allSatisfy { $0 > now })
        let statuses = ids.compactMap { world.database.stored($0)?.connection.status }
        #expect(statuses.allSatisfy { $0 == .active })
    }

    @Test func `an attempt that a dead instance left is taken over without anybody asking`() async throws {
        let flights = try await GrantFlights()
        let world = flights.world
        let terms = LeaseTerms(
            owner: .numbered(9), duration: .seconds(40), unresolvedWait: nil, ended: [], maxAttemptsPerHour: 120)
        world.clock.advance(by: .seconds(535))
        #expect(try await FakeRefreshStore(world.database).lease(of: flights.connection, on: terms) != nil)
        world.database.setDue(flights.connection.id, at: world.clock.wall.now())
        let leases = world.database.calls(of: .leaseAcquire)
        let engine = world.engine()
        let running = Task { await engine.run() }
        for _ in 0..<335 {
            await world.clock.drive(
                for: .seconds(1), isBusy: { Fleet.isBusy([engine], on: world.clock) },
                activity: { world.database.calls(of: .leaseAcquire) + world.database.calls(of: .refreshDue) })
        }
        #expect(flights.server.sent.count == 1, "not before its wait is over")
        #expect(world.database.calls(of: .leaseAcquire) - leases <= 14, "and it is looked at twice a minute")
        await world.clock.drive(
            for: .seconds(40), isBusy: { Fleet.isBusy([engine], on: world.clock) },
            activity: { world.database.calls(of: .leaseAcquire) + world.database.calls(of: .refreshDue) })
        #expect(flights.server.sent == ["rt-a-0", "rt-a-1"])
        #expect(try flights.stored().connection.status == .active)
        running.cancel()
        await running.value
    }

    // MARK: Its end

    @Test func `a scheduler that is cancelled begins nothing more`() async throws {
        try await fleet.link(tenant, dueIn: (0..<100).map { .seconds($0) })
        await fleet.run([fleet.machine()], for: .seconds(30))
        let count = fleet.endpoints.requestCount
        #expect((28...33).contains(count))
        world.clock.advance(by: .seconds(100))
        for _ in 0..<1_000 { await Task.yield() }
        #expect(fleet.endpoints.requestCount == count)
    }
}
