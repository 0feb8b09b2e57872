import Postgres
import PostgresCluster
import TestSupport
import Testing

@Suite("A connection string with several hosts")
struct MultiHostTests {
    private func expectService(_ connectionString: String) async throws {
        var configuration = PostgresConfiguration(connectionString: connectionString)
        configuration.connectTimeout = .milliseconds(500)
        configuration.unavailableGrace = .seconds(30)
        configuration.poolSize = 2
        let client = PostgresClient(configuration: configuration, logger: .quiet)
        let answer: Int64?
        do {
            answer = try await client.write(Statement("SELECT 1"), deadline: .seconds(30)).exactlyOne().int(0)
        } catch {
            answer = nil
        }
        #expect(answer == 1)
        await client.shutdown()
    }

    @Test func `passes over a host that isn't there`() async throws {
        let living = try await TestCluster.shared.cluster.socketPath
        try await expectService("host=/nonexistent,\(living) port=5432 dbname=postgres user=postgres")
        try await expectService("host=/nonexistent,\(living) port=5431,5432 dbname=postgres user=postgres")
    }

    @Test func `passes over a host that accepts and never answers`() async throws {
        let living = try await TestCluster.shared.cluster.socketPath
        let proxy = try FaultySocketProxy(server: living)
        defer { proxy.stop() }
        proxy.holdToServer(true)
        proxy.holdToClient(true)
        let silent = proxy.connectionString(database: "postgres").split(separator: "'")[1]
        try await expectService("host=\(silent),\(living) port=5432 dbname=postgres user=postgres")
        try await expectService("host=\(silent),\(silent),\(living) dbname=postgres user=postgres port=5432,5432,5432")
    }

    @Test func `passes over a host that only reads, when it must write`() async throws {
        let living = try await TestCluster.shared.cluster.socketPath
        let standby = try await TestCluster.startPrivateCluster()
        let client = PostgresClient(
            configuration: PostgresConfiguration(
                connectionString: standby.connectionString(database: "postgres", user: "postgres")),
            logger: .quiet)
        try await client.script("ALTER DATABASE postgres SET default_transaction_read_only = on")
        await client.shutdown()
        try await expectService(
            "host=\(standby.socketPath),\(living) port=5432 dbname=postgres user=postgres target_session_attrs=read-write"
        )
        try await standby.stop(mode: .immediate)
    }
}
