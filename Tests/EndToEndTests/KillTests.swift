import Glibc
import StrictJSON
import Synchronization
import TestSupport
import Testing

extension EndToEnd {
    @Suite("kill -9 at any time: nothing that was acknowledged is lost")
    struct KillTests {
        private static let rounds = 6
        private static let seed: UInt64 = 0x5A11_1907

        @Test func `every acknowledged tenant and connection is there after a restart, and opens`() async throws {
            try await FakeUpstream.with { upstream in
                try await Site.with { site in
                    var random = SeededGenerator(state: Self.seed)
                    let acknowledged = Acknowledged()
                    let control = try FreePort.next()
                    let data = try FreePort.next()
                    var integration = ""
                    for round in 0..<Self.rounds {
                        let instance = try await site.start(control: control, data: data)
                        if round == 0 { integration = try await instance.integration("fake", "generic-basic") }
                        let moment = Duration.milliseconds(Int.random(in: 20...500, using: &random))
                        try await Self.createUntilKilled(instance, upstream, integration, acknowledged, after: moment)
                    }
                    let instance = try await site.start(control: control, data: data)
                    defer { instance.process.kill(SIGKILL) }
                    let all = acknowledged.all
                    #expect(all.connections.count >= Self.rounds, "too few to prove anything: \(all)")
                    for tenant in all.tenants { try await instance.expect(200, "GET", "/v1/tenants/\(tenant)") }
                    for connection in all.connections {
                        // Verifying opens the credential and sends it.
                        let answer = try await instance.expect(200, "POST", "/v1/connections/\(connection)/verify")
                        #expect(answer["status"]?.string == "active")
                    }
                    #expect(
                        try await site.count(
                            """
                            SELECT count(*) FROM sallyport.connections c WHERE NOT EXISTS (SELECT FROM sallyport.credentials k
                            WHERE k.connection_id = c.id) OR NOT EXISTS (SELECT FROM sallyport.refresh_states r
                            WHERE r.connection_id = c.id)
                            """) == 0, "a connection was stored by half")
                }
            }
        }

        /// Three clients create without a pause; the process is killed in the midst of it.
        private static func createUntilKilled(
            _ instance: Instance, _ upstream: FakeUpstream, _ integration: String, _ acknowledged: Acknowledged,
            after moment: Duration
        ) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        while instance.process.running() {
                            guard let tenant = try await created(instance, "/v1/tenants", ["name": "t"]) else {
                                continue
                            }
                            acknowledged.add(tenant: tenant)
                            let body: JSONValue = [
                                "tenant_id": .string(tenant), "integration": .string(integration), "verify": false,
                                "fields": ["base_url": .string(upstream.base), "username": "user"],
                                "secrets": ["password": .string("password of \(tenant)")],
                            ]
                            guard let connection = try await created(instance, "/v1/connections", body) else {
                                continue
                            }
                            acknowledged.add(connection: connection)
                        }
                    }
                }
                group.addTask {
                    let first = acknowledged.all.connections.count
                    try await eventually(within: .seconds(30)) { acknowledged.all.connections.count > first }
                    try await Task.sleep(for: moment)
                    try await instance.process.killNow()
                }
                try await group.waitForAll()
            }
        }

        /// The identifier, where the answer arrived whole; nil where the process died first.
        private static func created(_ instance: Instance, _ path: String, _ body: JSONValue) async throws -> String? {
            guard let answer = try? await instance.api("POST", path, body), !answer.isCut else { return nil }
            try #require(answer.status == 201, "\(answer)")
            return try answer.json["id"]?.string
        }

        private final class Acknowledged: Sendable {
            struct All: Sendable {
                var tenants: [String] = []
                var connections: [String] = []
            }

            private let stored = Mutex(All())
            var all: All { stored.withLock { $0 } }
            func add(tenant: String) { stored.withLock { $0.tenants.append(tenant) } }
            func add(connection: String) { stored.withLock { $0.connections.append(connection) } }
        }
    }
}

/// SplitMix64: the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
