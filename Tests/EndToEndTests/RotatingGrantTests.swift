import Glibc
import PeerTokens
import Postgres
import StrictJSON
import TestSupport
import Testing

extension EndToEnd {
    @Suite("A grant whose refresh token rotates")
    struct RotatingGrantTests {
        @Test func `1,000 callers over three instances on an expired token cause one request, and all get its token`()
            async throws
        {
            try await Self.run(instances: 3, peer: try await TokenPeer.start(lifetime: 2, latency: 300)) {
                instances, peer in
                let (tenant, connection) = try await Self.link("family-a", instances[0], peer)
                var tokens: [String] = []
                for instance in instances { tokens.append(try await instance.callerToken(tenant)) }
                try await peer.set(lifetime: 3_600)
                let before = try await peer.count("requests")
                // The schedulers are off, so that nobody is ahead of the callers.
                let expiry = ContinuousClock.now + .milliseconds(2_100)
                try await eventually { ContinuousClock.now > expiry }
                let answers = try await withThrowingTaskGroup(of: WireAnswer.self) { group in
                    for number in 0..<1_000 {
                        let (instance, token) = (instances[number % 3], tokens[number % 3])
                        group.addTask { try await instance.fetchToken(connection, token: token) }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(
                    answers.allSatisfy { $0.status == 200 }, "\(answers.first { $0.status != 200 }?.description ?? "")")
                let texts = Set(try answers.map { try $0.json["access_token"]?.string })
                #expect(texts.count == 1)
                #expect(try await peer.count("requests") == before + 1)
                #expect(try await peer.count("reused") == 0)
            }
        }

        @Test func `what is due is refreshed without anybody asking, and told`() async throws {
            try await Self.run(
                instances: 2, ["refresh.scheduler": "true"], peer: try await TokenPeer.start(lifetime: 2)
            ) { instances, peer in
                let (_, connection) = try await Self.link("family-b", instances[0], peer)
                try await eventually(within: .seconds(30)) { try await peer.count("granted") >= 4 }
                #expect(try await peer.count("reused") == 0)
                let read = try await instances[1].expect(200, "GET", "/v1/connections/\(connection)")
                #expect(read["status"]?.string == "active")
                #expect(read["refresh"]?["last_success_at"]?.string != nil)
                #expect(read["refresh"]?["consecutive_failures"]?.int == 0)
            }
        }

        @Test func `a forced refresh brings a new token at once`() async throws {
            try await Self.run(instances: 1, peer: try await TokenPeer.start()) { instances, peer in
                let (_, connection) = try await Self.link("family-c", instances[0], peer)
                let before = try await peer.count("granted")
                try await instances[0].expect(200, "POST", "/v1/connections/\(connection)/refresh")
                #expect(try await peer.count("granted") == before + 1)
                #expect(try await peer.count("reused") == 0)
            }
        }

        @Test func `an answer that was received outlives kill -9 and a database that is away`() async throws {
            let peer = try await TokenPeer.start(latency: 700)
            defer { peer.process.kill(SIGKILL) }
            try await Site.with { site in
                let first = try await site.start(["log.level": "debug", "refresh.scheduler": "false"])
                let (tenant, connection) = try await Self.link("family-d", first, peer)
                let token = try await first.callerToken(tenant)
                _ = try await first.fetchToken(connection, token: token)
                let granted = try await peer.count("granted")
                let forced = Task {
                    try? await first.api("POST", "/v1/connections/\(connection)/refresh", within: .seconds(10))
                }
                // The write can't take place while the row is locked by somebody else.
                try await eventually(within: .seconds(10)) {
                    try await site.count("SELECT count(*) FROM sallyport.refresh_states WHERE is_sending") == 1
                }
                try await site.superuser.withTransaction { transaction in
                    _ = try await transaction.query(Statement("SELECT 1 FROM sallyport.refresh_states FOR UPDATE"))
                    try await eventually(within: .seconds(20)) {
                        first.process.errors.ranges(of: "token answer is durable").count >= 2
                    }
                    first.process.kill(SIGKILL)
                }
                _ = await forced.value
                #expect(try await peer.count("granted") == granted + 1)
                let second = try await site.start(["refresh.scheduler": "false"])
                defer { second.process.kill(SIGKILL) }
                try await eventually(within: .seconds(20)) {
                    try await site.count("SELECT count(*) FROM sallyport.refresh_states WHERE is_sending") == 0
                }
                try await second.expect(200, "POST", "/v1/connections/\(connection)/refresh")
                #expect(try await peer.count("granted") == granted + 2)
                #expect(try await peer.count("reused") == 0)
            }
        }

        // MARK: Set-up

        private static func run(
            instances count: Int, _ settings: [String: String] = ["refresh.scheduler": "false"], peer: TokenPeer,
            _ body: ([Instance], TokenPeer) async throws -> Void
        ) async throws {
            defer { peer.process.kill(SIGKILL) }
            try await Site.with { site in
                var instances: [Instance] = []
                defer { for instance in instances { instance.process.kill(SIGKILL) } }
                for _ in 0..<count { instances.append(try await site.start(settings)) }
                try await body(instances, peer)
            }
        }

        /// Links an account whose grant is that family of the peer's.
        private static func link(
            _ family: String, _ instance: Instance, _ peer: TokenPeer
        ) async throws -> (tenant: String, connection: String) {
            let tenant = try await instance.tenant("Tenant of \(family)")
            let integration = try await instance.integration(
                "rotating", "generic-oauth2-refresh-token", [("allows_token_fetch", true)])
            let tokens = try PeerTokens(seed: peer.seed)
            let connection = try await instance.create(
                "/v1/connections",
                [
                    "tenant_id": .string(tenant), "integration": .string(integration),
                    "fields": [
                        "base_url": .string(peer.base), "token_url": .string(peer.base + "/token"),
                        "client_id": "client",
                    ],
                    "secrets": [
                        "client_secret": "secret",
                        "refresh_token": .string(tokens.text(of: PeerRefreshToken(family: family, generation: 0))),
                    ],
                ])
            return (tenant, connection)
        }
    }
}
