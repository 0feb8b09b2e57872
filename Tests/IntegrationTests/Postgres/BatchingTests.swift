import Postgres
import TestSupport
import Testing

@Suite("Reads that wait together share a pipeline")
struct BatchingTests {
    private func withClient(
        _ configure: @Sendable (inout PostgresConfiguration) -> Void = { _ in },
        _ body: (PostgresClient) async throws -> Void
    ) async throws {
        try await TestDatabase.with { database in
            try await database.withClient(configure) { try await body($0) }
        }
    }

    @Test(arguments: [1, 2, 4])
    func `two hundred at once each get their own answer`(poolSize: Int) async throws {
        try await withClient({ $0.poolSize = poolSize }) { client in
            try await withThrowingTaskGroup(of: (Int64, Int64).self) { group in
                for number in 0..<200 as Range<Int64> {
                    group.addTask {
                        let row = try await client.read(Statement("SELECT $1 * 3", [.int(number)])).exactlyOne()
                        return (number, try row.int(0))
                    }
                }
                for try await (number, answer) in group { #expect(answer == number * 3) }
            }
        }
    }

    @Test func `one that fails harms no other`() async throws {
        try await withClient { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 as Range<Int64> {
                    group.addTask {
                        let statement = Statement("SELECT 100 / ($1 % 10)", [.int(number)])
                        if number % 10 == 0 {
                            await #expect(throws: PostgresError.server(SQLState("22012"), constraint: nil)) {
                                _ = try await client.read(statement)
                            }
                        } else {
                            let quotient = try await client.read(statement).exactlyOne().int(0)
                            #expect(quotient == 100 / (number % 10))
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `one that cannot even be prepared harms no other`() async throws {
        try await withClient { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<60 as Range<Int64> {
                    group.addTask {
                        if number % 3 == 0 {
                            await #expect(throws: PostgresError.server(.undefinedTable, constraint: nil)) {
                                _ = try await client.read(Statement("SELECT $1 FROM nowhere", [.int(number)]))
                            }
                        } else {
                            let row = try await client.read(Statement("SELECT $1 + 1", [.int(number)])).exactlyOne()
                            #expect(try row.int(0) == number + 1)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `each sees its own context and none another's`() async throws {
        try await withClient { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let tenant = number % 4 == 0 ? nil : "tenant \(number)"
                        let context: SessionContext = tenant.map { ["test.tenant": $0] } ?? .none
                        let row = try await client.read(
                            Statement("SELECT current_setting('test.tenant', true)"), context: context
                        ).exactlyOne()
                        let seen = try row.optionalText(0) ?? ""
                        #expect(seen == tenant ?? "")
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `a slow one does not hold up those that come later`() async throws {
        try await withClient { client in
            _ = try await client.read(Statement("SELECT 1"))
            try await eventually { client.health.connected == 4 && client.health.inFlight == 0 }
            async let slow = client.read(Statement("SELECT pg_sleep(2)"))
            try await eventually { client.health.inFlight == 1 }
            let duration = try await ContinuousClock().measure {
                for _ in 0..<20 { _ = try await client.read(Statement("SELECT 1")) }
            }
            #expect(duration < .seconds(1))
            _ = try await slow
        }
    }

    @Test func `those that were sent behind a slow one are answered by another connection`() async throws {
        try await withClient { client in
            _ = try await client.read(Statement("SELECT 1"))
            try await eventually { client.health.connected == 4 && client.health.inFlight == 0 }
            try await withThrowingTaskGroup(of: Void.self) { group in
                // Both lanes are taken, so what follows at once queues behind one of them.
                for slow in [Statement("SELECT pg_sleep(2)"), Statement("SELECT pg_sleep(2.001)")] {
                    group.addTask { _ = try await client.read(slow) }
                }
                try await eventually { client.health.inFlight == 2 }
                let duration = try await ContinuousClock().measure {
                    try await withThrowingTaskGroup(of: Void.self) { quick in
                        for _ in 0..<20 { quick.addTask { _ = try await client.read(Statement("SELECT 1")) } }
                        try await quick.waitForAll()
                    }
                }
                #expect(duration < .seconds(1))
                try await group.waitForAll()
            }
        }
    }

    @Test func `an output larger than the socket takes does not deadlock with a large answer`() async throws {
        try await withClient({ $0.poolSize = 1 }) { client in
            let block = [UInt8](repeating: 7, count: 1 << 20)
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<24 {
                    group.addTask {
                        try await client.read(Statement("SELECT $1 || $1", [.bytes(block)])).exactlyOne().bytes(0).count
                    }
                }
                for try await count in group { #expect(count == 2 << 20) }
            }
        }
    }

    @Test func `tasks on the client's own thread get the same answers`() async throws {
        try await withClient { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<32 as Range<Int64> {
                    group.addTask(executorPreference: client.executor) {
                        for step in 0..<20 as Range<Int64> {
                            let row = try await client.read(Statement("SELECT $1 - $2", [.int(task), .int(step)]))
                            #expect(try row.exactlyOne().int(0) == task - step)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
