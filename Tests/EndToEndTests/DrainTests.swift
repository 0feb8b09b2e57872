import Glibc
import StrictJSON
import Synchronization
import TestSupport
import Testing

extension EndToEnd {
    @Suite("SIGTERM drains")
    struct DrainTests {
        @Test func `a download in flight finishes whole, new connections are refused, and the exit code is 0`()
            async throws
        {
            try await FakeUpstream.with { upstream in
                try await Site.with { site in
                    let instance = try await site.start(["timeouts.drain": "30s"])
                    defer { instance.process.kill(SIGKILL) }
                    let (tenant, connection) = try await Self.connection(instance, upstream)
                    let token = try await instance.callerToken(tenant)
                    async let download = instance.proxy(connection, "/stream/100", token: token)
                    try await eventually { upstream.script.now.streamsBegun == 1 }
                    instance.process.kill(SIGTERM)
                    try await eventually(within: .seconds(10)) { try await Self.isRefused(instance.data) }
                    try await eventually(within: .seconds(10)) { try await Self.isRefused(instance.control) }
                    #expect(instance.process.running(), "it waits for the download")
                    let answer = try await download
                    #expect(answer.status == 200 && answer.body.count == 100 * 4_096 && !answer.isCut)
                    #expect(
                        try await instance.process.exitStatus(within: .seconds(20)) == 0, "\(instance.process.errors)")
                }
            }
        }

        @Test func `a request that outlasts timeouts.drain is ended`() async throws {
            try await FakeUpstream.with { upstream in
                try await Site.with { site in
                    let instance = try await site.start(["timeouts.drain": "1s"])
                    defer { instance.process.kill(SIGKILL) }
                    let (tenant, connection) = try await Self.connection(instance, upstream)
                    let token = try await instance.callerToken(tenant)
                    async let hanging = instance.proxy(connection, "/hang", token: token)
                    try await eventually { upstream.script.now.streamsBegun == 1 }
                    let start = ContinuousClock.now
                    instance.process.kill(SIGTERM)
                    #expect(
                        try await instance.process.exitStatus(within: .seconds(20)) == 0, "\(instance.process.errors)")
                    #expect(ContinuousClock.now - start < .seconds(10))
                    let answer = try? await hanging
                    #expect(answer?.isCut ?? true, "an answer without its body is not whole")
                }
            }
        }

        @Test func `idle keep-alive connections don't hold it up, and SIGINT does the same`() async throws {
            try await Site.with { site in
                let instance = try await site.start()
                defer { instance.process.kill(SIGKILL) }
                let idle = try [instance.control, instance.data].map { port in
                    let wire = try Wire(port: port)
                    wire.send(WireHTTP.request("GET", "/health/live"))
                    #expect(try wire.readAnswer()?.status == 200)
                    return wire
                }
                let start = ContinuousClock.now
                instance.process.kill(SIGINT)
                #expect(try await instance.process.exitStatus(within: .seconds(25)) == 0, "\(instance.process.errors)")
                #expect(ContinuousClock.now - start < .seconds(10))
                for wire in idle { #expect(try wire.isClosedByServer()) }
            }
        }

        private static func connection(
            _ instance: Instance, _ upstream: FakeUpstream
        ) async throws -> (tenant: String, connection: String) {
            let tenant = try await instance.tenant("t")
            _ = try await instance.integration("fake", "generic-basic")
            return (tenant, try await instance.fakeBasic(tenant, "fake", upstream))
        }

        /// Whether nobody takes new connections: refused outright, or closed without an answer, or answered 503.
        private static func isRefused(_ port: Int) async throws -> Bool {
            let bytes = WireHTTP.request("GET", "/health/live")
            guard let answer = try? await WireHTTP.exchange(bytes, port: port, within: .seconds(5)) else { return true }
            return answer.status == 503
        }
    }
}
