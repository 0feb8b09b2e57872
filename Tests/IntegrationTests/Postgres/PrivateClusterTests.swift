import Postgres
import PostgresCluster
import TestSupport
import Testing

@Suite("A private cluster belongs to one owner and keeps its data")
struct PrivateClusterTests {
    private func options(_ change: (inout PrivateCluster.Options) -> Void = { _ in }) -> PrivateCluster.Options {
        var options = PrivateCluster.Options()
        options.removesDirectory = true
        options.settings = ["shared_buffers": "16MB"]
        change(&options)
        return options
    }

    private func query(_ cluster: PrivateCluster, _ body: (PostgresClient) async throws -> Void) async throws {
        let client = PostgresClient(
            configuration: PostgresConfiguration(
                connectionString: cluster.connectionString(database: "postgres", user: "postgres")),
            logger: .quiet)
        do {
            try await body(client)
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
    }

    @Test func `data survive an orderly stop and a kill`() async throws {
        let cluster = try PrivateCluster(directory: TestDirectory.makePath(), options: options())
        try await cluster.initialize()
        try await cluster.start()
        try await query(cluster) { try await $0.script("CREATE TABLE item (id int8); INSERT INTO item VALUES (1)") }
        try await cluster.stop()
        #expect(cluster.processID == nil)
        try await cluster.initialize()
        try await cluster.start()
        try await query(cluster) { try await $0.write(Statement("INSERT INTO item VALUES (2)")) }
        try await cluster.kill()
        try await cluster.start()
        try await query(cluster) { client in
            let count = try await client.read(Statement("SELECT count(*) FROM item")).exactlyOne().int(0)
            #expect(count == 2)
            let settings = try await client.read(
                Statement("SELECT current_setting('listen_addresses'), current_setting('fsync')")
            ).exactlyOne()
            #expect(try settings.text(0) == "")
            #expect(try settings.text(1) == "on")
        }
        try await cluster.stop()
        try await cluster.stop()
    }

    @Test func `a second owner is refused while the first holds it`() async throws {
        let first = try PrivateCluster(directory: TestDirectory.makePath(), options: options { $0.isDurable = false })
        try await first.initialize()
        try await first.start()
        let second = try PrivateCluster(directory: first.directory, options: options())
        await #expect(throws: ClusterError.directoryInUse) { try await second.start() }
        try await query(first) { _ = try await $0.read(Statement("SELECT 1")) }
        try await first.stop()
        try await second.start()
        try await second.stop()
    }

    @Test func `a server without a watch is adopted, and ended by an owner that keeps one`() async throws {
        let directory = TestDirectory.makePath()
        var process: Int32?
        do {
            let cluster = try PrivateCluster(
                directory: directory,
                options: options {
                    $0.endsWithProcess = false; $0.isDurable = false
                })
            try await cluster.initialize()
            try await cluster.start()
            process = cluster.processID
        }
        do {
            let heir = try PrivateCluster(
                directory: directory,
                options: options {
                    $0.endsWithProcess = false; $0.isDurable = false
                })
            try await heir.start()
            #expect(heir.processID == process)
            try await query(heir) { _ = try await $0.read(Statement("SELECT 1")) }
        }
        let owner = try PrivateCluster(directory: directory, options: options())
        try await owner.start()
        #expect(owner.processID != process)
        try await query(owner) { _ = try await $0.read(Statement("SELECT 1")) }
        try await owner.stop()
    }

    @Test func `a server that cannot start is an error, not a wait`() async throws {
        let cluster = try PrivateCluster(
            directory: TestDirectory.makePath(),
            options: options {
                $0.settings["shared_buffers"] = "nonsense"; $0.isDurable = false
            })
        try await cluster.initialize()
        await #expect(throws: ClusterError.startFailed(status: 1)) { try await cluster.start() }
        #expect(cluster.processID == nil)
    }

    @Test func `starting what was never made is an error`() async throws {
        let cluster = try PrivateCluster(directory: TestDirectory.makePath(), options: options())
        await #expect(throws: ClusterError.self) { try await cluster.start() }
    }

    @Test func `a directory too deep for a socket works all the same`() async throws {
        let deep = TestDirectory.makePath() + String(repeating: "-deep", count: 30)
        let cluster = try PrivateCluster(directory: deep, options: options { $0.isDurable = false })
        try await cluster.initialize()
        try await cluster.start()
        #expect(cluster.socketPath.utf8.count <= 85)
        try await query(cluster) { _ = try await $0.read(Statement("SELECT 1")) }
        try await cluster.stop()
    }

    @Test func `errors and passwords print codes, never contents`() {
        let password = PostgresPassword("canary")
        #expect(!"\(password)\(String(reflecting: password))".contains("canary"))
        var dumped = ""
        var configuration = PostgresConfiguration(connectionString: "host=h")
        configuration.password = password
        dump(configuration, to: &dumped)
        #expect(!dumped.contains("canary"))
        #expect("\(PostgresError.server(SQLState("no code, but text"), constraint: nil))" == "postgres.server.XX000")
    }
}
