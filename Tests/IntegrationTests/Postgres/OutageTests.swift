import Postgres
import PostgresCluster
import TestSupport
import Testing

@Suite("A database that goes away and comes back")
struct OutageTests {
    private func withCluster(
        isDurable: Bool = false, _ configure: (inout PostgresConfiguration) -> Void,
        _ body: (PrivateCluster, PostgresClient) async throws -> Void
    ) async throws {
        let cluster = try await TestCluster.startPrivateCluster(isDurable: isDurable)
        var configuration = PostgresConfiguration(
            connectionString: cluster.connectionString(database: "postgres", user: "postgres"))
        configure(&configuration)
        let client = PostgresClient(configuration: configuration, logger: .quiet)
        do {
            try await eventually { (try? await client.read(Statement("SELECT 1"))) != nil }
            try await body(cluster, client)
        } catch {
            await client.shutdown()
            try await cluster.stop(mode: .immediate)
            throw error
        }
        await client.shutdown()
        try await cluster.stop(mode: .immediate)
    }

    @Test(arguments: [true, false])
    func `calls fail quickly while it is gone, and pass again by themselves`(isKilled: Bool) async throws {
        try await withCluster({ $0.unavailableGrace = .milliseconds(200) }) { cluster, client in
            if isKilled { try await cluster.kill() } else { try await cluster.stop() }
            try await eventually { !client.health.isAvailable }
            let duration = try await ContinuousClock().measure {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<100 as Range<Int64> {
                        group.addTask {
                            await #expect(throws: PostgresError.unavailable) {
                                try await number % 2 == 0
                                    ? client.read(Statement("SELECT $1", [.int(number)]))
                                    : client.write(Statement("SELECT $1", [.int(number)]))
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(duration < .seconds(3))
            try await cluster.start()
            try await eventually { client.health.isAvailable }
            let row = try await client.write(Statement("SELECT 5")).exactlyOne()
            #expect(try row.int(0) == 5)
        }
    }

    @Test func `a call waits out a short absence`() async throws {
        try await withCluster({ $0.unavailableGrace = .seconds(20) }) { cluster, client in
            try await cluster.stop()
            try await eventually { !client.health.isAvailable }
            async let read = client.read(Statement("SELECT 6"), deadline: .seconds(30))
            async let write = client.write(Statement("SELECT 7"), deadline: .seconds(30))
            try await eventually { client.health.queued == 2 }
            try await cluster.start()
            let rows = try await (read.exactlyOne(), write.exactlyOne())
            #expect(try rows.0.int(0) == 6)
            #expect(try rows.1.int(0) == 7)
        }
    }

    @Test func `what was acknowledged before a kill is there afterwards`() async throws {
        try await withCluster(isDurable: true, { $0.poolSize = 2 }) { cluster, client in
            try await client.script("CREATE TABLE item (id int8 PRIMARY KEY)")
            // Writes until the server is gone; awaited below.
            let writing = Task { () -> Int64 in
                var acknowledged: Int64 = 0
                while true {
                    do throws(PostgresError) {
                        try await client.write(Statement("INSERT INTO item VALUES ($1)", [.int(acknowledged + 1)]))
                        acknowledged += 1
                    } catch {
                        return acknowledged
                    }
                }
            }
            try await eventually {
                try await client.read(Statement("SELECT 1 FROM item HAVING count(*) > 50")).count == 1
            }
            try await cluster.stop(mode: .immediate)
            let acknowledged = await writing.value
            try await cluster.start()
            try await eventually { client.health.isAvailable }
            let found = try await client.read(Statement("SELECT count(*) FROM item")).exactlyOne().int(0)
            // The last one may have been committed without its answer.
            #expect(found == acknowledged || found == acknowledged + 1)
        }
    }

    @Test func `a database that doesn't exist is unavailable, and the reason is known by its code`() async throws {
        let cluster = try await TestCluster.shared
        var configuration = PostgresConfiguration(connectionString: cluster.connectionString(database: "nowhere"))
        configuration.unavailableGrace = .milliseconds(100)
        let client = PostgresClient(configuration: configuration, logger: .quiet)
        await #expect(throws: PostgresError.unavailable) { try await client.read(Statement("SELECT 1")) }
        #expect(client.health.lastFailure == .server(SQLState("3D000")))
        await client.shutdown()
    }

    @Test(arguments: ["port=none host", "postgresql://[broken", "no_such_keyword=1"])
    func `a malformed connection string is told apart and never crashes`(text: String) async throws {
        var configuration = PostgresConfiguration(connectionString: text)
        configuration.unavailableGrace = .milliseconds(50)
        #expect(!configuration.isWellFormed)
        let client = PostgresClient(configuration: configuration, logger: .quiet)
        await #expect(throws: PostgresError.unavailable) { try await client.write(Statement("SELECT 1")) }
        await client.shutdown()
    }
}
