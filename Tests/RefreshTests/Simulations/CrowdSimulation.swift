import Connections
import Domain
import Refresh
import Testing
import TestSupport

@Suite("A thousand callers on one expired token, over three instances", .timeLimit(.minutes(2)))
struct CrowdSimulation {
    private static let callers = 1_000

    /// - Parameter hearsAnnouncements: the engines run; else each instance looks once a second.
    @Test(arguments: [true, false])
    func `one request is sent, and all get the new token`(_ hearsAnnouncements: Bool) async throws {
        let flights = try await GrantFlights()
        let world = flights.world
        world.clock.advance(by: .seconds(601))
        let engines = (0..<3).map { _ in world.engine() }
        // Ended below.
        let running = hearsAnnouncements ? engines.map { engine in Task { await engine.run(schedules: false) } } : []
        #expect(await turns { world.database.subscriberCount == running.count })
        let seen = try flights.stored()
        let sent = world.outbound.sent.count
        world.outbound.hold()
        let deadline = world.clock.now.advanced(by: .seconds(30))
        let outcomes = await withTaskGroup(of: Result<String, RefreshError>.self) { group in
            for caller in 0..<Self.callers {
                group.addTask { await engines[caller % 3].coordinator.outcome(of: seen, deadline: deadline) }
            }
            #expect(await turns { engines.reduce(0) { $0 + $1.waiting } == Self.callers })
            await world.outbound.waitForRequests(sent + 1)
            world.outbound.release()
            if hearsAnnouncements {
                // Without a moment passing.
            } else {
                #expect(await turns { engines.contains { $0.waiting == 0 } })
                world.clock.advance(by: .seconds(1))
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count == Self.callers && outcomes.allSatisfy { $0 == .success("at-a-2") })
        #expect(flights.server.sent == ["rt-a-0", "rt-a-1"])
        #expect(try flights.stored().tokenSet?.recordVersion == 2)
        for task in running { task.cancel() }
        for task in running { await task.value }
    }
}
