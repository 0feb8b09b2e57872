import StrictJSON
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Two instances on one database")
    struct TwoInstancesTests {
        @Test func `200 callers of an expired token cause one request at the token endpoint`() async throws {
            try await Self.run { first, second, upstream in
                let (tenant, connection) = try await Self.oauthConnection(first, upstream)
                let tokens = [try await first.callerToken(tenant), try await second.callerToken(tenant)]
                let expiry = ContinuousClock.now + .milliseconds(2_100)
                // The token of the linking ends; the next takes a while to come.
                let expired = upstream.script.now.tokenRequests
                upstream.script.withLock { script in
                    script.expiresIn = 3_600
                    script.tokenDelay = .milliseconds(500)
                }
                try await eventually { ContinuousClock.now > expiry }
                let answers = try await withThrowingTaskGroup(of: WireAnswer.self) { group in
                    for number in 0..<200 {
                        let instance = number.isMultiple(of: 2) ? first : second
                        let token = tokens[number % 2]
                        group.addTask { try await instance.fetchToken(connection, token: token) }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(
                    answers.allSatisfy { $0.status == 200 }, "\(answers.first { $0.status != 200 }?.description ?? "")")
                let texts = Set(try answers.map { try $0.json["access_token"]?.string })
                #expect(texts == ["fake-token-\(expired + 1)"])
                #expect(upstream.script.now.tokenRequests == expired + 1)
            }
        }

        @Test func `a revoked API key's caller tokens die on the other instance too`() async throws {
            try await Self.run { first, second, upstream in
                let (tenant, connection) = try await Self.basicConnection(first, upstream)
                let created = try await first.expect(
                    201, "POST", "/v1/api-keys", ["name": "k", "permissions": ["proxy", "connections:read"]])
                let key = try #require(created["key"]?.string)
                let token = try await first.callerToken(tenant, scope: "proxy", key: key)
                for instance in [first, second] {
                    #expect(try await instance.proxy(connection, "/a", token: token).status == 200)
                    try await instance.expect(200, "GET", "/v1/connections/\(connection)", key: key)
                }
                try await first.expect(204, "DELETE", "/v1/api-keys/\(created["id"]?.string ?? "")")
                for instance in [first, second] {
                    try await eventually(within: .seconds(5)) {
                        try await instance.proxy(connection, "/a", token: token).status == 401
                    }
                    try await eventually(within: .seconds(5)) {
                        try await instance.api("GET", "/v1/connections/\(connection)", key: key).status == 401
                    }
                }
            }
        }

        @Test func `a changed password and a deletion are noticed by the other instance`() async throws {
            try await Self.run { first, second, upstream in
                let (tenant, connection) = try await Self.basicConnection(first, upstream)
                let token = try await second.callerToken(tenant)
                #expect(try await second.proxy(connection, "/a", token: token).status == 200)
                let fresh = "Basic " + Base64Text.encoded("user:fresh")
                upstream.script.withLock { $0.accepted = [fresh] }
                #expect(try await second.proxy(connection, "/a", token: token).status == 401)
                try await first.expect(
                    200, "PATCH", "/v1/connections/\(connection)", ["secrets": ["password": "fresh"]])
                try await eventually(within: .seconds(5)) {
                    try await second.proxy(connection, "/a", token: token).status == 200
                }
                try await first.expect(200, "PATCH", "/v1/connections/\(connection)", ["suspended": true])
                try await eventually(within: .seconds(5)) {
                    try await second.proxy(connection, "/a", token: token).status == 409
                }
                try await first.expect(200, "PATCH", "/v1/connections/\(connection)", ["suspended": false])
                try await eventually(within: .seconds(5)) {
                    try await second.proxy(connection, "/a", token: token).status == 200
                }
                try await first.expect(204, "DELETE", "/v1/connections/\(connection)")
                try await eventually(within: .seconds(5)) {
                    try await second.proxy(connection, "/a", token: token).status == 404
                }
            }
        }

        @Test func `a caller token of one is taken by the other, and a forged one by neither`() async throws {
            try await Self.run { first, second, upstream in
                let (tenant, connection) = try await Self.basicConnection(first, upstream)
                let token = try await first.callerToken(tenant)
                #expect(try await second.proxy(connection, "/a", token: token).status == 200)
                var parts = token.split(separator: ".").map(String.init)
                parts[2] = String(parts[2].reversed())
                for instance in [first, second] {
                    let answer = try await instance.proxy(connection, "/a", token: parts.joined(separator: "."))
                    #expect(answer.status == 401 && answer.code == "invalid_token", "\(answer)")
                }
            }
        }

        private static func run(_ body: (Instance, Instance, FakeUpstream) async throws -> Void) async throws {
            try await FakeUpstream.with { upstream in
                try await Site.with { site in
                    try await site.serving { first in
                        try await site.serving { second in try await body(first, second, upstream) }
                    }
                }
            }
        }

        private static func basicConnection(
            _ instance: Instance, _ upstream: FakeUpstream
        ) async throws -> (tenant: String, connection: String) {
            let tenant = try await instance.tenant("t")
            _ = try await instance.integration("fake", "generic-basic")
            return (tenant, try await instance.fakeBasic(tenant, "fake", upstream))
        }

        /// Its token ends two seconds later.
        private static func oauthConnection(
            _ instance: Instance, _ upstream: FakeUpstream
        ) async throws -> (tenant: String, connection: String) {
            let tenant = try await instance.tenant("t")
            _ = try await instance.integration(
                "fake", "generic-oauth2-client-credentials", [("allows_token_fetch", true)])
            upstream.script.withLock { $0.expiresIn = 2 }
            return (tenant, try await instance.fakeOAuth(tenant, "fake", upstream))
        }
    }
}
