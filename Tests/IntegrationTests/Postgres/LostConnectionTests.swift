import Postgres
import PostgresCluster
import TestSupport
import Testing

@Suite("A lost connection leaves no doubt where none need be")
struct LostConnectionTests {
    /// Runs `body` with a client behind a proxy, and one that goes straight to the same database.
    private func withProxy(
        _ configure: (inout PostgresConfiguration) -> Void = { _ in },
        _ body: (_ proxied: PostgresClient, _ direct: PostgresClient, FaultySocketProxy) async throws -> Void
    ) async throws {
        try await TestDatabase.with { database in
            let proxy = try FaultySocketProxy(server: database.cluster.cluster.socketPath)
            defer { proxy.stop() }
            try await database.withClient { direct in
                try await direct.script("CREATE TABLE item (id int8 PRIMARY KEY)")
                try await database.withClient {
                    $0.connectionString = proxy.connectionString(database: database.name)
                    $0.poolSize = 2
                    configure(&$0)
                } _: { proxied in
                    _ = try await proxied.read(Statement("SELECT 1"))
                    try await eventually { proxied.health.connected > 0 && proxied.health.inFlight == 0 }
                    try await body(proxied, direct, proxy)
                }
            }
        }
    }

    private func insert(_ id: Int64) -> Statement {
        Statement("INSERT INTO item (id) VALUES ($1)", [.int(id)])
    }

    private func exists(_ id: Int64, _ client: PostgresClient) async throws -> Bool {
        try await client.read(Statement("SELECT 1 FROM item WHERE id = $1", [.int(id)])).count == 1
    }

    @Test func `a write whose answer is lost has an unknown outcome`() async throws {
        try await withProxy { proxied, direct, proxy in
            proxy.holdToClient(true)
            // Awaited below.
            let write = Task { try await proxied.write(insert(1)) }
            try await eventually { try await exists(1, direct) }
            proxy.cut()
            await #expect(throws: PostgresError.outcomeUnknown) { try await write.value }
            #expect(!PostgresError.outcomeUnknown.isSafeToRetry)
        }
    }

    @Test func `a write that left but never arrived has an unknown outcome too, and isn't repeated`() async throws {
        try await withProxy { proxied, direct, proxy in
            proxy.holdToServer(true)
            // Awaited below.
            let write = Task { try await proxied.write(insert(1)) }
            try await eventually { proxied.health.inFlight == 1 }
            proxy.cut()
            proxy.holdToServer(false)
            await #expect(throws: PostgresError.outcomeUnknown) { try await write.value }
            _ = try await proxied.read(Statement("SELECT 1"))
            let happened = try await exists(1, direct)
            #expect(!happened)
        }
    }

    /// libpq goes on sending while it reads, so what had left when the connection broke is not known.
    @Test func `a write too large to leave at once has an unknown outcome when its connection breaks`() async throws {
        try await withProxy { proxied, direct, proxy in
            proxy.holdToServer(true)
            let large = Statement(
                "INSERT INTO item (id) SELECT length($1)", [.bytes([UInt8](repeating: 7, count: 8 << 20))])
            // Awaited below.
            let write = Task { try await proxied.write(large) }
            try await eventually { proxied.health.inFlight == 1 }
            proxy.cut()
            proxy.holdToServer(false)
            await #expect(throws: PostgresError.outcomeUnknown) { try await write.value }
            let happened = try await exists(8 << 20, direct)
            #expect(!happened)
        }
    }

    @Test func `a write that finds no connection is unavailable and safe to repeat`() async throws {
        try await withProxy({ $0.unavailableGrace = .milliseconds(200) }) { proxied, direct, proxy in
            proxy.refuse(true)
            proxy.cut()
            try await eventually { proxied.health.connected == 0 }
            let duration = await ContinuousClock().measure {
                await #expect(throws: PostgresError.unavailable) { try await proxied.write(insert(1)) }
            }
            #expect(duration < .seconds(2))
            #expect(PostgresError.unavailable.isSafeToRetry)
            proxy.refuse(false)
            try await eventually { proxied.health.isAvailable }
            try await proxied.write(insert(1))
            let happened = try await exists(1, direct)
            #expect(happened)
        }
    }

    @Test func `writes go on without an error over connections that were cut while idle`() async throws {
        try await withProxy { proxied, direct, proxy in
            for id in 0..<20 as Range<Int64> {
                proxy.cut()
                try await eventually { proxy.open == 0 || proxied.health.opened > Int(id) }
                try await proxied.write(insert(id))
            }
            let last = try await exists(19, direct)
            #expect(last)
        }
    }

    @Test func `a read whose connection is lost is repeated on another`() async throws {
        try await withProxy { proxied, _, proxy in
            proxy.holdToClient(true)
            // Awaited below.
            let read = Task { try await proxied.read(Statement("SELECT 42")).exactlyOne().int(0) }
            try await eventually { proxied.health.inFlight == 1 }
            proxy.cut()
            proxy.holdToClient(false)
            let answer = try await read.value
            #expect(answer == 42)
        }
    }

    @Test func `many reads in flight all survive a cut`() async throws {
        try await withProxy { proxied, _, proxy in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 as Range<Int64> {
                    group.addTask {
                        let row = try await proxied.read(Statement("SELECT $1 FROM pg_sleep(0.01)", [.int(number)]))
                        #expect(try row.exactlyOne().int(0) == number)
                    }
                }
                try await eventually { proxied.health.inFlight > 0 }
                proxy.cut()
                try await group.waitForAll()
            }
        }
    }

    @Test func `an interactive transaction that loses its connection is rolled back and safe to repeat`() async throws {
        try await withProxy { proxied, direct, proxy in
            await #expect(throws: PostgresError.unavailable) {
                try await proxied.withTransaction { transaction in
                    try await transaction.query(insert(1))
                    proxy.cut()
                    try await eventually { proxy.open == 0 || proxied.health.opened > 2 }
                    try await transaction.query(insert(2))
                }
            }
            let happened = try await exists(1, direct)
            #expect(!happened)
        }
    }

    @Test func `a commit whose answer is lost has an unknown outcome`() async throws {
        try await withProxy { proxied, direct, proxy in
            // Awaited below.
            let transaction = Task {
                try await proxied.withTransaction { transaction in
                    try await transaction.query(insert(1))
                    proxy.holdToClient(true)
                }
            }
            try await eventually { try await exists(1, direct) }
            proxy.cut()
            await #expect(throws: PostgresError.outcomeUnknown) { try await transaction.value }
        }
    }

    @Test func `a network that swallows everything costs a call its deadline and no more`() async throws {
        try await withProxy({ $0.connectTimeout = .milliseconds(300) }) { proxied, _, proxy in
            proxy.holdToClient(true)
            proxy.holdToServer(true)
            for _ in 0..<3 {
                let duration = await ContinuousClock().measure {
                    await #expect(throws: PostgresError.self) {
                        try await proxied.read(Statement("SELECT 1"), deadline: .milliseconds(300))
                    }
                }
                #expect(duration < .seconds(2))
            }
            proxy.holdToClient(false)
            proxy.holdToServer(false)
            try await eventually { proxied.health.isAvailable }
            _ = try await proxied.read(Statement("SELECT 1"))
        }
    }

    @Test func `an idle connection that answers nothing is found and replaced`() async throws {
        try await withProxy({
            $0.healthCheckInterval = .milliseconds(100)
            $0.connectTimeout = .milliseconds(200)
        }) { proxied, _, proxy in
            proxy.holdToServer(true)
            try await eventually { proxied.health.connected == 0 }
            #expect(proxied.health.lastFailure == .timeout)
            proxy.holdToServer(false)
            try await eventually { proxied.health.connected == 2 }
            _ = try await proxied.read(Statement("SELECT 1"))
        }
    }

    @Test func `prepared statements are prepared again after a new connection`() async throws {
        try await withProxy({ $0.poolSize = 1 }) { proxied, _, proxy in
            for round in 0..<4 as Range<Int64> {
                let row = try await proxied.read(Statement("SELECT $1 + 100", [.int(round)])).exactlyOne()
                #expect(try row.int(0) == 100 + round)
                proxy.cut()
            }
        }
    }

    @Test func `prepared statements that the server forgot are prepared again, for writes too`() async throws {
        try await withProxy({ $0.poolSize = 1 }) { proxied, direct, _ in
            for round in 0..<3 as Range<Int64> {
                try await proxied.write(insert(round))
                let row = try await proxied.read(Statement("SELECT $1 + 100", [.int(round)])).exactlyOne()
                #expect(try row.int(0) == 100 + round)
                try await proxied.script("DEALLOCATE ALL")
            }
            let last = try await exists(2, direct)
            #expect(last)
        }
    }

    @Test func `sessions that the administrator ends are replaced without an error`() async throws {
        try await withProxy { proxied, direct, _ in
            for id in 0..<5 as Range<Int64> {
                _ = try await direct.write(
                    Statement(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND pid <> pg_backend_pid()
                            AND application_name = 'sallyport' AND state = 'idle'
                            AND pid NOT IN (SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_terminate%')
                        """))
                let row = try await proxied.read(Statement("SELECT $1", [.int(id)])).exactlyOne()
                #expect(try row.int(0) == id)
            }
        }
    }

    @Test func `a server that has become read-only is left for another connection`() async throws {
        try await withProxy { proxied, direct, _ in
            let opened = proxied.health.opened
            let failure = PostgresError.server(.readOnlyTransaction, constraint: nil)
            await #expect(throws: failure) {
                try await proxied.write(insert(1), context: ["transaction_read_only": "on"])
            }
            #expect(failure.isSafeToRetry)
            try await proxied.write(insert(2))
            #expect(proxied.health.opened > opened)
            let happened = try await exists(1, direct)
            #expect(!happened)
        }
    }
}
