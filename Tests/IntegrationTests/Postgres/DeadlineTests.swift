import Postgres
import TestSupport
import Testing

@Suite("Every call ends by its deadline, and says whether it was sent")
struct DeadlineTests {
    private func withClient(
        _ configure: @Sendable (inout PostgresConfiguration) -> Void = { _ in },
        _ body: (PostgresClient) async throws -> Void
    ) async throws {
        try await TestDatabase.with { database in
            try await database.withClient(configure) { client in
                try await client.script("CREATE TABLE item (id int8 PRIMARY KEY)")
                try await eventually { client.health.inFlight == 0 }
                try await body(client)
            }
        }
    }

    private func insert(_ id: Int64) -> Statement {
        Statement("INSERT INTO item (id) VALUES ($1)", [.int(id)])
    }

    private func ids(_ client: PostgresClient) async throws -> [Int64] {
        var ids: [Int64] = []
        for row in try await client.read(Statement("SELECT id FROM item ORDER BY id")) { ids.append(try row.int(0)) }
        return ids
    }

    @Test func `one that passes in the queue says that nothing was sent, and nothing happens later`() async throws {
        try await withClient({ $0.poolSize = 1 }) { client in
            async let holder = client.write(Statement("SELECT pg_sleep(1)"))
            try await eventually { client.health.inFlight == 1 }
            let duration = await ContinuousClock().measure {
                await #expect(throws: PostgresError.deadlineExceeded(sent: false)) {
                    try await client.write(insert(1), deadline: .milliseconds(100))
                }
            }
            #expect(duration < .milliseconds(900))
            _ = try await holder
            let found = try await ids(client)
            #expect(found == [])
            #expect(client.health.queued == 0)
        }
    }

    @Test func `one that passes in flight ends the wait, and the server's work soon after`() async throws {
        try await withClient { client in
            for sleeping in [Statement("SELECT pg_sleep(60)"), Statement("SELECT pg_sleep(61)")] {
                let duration = await ContinuousClock().measure {
                    await #expect(throws: PostgresError.deadlineExceeded(sent: true)) {
                        try await client.write(sleeping, deadline: .milliseconds(200))
                    }
                }
                #expect(duration < .seconds(2))
            }
            try await eventually {
                let rows = try await client.read(
                    Statement(
                        "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep(6%'"))
                return rows.isEmpty
            }
            try await eventually { client.health.connected == 4 }
        }
    }

    @Test(arguments: [Duration.zero, .seconds(-5)])
    func `one that has passed already sends nothing`(deadline: Duration) async throws {
        try await withClient { client in
            await #expect(throws: PostgresError.deadlineExceeded(sent: false)) {
                try await client.write(insert(1), deadline: deadline)
            }
            let found = try await ids(client)
            #expect(found == [])
        }
    }

    @Test func `the server ends a statement that takes too long, and the connection stays`() async throws {
        try await withClient({ $0.statementTimeout = .milliseconds(200) }) { client in
            let opened = client.health.opened
            await #expect(throws: PostgresError.server(.queryCancelled, constraint: nil)) {
                try await client.read(Statement("SELECT pg_sleep(5)"), deadline: .seconds(10))
            }
            let found = try await ids(client)
            #expect(found == [])
            #expect(client.health.opened - opened <= 3)
        }
    }

    @Test func `a slow read that misses its deadline takes no other with it`() async throws {
        try await withClient({ $0.poolSize = 1 }) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    await #expect(throws: PostgresError.deadlineExceeded(sent: true)) {
                        try await client.read(Statement("SELECT pg_sleep(30)"), deadline: .milliseconds(300))
                    }
                }
                try await eventually { client.health.inFlight == 1 }
                for number in 0..<20 as Range<Int64> {
                    group.addTask {
                        let row = try await client.read(Statement("SELECT $1", [.int(number)]), deadline: .seconds(20))
                        #expect(try row.exactlyOne().int(0) == number)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `more than the queue holds is refused at once`() async throws {
        try await withClient({
            $0.poolSize = 1
            $0.maxQueued = 10
        }) { client in
            async let holder = client.write(Statement("SELECT pg_sleep(1)"))
            try await eventually { client.health.inFlight == 1 }
            let refused = try await withThrowingTaskGroup(of: Bool.self) { group in
                for id in 0..<30 as Range<Int64> {
                    group.addTask {
                        do throws(PostgresError) {
                            try await client.write(insert(id))
                            return false
                        } catch {
                            #expect(error == .queueFull)
                            #expect(error.isSafeToRetry)
                            return true
                        }
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            _ = try await holder
            #expect(refused == 20)
            let found = try await ids(client)
            #expect(found.count == 10)
        }
    }

    @Test func `a cancelled task leaves the queue, and its statement is never sent`() async throws {
        try await withClient({ $0.poolSize = 1 }) { client in
            async let holder = client.write(Statement("SELECT pg_sleep(0.5)"))
            try await eventually { client.health.inFlight == 1 }
            // Both are awaited below.
            let write = Task { try await client.write(insert(1)) }
            let read = Task { try await client.read(Statement("SELECT 1")) }
            try await eventually { client.health.queued == 2 }
            write.cancel()
            read.cancel()
            await #expect(throws: PostgresError.cancelled) { try await write.value }
            await #expect(throws: PostgresError.cancelled) { try await read.value }
            #expect(client.health.inFlight == 1, "the answers must not wait for the connection")
            _ = try await holder
            let found = try await ids(client)
            #expect(found == [])
        }
    }

    @Test func `a write in flight is not lost to cancellation`() async throws {
        try await withClient { client in
            // Awaited below.
            let write = Task {
                try await client.write(
                    Statement("INSERT INTO item SELECT 7 FROM pg_sleep(0.3) RETURNING id")
                ).exactlyOne().int(0)
            }
            try await eventually { client.health.inFlight == 1 }
            write.cancel()
            let id = try await write.value
            #expect(id == 7)
            let found = try await ids(client)
            #expect(found == [7])
        }
    }

    @Test func `a read in flight lets its cancelled caller go, and the connection serves on`() async throws {
        try await withClient({ $0.poolSize = 1 }) { client in
            // Awaited below.
            let read = Task { try await client.read(Statement("SELECT pg_sleep(0.5)")) }
            try await eventually { client.health.inFlight == 1 }
            read.cancel()
            await #expect(throws: PostgresError.cancelled) { try await read.value }
            let found = try await ids(client)
            #expect(found == [])
            #expect(client.health.opened == 1)
        }
    }

    @Test func `a task that was cancelled before sends nothing`() async throws {
        try await withClient { client in
            // Awaited below.
            let write = Task {
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                try await client.write(insert(1))
            }
            await #expect(throws: PostgresError.cancelled) { try await write.value }
            let found = try await ids(client)
            #expect(found == [])
        }
    }

    @Test func `a shutdown serves what was accepted and refuses the rest`() async throws {
        try await withClient({ $0.poolSize = 1 }) { client in
            try await TestDatabase.with { database in
                let other = database.makeClient { $0.poolSize = 1 }
                // All three are awaited below.
                let running = Task { await other.run() }
                let slow = Task { try await other.write(Statement("SELECT pg_sleep(0.3)")).count }
                try await eventually { other.health.inFlight == 1 }
                let queued = Task { try await other.write(Statement("SELECT 2")).count }
                try await eventually { other.health.queued == 1 }
                running.cancel()
                await running.value
                #expect(try await slow.value == 1)
                #expect(try await queued.value == 1)
                await #expect(throws: PostgresError.shutdown) { try await other.read(Statement("SELECT 1")) }
                #expect(other.health.connected == 0)
            }
            _ = try await client.read(Statement("SELECT 1"))
        }
    }
}
