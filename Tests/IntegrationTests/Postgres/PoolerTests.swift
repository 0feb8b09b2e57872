import Postgres
import TestSupport
import Testing

@Suite("Behind a pooler in transaction mode")
struct PoolerTests {
    private func withPooler(
        _ configure: (inout PostgresConfiguration) -> Void = { _ in },
        _ body: (PostgresClient, TestDatabase) async throws -> Void
    ) async throws {
        try await TestDatabase.with { database in
            let pooler = try await PgBouncer(before: database.cluster.cluster)
            do {
                try await database.withClient {
                    $0.connectionString = pooler.connectionString(database: database.name)
                    $0.listenConnectionString = database.connectionString()
                    $0.usePreparedStatements = false
                    configure(&$0)
                } _: { client in
                    try await body(client, database)
                }
            } catch {
                await pooler.stop()
                throw error
            }
            await pooler.stop()
        }
    }

    @Test func `two hundred reads with contexts of their own get their own answers`() async throws {
        try await withPooler { client, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 as Range<Int64> {
                    group.addTask {
                        let row = try await client.read(
                            Statement("SELECT $1, current_setting('test.tenant', true)", [.int(number)]),
                            context: ["test.tenant": "t\(number)"]
                        ).exactlyOne()
                        #expect(try row.int(0) == number)
                        #expect(try row.text(1) == "t\(number)")
                    }
                }
                try await group.waitForAll()
            }
            let after = try await client.read(Statement("SELECT current_setting('test.tenant', true)")).exactlyOne()
            #expect(try after.optionalText(0) ?? "" == "")
        }
    }

    @Test func `transactions of both kinds hold together`() async throws {
        try await withPooler { client, database in
            try await client.script("CREATE TABLE item (id int8 PRIMARY KEY)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in 0..<40 as Range<Int64> {
                    group.addTask {
                        let insert = Statement("INSERT INTO item VALUES ($1)", [.int(id)])
                        if id % 2 == 0 {
                            try await client.transaction([
                                insert, Statement("INSERT INTO item VALUES ($1)", [.int(100 + id)]),
                            ])
                        } else {
                            try await client.withTransaction { transaction in
                                try await transaction.query(insert)
                                try await transaction.query(Statement("INSERT INTO item VALUES ($1)", [.int(100 + id)]))
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            await #expect(throws: PostgresError.server(.uniqueViolation, constraint: "item_pkey")) {
                try await client.transaction([
                    Statement("INSERT INTO item VALUES (500)"), Statement("INSERT INTO item VALUES (1)"),
                ])
            }
            let count = try await client.read(Statement("SELECT count(*) FROM item")).exactlyOne().int(0)
            #expect(count == 80)
        }
    }

    @Test func `the statement timeout travels with each transaction`() async throws {
        try await withPooler({ $0.statementTimeout = .milliseconds(200) }) { client, _ in
            let failure = PostgresError.server(.queryCancelled, constraint: nil)
            for sleeping in [Statement("SELECT pg_sleep(5)")] {
                await #expect(throws: failure) { try await client.read(sleeping, deadline: .seconds(10)) }
                await #expect(throws: failure) { try await client.write(sleeping, deadline: .seconds(10)) }
                await #expect(throws: failure) {
                    try await client.withTransaction(deadline: .seconds(10)) { try await $0.query(sleeping) }
                }
            }
        }
    }

    @Test func `listening goes past it`() async throws {
        try await withPooler { client, _ in
            var listener = client.notifications(channel: "keys").makeAsyncIterator()
            #expect(await listener.next() == .reconnected)
            try await client.write(Statement("SELECT pg_notify('keys', 'through')"))
            #expect(await listener.next() == .notified(payload: "through"))
        }
    }
}
