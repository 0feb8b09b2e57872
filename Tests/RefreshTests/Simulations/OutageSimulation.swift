import Connections
import Domain
import Refresh
import Testing
import TestSupport

@Suite("An identity provider is down for six hours", .timeLimit(.minutes(3)))
struct OutageSimulation {
    private static let downCount = 2_000
    private static let upCount = 50
    private static let outage = Duration.seconds(6 * 3_600)
    private static let down = "down.example.com"
    private static let up = "up.example.com"

    /// When each of them first got a token.
    private static func firstAnswers(_ log: [TokenPark.Request]) -> [String: Timestamp] {
        Dictionary(log.filter(\.wasAnswered).map { ($0.connection, $0.at) }, uniquingKeysWith: min)
    }

    @Test func `none dies, probes are few, others never notice, and all recover at the drain rate`() async throws {
        let fleet = try await Fleet()
        for part in 0..<10 {
            let spread = (0..<(Self.downCount / 10)).map { Duration.milliseconds($0 * 1_000 + part * 100) }
            try await fleet.link(fleet.tenant(), host: Self.down, dueIn: spread)
        }
        let neighbours = try await fleet.link(
            fleet.tenant(), host: Self.up, dueIn: (0..<Self.upCount).map { .seconds($0 * 5) })
        let start = fleet.world.clock.wall.now()
        fleet.endpoints.setDown(Self.down, true)
        await fleet.run([fleet.machine(gathers: true)], for: Self.outage + .seconds(200)) { passed in
            if passed >= Self.outage { fleet.endpoints.setDown(Self.down, false) }
            return true
        }
        let back = start + Self.outage

        let dead = fleet.world.database.lifecycleEvents.filter { $0.type == .reauthRequired }
        #expect(dead.isEmpty)

        // What was under way together when it failed for the first time: four fifths of 64 places. Then one probe for each
        // wait of the open breaker, which grows to between thirty and sixty seconds.
        let probes = fleet.endpoints.requests(at: Self.down).count { $0.at < back }
        #expect(probes <= 51 + 10 + 6 * 3_600 / 30)
        #expect(probes >= 6 * 3_600 / 60, "and it is tried as long as it is down")

        let answered = Self.firstAnswers(fleet.endpoints.requests(at: Self.down))
        #expect(answered.count == Self.downCount, "all of them are fresh again")
        // The breaker's last wait, the backlog at four fifths of 200 a second, and seconds of back-off for those that were
        // the last probes.
        let drained = Duration.seconds(60) + .seconds(Self.downCount / 160) + .seconds(10)
        let latest = answered.values.max().map { $0 - back } ?? .zero
        #expect(latest <= drained)
        let rate = fleet.endpoints.mostInOneSecond(at: Self.down, until: back + drained)
        #expect(rate <= 200 + 200, "a bucketful and what a second adds: it is not stormed when it returns")

        let requests = Dictionary(grouping: fleet.endpoints.requests(at: Self.up), by: \.connection)
        #expect(requests.count == neighbours.count)
        for times in requests.values.map({ $0.map(\.at) }) {
            for (earlier, later) in zip(times, times.dropFirst()) {
                #expect(later - earlier < .seconds(285), "a token of five minutes was replaced late")
            }
        }
        #expect(fleet.world.database.lifecycleEvents.filter { $0.type == .backingOff }.count <= probes)
        let statuses = neighbours.compactMap { fleet.world.database.stored($0)?.connection.status }
        #expect(statuses.allSatisfy { $0 == .active })
    }
}
