import Connections
import Domain
import Testing
import TestSupport

@Suite("The fakes of the stores keep what the ports promise")
struct FakeConformanceTests {
    @Test(arguments: ConnectionConformance.all.map(\.name))
    func `they pass the suite that the real stores pass`(_ name: String) async throws {
        let world = try await FakeWorld()
        let ports = world.database.ports(vault: world.vault, identifiers: world.gate.identifiers)
        let entry = try #require(ConnectionConformance.all.first { $0.name == name })
        try await entry.check(ports)
    }
}
