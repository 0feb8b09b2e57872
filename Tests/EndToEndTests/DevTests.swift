import Glibc
import StrictJSON
import TestSupport
import Testing

extension EndToEnd {
    @Suite("dev serves at once, and all of it survives a restart")
    struct DevTests {
        @Test func `the same API key and connections after SIGTERM, and after kill -9`() async throws {
            try await FakeUpstream.with { upstream in
                try await TestDirectory.with { directory in
                    let state = directory + "/state"
                    let first = try await Self.start(state)
                    let key = first.key
                    let tenant = try await first.tenant("t")
                    _ = try await first.integration("fake", "generic-basic")
                    let connection = try await first.fakeBasic(tenant, "fake", upstream)
                    first.process.kill(SIGTERM)
                    #expect(try await first.process.exitStatus() == 0, "\(first.process.errors)")

                    let second = try await Self.start(state)
                    #expect(second.key == key)
                    try await Self.expectAlive(second, tenant, connection)
                    let other = try await second.fakeBasic(tenant, "fake", upstream, name: "other")
                    try await second.process.killNow()

                    let third = try await Self.start(state)
                    defer { third.process.kill(SIGKILL) }
                    #expect(third.key == key)
                    try await Self.expectAlive(third, tenant, connection)
                    try await Self.expectAlive(third, tenant, other)
                    third.process.kill(SIGTERM)
                    #expect(try await third.process.exitStatus() == 0, "\(third.process.errors)")
                }
            }
        }

        @Test func `a second dev on the same state is refused`() async throws {
            try await TestDirectory.with { directory in
                let state = directory + "/state"
                let first = try await Self.start(state)
                defer { first.process.kill(SIGKILL) }
                let second = try await Binary.run(
                    ["dev", "--state-directory", state, "--set", "control.port=1", "--set", "data.port=2"])
                #expect(second.status == 69, "\(second)")
                try await first.expect(200, "GET", "/v1/tenants")
                first.process.kill(SIGTERM)
                #expect(try await first.process.exitStatus() == 0)
            }
        }

        @Test func `its database can be looked into`() async throws {
            try await TestDirectory.with { directory in
                let state = directory + "/state"
                let instance = try await Self.start(state)
                defer { instance.process.kill(SIGKILL) }
                let answer = try await Binary.succeed(
                    ["dev", "sql", "--state-directory", state, "select name from sallyport.environments"])
                #expect(answer.output.contains("dev"))
                let dump = try await Binary.succeed(["dev", "sql", "--dump", "--state-directory", state])
                #expect(dump.output.contains("CREATE TABLE sallyport.credentials"))
                instance.process.kill(SIGTERM)
                #expect(try await instance.process.exitStatus() == 0)
            }
        }

        /// Starts it as deploy/demo does; the state's API key is there when both listeners answer.
        private static func start(_ state: String) async throws -> Instance {
            let control = try FreePort.next()
            let data = try FreePort.next()
            let process = try TestProcess(
                Binary.path(),
                [
                    "dev", "--state-directory", state, "--set", "control.port=\(control)", "--set", "data.port=\(data)",
                    "--json",
                ])
            var instance = Instance(process: process, control: control, data: data, key: "")
            try await instance.waitUntilReady(within: .seconds(120))
            instance.key = TextFiles.read(state + "/api-key")
            #expect(TextFiles.mode(state + "/api-key") == 0o600)
            #expect(TextFiles.mode(state + "/root.key") == 0o600)
            try await eventually { !process.output.isEmpty }
            let greeting = try JSONValue.parse(Array(process.output.utf8))
            #expect(greeting?["control_plane"]?.string == "http://127.0.0.1:\(control)")
            return instance
        }

        private static func expectAlive(_ instance: Instance, _ tenant: String, _ connection: String) async throws {
            let token = try await instance.callerToken(tenant)
            let answer = try await instance.proxy(connection, "/a", token: token)
            #expect(answer.status == 200, "\(answer)")
        }
    }
}
