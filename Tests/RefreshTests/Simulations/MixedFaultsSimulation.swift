import Connections
import Domain
import Refresh
import Testing
import TestSupport

@Suite("Three instances, a rotating endpoint, and faults of every kind but lost answers", .timeLimit(.minutes(3)))
struct MixedFaultsSimulation {
    private static let grants = (0..<16).map { "g\($0)" }

    private struct Machine {
        let engine: RefreshEngine
        let store: MortalRefreshStore
        let spool: RefreshSpool
        let running: Task<Void, Never>

        /// Nothing more of it reaches the database; what it had on its disk stays there.
        func die(_ clock: FakeClock) async {
            store.die()
            running.cancel()
            await running.value
            await engine.drain(until: clock.now)
            await spool.close()
        }
    }

    private func machine(_ number: UInt64, _ world: FakeWorld, _ bed: SpoolBed) async throws -> Machine {
        let spool = try await bed.open(number)
        let store = MortalRefreshStore(FakeRefreshStore(world.database))
        let engine = world.engine(instance: SpoolBed.instance(number), spool: spool, refreshes: store)
        // Ended by `die`.
        return Machine(engine: engine, store: store, spool: spool, running: Task { await engine.run() })
    }

    /// One fault now and then.
    private static func fault(_ random: SeededRandom, _ flights: GrantFlights) {
        func below(_ bound: UInt64) -> UInt64 { (random.next() >> 33) % bound }
        let database = flights.world.database
        switch below(12) {
        case 0: database.fail(.leaseAcquire, with: .unavailable)
        case 1: database.fail(.leaseAcquire, with: .outcomeUnknown, afterEffect: true)
        case 2: database.fail(.leaseComplete, with: .unavailable, times: Int(below(8)))
        case 3: database.fail(.leaseComplete, with: .outcomeUnknown, afterEffect: true)
        case 4: database.fail(.leaseComplete, with: .outcomeUnknown)
        case 5: database.fail(.leaseRelease, with: .outcomeUnknown)
        case 6: database.fail(.refreshDue, with: .unavailable)
        case 7: database.announce(.gap)
        case 8: flights.server.fail(.before(.unreachable))
        case 9: flights.server.fail(.before(.outcomeUnknown))
        case 10: flights.server.fail(.answer(.test(503)))
        default: flights.server.fail(.answer(.test(429, "", headers: [("retry-after", "3")])))
        }
    }

    @Test(arguments: 1...3)
    func `no token is sent twice, no answer is lost, and no grant ends`(seed: UInt64) async throws {
        let flights = try await GrantFlights()
        let (world, bed) = (flights.world, try SpoolBed())
        flights.server.setLifetime(60)
        var ids: [(grant: String, id: ConnectionID)] = []
        for grant in Self.grants { ids.append((grant, try await flights.link(grant).id)) }
        var number: UInt64 = 3
        var machines: [Machine] = []
        for number in 1...3 { machines.append(try await machine(UInt64(number), world, bed)) }
        let random = SeededRandom(seed: seed)
        // Ten minutes of faults, then ten in which all comes right again.
        for round in 0..<60 {
            let current = machines
            await drive(world, current, for: .seconds(20)) {
                if round < 30, random.next() >> 33 & 3 == 0 { Self.fault(random, flights) }
            }
            // By turns one dies, and a new one starts.
            if round % 5 == 4, round < 30 {
                number += 1
                let victim = Int(random.next() % 3)
                await machines[victim].die(world.clock)
                machines[victim] = try await machine(number, world, bed)
            }
        }
        #expect(flights.server.reuses == 0)
        #expect(flights.server.sent.count > 100)
        for (grant, id) in ids {
            let stored = try #require(world.database.stored(id))
            #expect(stored.connection.status == .active, "\(grant)")
            #expect(try await flights.storedRefreshToken(of: id) == flights.server.current(of: grant))
            #expect(stored.tokenTimes?.expiresAt.map { $0 > world.clock.wall.now() } == true, "\(grant) is fresh")
        }
        #expect(machines.allSatisfy { $0.engine.unwritten == 0 && $0.spool.status.reservations == 0 })
        for machine in machines { await machine.die(world.clock) }
    }

    private func drive(
        _ world: FakeWorld, _ machines: [Machine], for duration: Duration, onStep: () -> Void
    ) async {
        let operations: [StoreOperation] = [.refreshDue, .leaseAcquire, .leaseComplete, .leaseRelease, .connectionLoad]
        await world.clock.drive(
            for: duration,
            isBusy: { Fleet.isBusy(machines.map(\.engine), on: world.clock) },
            activity: {
                operations.reduce(world.outbound.sent.count) { $0 + world.database.calls(of: $1) }
            },
            onStep: {
                onStep()
                return true
            })
    }
}
