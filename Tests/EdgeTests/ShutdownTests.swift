import Domain
@testable import Edge
import TestSupport
import Testing

@Suite("A graceful shutdown cuts no request off")
struct ShutdownTests {
    @Test func `a request under way is answered, a new one is not taken`() async throws {
        try await Rig.run { rig in
            let fixtures = try await Fixtures.paths(rig)
            let route = try #require(ControlPlaneRoute.all.first { $0.name == "POST /v1/connections" })
            rig.world.outbound.answer { (_) throws(OutboundError) in .test(200) }
            rig.world.outbound.hold()
            let sent = rig.world.outbound.sent.count
            async let response = rig.send("POST", "/v1/connections", body: fixtures.body(of: route))
            await rig.world.outbound.waitForRequests(sent + 1)
            await rig.shutDown()
            let port = rig.port
            // Refused: nobody listens any more.
            try await eventually { (try? await RawHTTP.onThread { _ = try RawConnection(port: port) }) == nil }
            rig.world.outbound.release()
            #expect(try await response.status == 201)
        }
    }
}
