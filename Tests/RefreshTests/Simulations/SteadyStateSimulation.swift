import Connections
import Domain
import Refresh
import Sodium
import Synchronization
import Testing
import TestSupport

@Suite("In the steady state nobody waits for a token", .timeLimit(.minutes(6)))
struct SteadyStateSimulation {
    /// About a minute of a processor in a debug build.
    private static let connectionCount = 20_000
    private static let tenantCount = 20
    private static let machineCount = 2
    private static let fetchesPerStep = 10
    private static let warmUp = Duration.seconds(300)
    private static let duration = Duration.seconds(900)

    @Test func `random fetches of tokens of five minutes wait for none, and get none that expired`() async throws {
        let fleet = try await Fleet()
        let world = fleet.world
        var ids: [ConnectionID] = []
        for part in 0..<Self.tenantCount {
            let count = Self.connectionCount / Self.tenantCount
            // As if they had been linked over the last five minutes.
            ids += try await fleet.link(
                fleet.tenant(), dueIn: (0..<count).map { .milliseconds($0 * 265_000 / count + part) })
        }
        let machines = (0..<Self.machineCount).map { _ in fleet.machine(gathers: true) }
        let openers = machines.map { world.opener(refresher: $0.coordinator) }
        let random = SeededRandom(seed: 7)
        var (waitsBefore, fetches, expired) = (0, 0, 0)
        await fleet.run(machines, for: Self.duration) { passed in
            if passed < Self.warmUp { waitsBefore = machines.reduce(0) { $0 + $1.statistics.waitCount } }
            for _ in 0..<Self.fetchesPerStep {
                let id = ids[Int(random.next() % UInt64(ids.count))]
                let opener = openers[Int(random.next() % UInt64(openers.count))]
                do throws(UseError) {
                    let usable = try await opener.open(
                        id, for: world.principal(), deadline: world.clock.now.advanced(by: .seconds(5)))
                    let expiry = usable.bearer.flatMap { TokenPark.expiry(of: $0) }
                    fetches += 1
                    if expiry.map({ $0 <= world.clock.wall.now() }) ?? true { expired += 1 }
                } catch {
                    Issue.record("a fetch failed: \(error)")
                }
            }
            return true
        }
        let waits = machines.reduce(0) { $0 + $1.statistics.waitCount } - waitsBefore
        #expect(waits == 0, "of \(fetches) fetches")
        #expect(expired == 0 && fetches > 5_000)
        let lifetimes = Int(Self.duration / .seconds(255)) + 1
        #expect(fleet.endpoints.mostOfOne <= lifetimes, "each is refreshed once in its lifetime")
        #expect(fleet.endpoints.requestCount > Self.connectionCount * 3)
    }
}
