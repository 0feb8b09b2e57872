import Glibc
import Postgres
import PostgresCluster
import StrictJSON
import Synchronization
import TestSupport
import Testing

extension EndToEnd {
    @Suite("PostgreSQL goes away and comes back")
    struct OutageTests {
        @Test func `503 with Retry-After while it is gone, nothing hangs, and service resumes by itself`() async throws
        {
            try await FakeUpstream.with { upstream in
                try await OwnCluster.with { cluster, site in
                    try await site.serving(["timeouts.request": "5s"]) { instance in
                        let tenant = try await instance.tenant("t")
                        _ = try await instance.integration("fake", "generic-basic")
                        let warm = try await instance.fakeBasic(tenant, "fake", upstream)
                        let cold = try await instance.fakeBasic(tenant, "fake", upstream, name: "cold")
                        let token = try await instance.callerToken(tenant)
                        #expect(try await instance.proxy(warm, "/a", token: token).status == 200)

                        let load = Load(instance: instance, connection: warm, token: token)
                        try await withThrowingTaskGroup(of: Void.self) { group in
                            for _ in 0..<4 { group.addTask { await load.run() } }
                            defer { load.end() }
                            // Each event loop has opened the connection by then.
                            try await eventually { load.seen.proxied[200, default: 0] >= 40 }
                            try await cluster.stop(mode: .immediate)
                            try await Self.expectOutage(instance, cold: cold, warm: warm, tenant: tenant, token: token)
                            try await cluster.start()
                            try await Self.expectRecovery(instance, cold: cold, token: token)
                            load.end()
                            try await group.waitForAll()
                        }
                        let seen = load.seen
                        #expect(seen.proxied[200, default: 0] > 0 && seen.proxied.count == 1, "\(seen.proxied)")
                        #expect(Set(seen.listed.keys).isSubset(of: [200, 503]), "\(seen.listed)")
                        #expect(seen.slowest < .seconds(20), "a request took \(seen.slowest)")
                        #expect(instance.process.running())
                    }
                }
            }
        }

        private static func expectOutage(
            _ instance: Instance, cold: String, warm: String, tenant: String, token: String
        ) async throws {
            let answers = [
                try await instance.api("GET", "/v1/tenants", within: .seconds(20)),
                try await instance.api("POST", "/v1/tenants", ["name": "lost"], within: .seconds(20)),
                try await instance.api("GET", "/v1/connections/\(warm)", within: .seconds(20)),
                try await instance.proxy(cold, "/a", token: token, within: .seconds(20)),
                try await instance.fetchToken(cold, token: token, within: .seconds(20)),
            ]
            for answer in answers {
                #expect(answer.status == 503, "\(answer)")
                #expect(answer.header("retry-after").flatMap { Int($0) } ?? 0 >= 1, "\(answer)")
                #expect(answer.header("content-type") == "application/problem+json")
            }
            let form = "grant_type=client_credentials&tenant_id=\(tenant)&client_secret=\(instance.key)"
            let refused = try await WireHTTP.send(
                "POST", "/oauth2/token", port: instance.control,
                headers: ["Content-Type: application/x-www-form-urlencoded"], body: Array(form.utf8),
                within: .seconds(20))
            #expect(refused.status == 503, "\(refused)")
            #expect(try refused.json["error"]?.string == "temporarily_unavailable")
            #expect(try await instance.status(of: "/health/ready", port: instance.control) == 503)
            #expect(try await instance.status(of: "/health/live", port: instance.control) == 200)
            #expect(try await instance.status(of: "/health/live", port: instance.data) == 200)
            let cached = try await instance.proxy(warm, "/a", token: token)
            #expect(cached.status == 200, "an opened connection goes on: \(cached)")
        }

        private static func expectRecovery(_ instance: Instance, cold: String, token: String) async throws {
            try await eventually(within: .seconds(30)) {
                try await instance.status(of: "/health/ready", port: instance.control) == 200
            }
            try await instance.expect(201, "POST", "/v1/tenants", ["name": "after"])
            #expect(try await instance.proxy(cold, "/a", token: token).status == 200)
            let names = try await instance.expect(200, "GET", "/v1/tenants")["result"]?.elements ?? []
            #expect(!names.contains { $0["name"]?.string == "lost" }, "what was refused was stored")
        }
    }
}

/// Requests without a pause through an outage: a list, and a proxied call of an opened connection.
private final class Load: Sendable {
    struct Seen: Sendable {
        var listed: [Int: Int] = [:]
        var proxied: [Int: Int] = [:]
        var slowest = Duration.zero
    }

    private let instance: Instance
    private let connection: String
    private let token: String
    private let state = Mutex((seen: Seen(), isOver: false))

    init(instance: Instance, connection: String, token: String) {
        self.instance = instance
        self.connection = connection
        self.token = token
    }

    var seen: Seen { state.withLock { $0.seen } }
    func end() { state.withLock { $0.isOver = true } }

    func run() async {
        while !state.withLock({ $0.isOver }) {
            let start = ContinuousClock.now
            let listed = try? await instance.api("GET", "/v1/tenants?limit=1").status
            let proxied = try? await instance.proxy(connection, "/a", token: token).status
            let took = ContinuousClock.now - start
            state.withLock { state in
                // 0 stands for no answer.
                state.seen.listed[listed ?? 0, default: 0] += 1
                state.seen.proxied[proxied ?? 0, default: 0] += 1
                state.seen.slowest = max(state.seen.slowest, took)
            }
        }
    }
}

/// A cluster of its own for one test, with the roles of a real installation.
enum OwnCluster {
    static let owner = "sallyport_owner"
    static let service = "sallyport_service"

    /// Runs `body` with an empty database `sallyport` that the owner owns.
    static func withDatabase<R>(_ body: (PrivateCluster, PostgresClient) async throws -> R) async throws -> R {
        let cluster = try await TestCluster.startPrivateCluster(isDurable: true)
        let outcome: Result<R, any Error>
        do {
            outcome = .success(try await withClient(cluster) { try await body(cluster, $0) })
        } catch {
            outcome = .failure(error)
        }
        try await cluster.stop(mode: .immediate)
        _ = try await TestProcess.run("/bin/rm", ["-rf", "--", cluster.directory])
        return try outcome.get()
    }

    /// Runs `body` with a site on a cluster that it may stop.
    static func with<R>(_ body: (PrivateCluster, Site) async throws -> R) async throws -> R {
        try await withDatabase { cluster, superuser in
            try await Binary.succeed([
                "migrate", "--set",
                "database.migrator_url=\(cluster.connectionString(database: "sallyport", user: owner))",
            ])
            return try await TestDirectory.with { directory in
                let site = try await Site.make(
                    directory, databaseURL: cluster.connectionString(database: "sallyport", user: service),
                    superuser: superuser,
                    superuserURL: cluster.connectionString(database: "sallyport", user: "postgres"))
                return try await body(cluster, site)
            }
        }
    }

    private static func withClient<R>(
        _ cluster: PrivateCluster, _ body: (PostgresClient) async throws -> R
    ) async throws -> R {
        let administrator = client(cluster, "postgres")
        do {
            try await administrator.script(
                "CREATE ROLE \(owner) LOGIN; CREATE ROLE \(service) LOGIN;", deadline: .seconds(60))
            try await administrator.script("CREATE DATABASE sallyport OWNER \(owner)", deadline: .seconds(60))
        } catch {
            await administrator.shutdown()
            throw error
        }
        await administrator.shutdown()
        let superuser = client(cluster, "sallyport")
        do {
            let result = try await body(superuser)
            await superuser.shutdown()
            return result
        } catch {
            await superuser.shutdown()
            throw error
        }
    }

    private static func client(_ cluster: PrivateCluster, _ database: String) -> PostgresClient {
        var configuration = PostgresConfiguration(
            connectionString: cluster.connectionString(database: database, user: "postgres"))
        configuration.poolSize = 1
        configuration.statementTimeout = .seconds(30)
        configuration.unavailableGrace = .seconds(30)
        return PostgresClient(configuration: configuration, logger: .quiet)
    }
}
