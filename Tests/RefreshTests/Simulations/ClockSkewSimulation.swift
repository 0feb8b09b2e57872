import Connections
import Domain
import Refresh
import Testing
import TestSupport

@Suite("Machines whose clocks are ten minutes off", .timeLimit(.minutes(3)))
struct ClockSkewSimulation {
    private static let connectionCount = 100
    private static let offsets: [Duration] = [.seconds(-600), .zero, .seconds(600)]
    private static let duration = Duration.seconds(1_800)

    private struct SkewedClock: WallClock {
        let base: FakeWallClock
        let offset: Duration

        func now() -> Timestamp { base.now() + offset }
    }

    private struct Account {
        var requests = 0
        var mostOfOne = 0
        var fetches = 0
        var failures = 0
        /// Tokens handed out after the endpoint's own clock had ended them.
        var expired = 0
    }

    /// - Parameter isAligned: each machine follows the database's clock, as its heartbeat makes it.
    private func run(isAligned: Bool) async throws -> Account {
        let fleet = try await Fleet()
        let world = fleet.world
        let ids = try await fleet.link(
            fleet.tenant(), dueIn: (0..<Self.connectionCount).map { .milliseconds($0 * 2_600) })
        let clocks = Self.offsets.map { offset in
            AlignedClock(machine: SkewedClock(base: world.clock.wall, offset: offset), steady: { world.clock.now })
        }
        let gates = clocks.map { clock in
            CallGate(
                wallClock: clock, identifiers: world.gate.identifiers, audit: world.gate.audit,
                logger: world.gate.logger)
        }
        func align() {
            guard isAligned else { return }
            for clock in clocks {
                clock.align(
                    to: world.clock.wall.now(), askedAt: world.clock.now, answeredAt: world.clock.now)
            }
        }
        align()
        let machines = gates.map { fleet.machine(gathers: true, gate: $0) }
        let openers = zip(machines, gates).map { world.opener(refresher: $0.coordinator, gate: $1) }
        let random = SeededRandom(seed: 3)
        var account = Account()
        await fleet.run(machines, for: Self.duration) { _ in
            align()
            let id = ids[Int(random.next() % UInt64(ids.count))]
            let opener = openers[account.fetches % openers.count]
            account.fetches += 1
            // Time stands still meanwhile: whoever would have to wait doesn't.
            let deadline = world.clock.now.advanced(by: .microseconds(1))
            async let opening = try? opener.open(id, for: world.principal(), deadline: deadline)
            guard let usable = await opening else {
                account.failures += 1
                return true
            }
            let expiry = usable.bearer.flatMap { TokenPark.expiry(of: $0) }
            if expiry.map({ $0 <= world.clock.wall.now() }) ?? true { account.expired += 1 }
            return true
        }
        account.requests = fleet.endpoints.requestCount
        account.mostOfOne = fleet.endpoints.mostOfOne
        return account
    }

    @Test func `following the database's clock they refresh once in a lifetime and serve nothing that has expired`()
        async throws
    {
        let account = try await run(isAligned: true)
        // Half an hour, and five minutes less at most forty-five seconds for each token.
        #expect(account.mostOfOne <= 1_800 / 255 + 1)
        #expect(account.requests <= Self.connectionCount * 8)
        #expect(account.expired == 0 && account.failures == 0 && account.fetches > 1_000)
    }

    @Test func `each by its own clock they would storm, or serve what has expired`() async throws {
        let account = try await run(isAligned: false)
        #expect(account.requests > 2 * Self.connectionCount * 8 || account.expired + account.failures > 100)
    }
}
