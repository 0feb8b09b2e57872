import Postgres
import TestSupport
import Testing

@Suite("A transaction takes effect whole or not at all")
struct TransactionTests {
    private struct Refusal: Error {}

    private func withTable(
        _ configure: @Sendable (inout PostgresConfiguration) -> Void = { _ in },
        _ body: (PostgresClient) async throws -> Void
    ) async throws {
        try await TestDatabase.with { database in
            try await database.withClient(configure) { client in
                try await client.script(
                    """
                    CREATE TABLE item (id int8 PRIMARY KEY, note text NOT NULL);
                    CREATE TABLE part (item int8 CONSTRAINT part_of REFERENCES item DEFERRABLE INITIALLY DEFERRED);
                    """)
                try await eventually { client.health.inFlight == 0 }
                try await body(client)
            }
        }
    }

    private func insert(_ id: Int64) -> Statement {
        Statement("INSERT INTO item (id, note) VALUES ($1, 'n') RETURNING id", [.int(id)])
    }

    private func expectCount(
        _ expected: Int64, _ client: PostgresClient, location: SourceLocation = #_sourceLocation
    ) async throws {
        let count = try await client.read(Statement("SELECT count(*) FROM item")).exactlyOne().int(0)
        #expect(count == expected, sourceLocation: location)
    }

    @Test func `a pipelined group returns the rows of each statement`() async throws {
        try await withTable { client in
            let results = try await client.transaction([
                insert(1), insert(2), Statement("SELECT id FROM item ORDER BY id"),
            ])
            #expect(results.count == 3)
            #expect(try results[0].exactlyOne().int(0) == 1)
            #expect(try results[2].map { row in try row.int(0) } == [1, 2])
            #expect(try await client.transaction([]).isEmpty)
        }
    }

    @Test(arguments: 0..<3)
    func `a pipelined group is undone whichever statement fails`(position: Int) async throws {
        try await withTable { client in
            try await client.write(insert(9))
            var statements = [insert(1), insert(2)]
            statements.insert(insert(9), at: position)
            await #expect(throws: PostgresError.server(.uniqueViolation, constraint: "item_pkey")) {
                try await client.transaction(statements)
            }
            try await expectCount(1, client)
        }
    }

    @Test func `a constraint that is checked at the commit undoes the group and is reported`() async throws {
        try await withTable { client in
            let failure = PostgresError.server(.foreignKeyViolation, constraint: "part_of")
            await #expect(throws: failure) {
                try await client.transaction([insert(1), Statement("INSERT INTO part VALUES (2)")])
            }
            await #expect(throws: failure) { try await client.write(Statement("INSERT INTO part VALUES (2)")) }
            await #expect(throws: failure) {
                try await client.withTransaction { try await $0.query(Statement("INSERT INTO part VALUES (2)")) }
            }
            try await expectCount(0, client)
            try await client.write(insert(1))
            try await expectCount(1, client)
        }
    }

    @Test func `a write returns what RETURNING names, and nothing without it`() async throws {
        try await withTable { client in
            let inserted = try await client.write(insert(4)).exactlyOne()
            #expect(try inserted.int(0) == 4)
            let updated = try await client.write(Statement("UPDATE item SET note = 'm'"))
            #expect(updated.isEmpty)
            let deleted = try await client.write(Statement("DELETE FROM item WHERE id = 5 RETURNING id"))
            #expect(deleted.isEmpty)
        }
    }

    @Test func `the context is there in every statement and gone afterwards`() async throws {
        try await withTable({ $0.poolSize = 1 }) { client in
            let look = Statement("SELECT current_setting('test.a', true), current_setting('test.b', true)")
            let context: SessionContext = ["test.a": "one", "test.b": "it's \\ two"]
            let results = try await client.transaction([look, insert(1), look], context: context)
            for rows in [results[0], results[2]] {
                #expect(try rows.exactlyOne().text(0) == "one")
                #expect(try rows.exactlyOne().text(1) == "it's \\ two")
            }
            try await client.withTransaction(context: context) { transaction in
                let row = try await transaction.query(look).exactlyOne()
                #expect(try row.text(0) == "one")
            }
            let after = try await client.read(look).exactlyOne()
            #expect(try after.optionalText(0) ?? "" == "")
            #expect(try after.optionalText(1) ?? "" == "")
        }
    }

    @Test func `a setting that doesn't exist fails the call alone`() async throws {
        try await withTable({ $0.poolSize = 1 }) { client in
            let context: SessionContext = ["no_such_setting": "1"]
            let failure = PostgresError.server(SQLState("42704"), constraint: nil)
            await #expect(throws: failure) { try await client.read(Statement("SELECT 1"), context: context) }
            await #expect(throws: failure) { try await client.write(insert(1), context: context) }
            await #expect(throws: failure) { try await client.withTransaction(context: context) { _ in } }
            try await expectCount(0, client)
        }
    }

    @Test func `an interactive one commits what its body did and returns its result`() async throws {
        try await withTable { client in
            let doubled = try await client.withTransaction { transaction in
                let id = try await transaction.query(insert(21)).exactlyOne().int(0)
                try await transaction.query([
                    Statement("UPDATE item SET note = $1", [.text("\(id)")]), insert(id * 2),
                ])
                return id * 2
            }
            #expect(doubled == 42)
            try await expectCount(2, client)
        }
    }

    @Test func `an interactive one rolls back when its body throws, and hands on that error`() async throws {
        try await withTable { client in
            await #expect(throws: Refusal.self) {
                try await client.withTransaction { transaction in
                    try await transaction.query(insert(1))
                    throw Refusal()
                }
            }
            try await expectCount(0, client)
        }
    }

    @Test func `an error that the body swallows does not become a silent rollback`() async throws {
        try await withTable { client in
            await #expect(throws: PostgresError.server(.inFailedTransaction, constraint: nil)) {
                try await client.withTransaction { transaction in
                    try await transaction.query(insert(1))
                    _ = try? await transaction.query(insert(1))
                }
            }
            try await expectCount(0, client)
        }
    }

    @Test func `interactive ones leave a connection for the others, and queue among themselves`() async throws {
        try await withTable({ $0.poolSize = 2 }) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in 0..<20 as Range<Int64> {
                    group.addTask {
                        try await client.withTransaction { transaction in
                            try await transaction.query(insert(id))
                            // Would wait for ever if held connections were all there are.
                            _ = try await client.read(Statement("SELECT 1"))
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await expectCount(20, client)
        }
    }

    @Test func `past its deadline it is rolled back and its connection replaced`() async throws {
        try await withTable { client in
            await #expect(throws: PostgresError.self) {
                try await client.withTransaction(deadline: .milliseconds(300)) { transaction in
                    try await transaction.query(insert(1))
                    try await transaction.query(Statement("SELECT pg_sleep(3)"))
                }
            }
            try await expectCount(0, client)
            try await eventually { client.health.connected == 4 }
        }
    }

    @Test func `it cannot be used after its end`() async throws {
        try await withTable { client in
            let escaped = try await client.withTransaction { $0 }
            await #expect(throws: PostgresError.unavailable) { try await escaped.query(insert(1)) }
            try await expectCount(0, client)
        }
    }

    @Test func `a migration's script runs within it and is undone with it`() async throws {
        try await withTable { client in
            await #expect(throws: Refusal.self) {
                try await client.withTransaction { transaction in
                    try await transaction.script(
                        "CREATE TABLE a (x int); CREATE TABLE b (y int); INSERT INTO a VALUES (1)")
                    #expect(try await transaction.query(Statement("SELECT x FROM a")).count == 1)
                    throw Refusal()
                }
            }
            await #expect(throws: PostgresError.server(.undefinedTable, constraint: nil)) {
                try await client.read(Statement("SELECT y FROM b"))
            }
        }
    }

    @Test func `a script that fails midway leaves nothing`() async throws {
        try await withTable { client in
            await #expect(throws: PostgresError.server(.undefinedTable, constraint: nil)) {
                try await client.script(
                    "CREATE TABLE c (x int); INSERT INTO nowhere VALUES (1); CREATE TABLE d (x int)")
            }
            for table: Statement in [Statement("SELECT * FROM c"), Statement("SELECT * FROM d")] {
                await #expect(throws: PostgresError.server(.undefinedTable, constraint: nil)) {
                    try await client.read(table)
                }
            }
        }
    }

    @Test func `a cancelled task's transaction is rolled back and the connection serves on`() async throws {
        try await withTable({ $0.poolSize = 1 }) { client in
            // Awaited below.
            let task = Task {
                try await client.withTransaction { transaction in
                    try await transaction.query(insert(1))
                    try await transaction.query(Statement("SELECT pg_sleep(0.2)"))
                    try await transaction.query(insert(2))
                }
            }
            try await eventually { client.health.inFlight == 1 }
            task.cancel()
            await #expect(throws: PostgresError.cancelled) { try await task.value }
            try await expectCount(0, client)
            #expect(client.health.opened == 1)
        }
    }
}
