import Postgres
import TestSupport
import Testing

@Suite("Notifications reach their listeners, and gaps are announced")
struct NotificationTests {
    private func withClient(_ body: (PostgresClient) async throws -> Void) async throws {
        try await TestDatabase.with { database in
            try await database.withClient { try await body($0) }
        }
    }

    private func notify(_ channel: String, _ payload: String) -> Statement {
        Statement("SELECT pg_notify($1, $2)", [.text(channel), .text(payload)])
    }

    @Test func `a listener is told first that it listens, then what is said on its channel alone`() async throws {
        try await withClient { client in
            var first = client.notifications(channel: "keys").makeAsyncIterator()
            #expect(await first.next() == .reconnected)
            var second = client.notifications(channel: "keys").makeAsyncIterator()
            #expect(await second.next() == .reconnected)
            var other = client.notifications(channel: "other_1").makeAsyncIterator()
            #expect(await other.next() == .reconnected)
            try await client.write(notify("other_1", "z"))
            try await client.write(notify("keys", "grün"))
            try await client.write(notify("keys", ""))
            #expect(await first.next() == .notified(payload: "grün"))
            #expect(await second.next() == .notified(payload: "grün"))
            #expect(await first.next() == .notified(payload: ""))
            #expect(await other.next() == .notified(payload: "z"))
            #expect(client.health.isListening)
        }
    }

    @Test func `a transaction that rolls back says nothing`() async throws {
        try await withClient { client in
            var listener = client.notifications(channel: "keys").makeAsyncIterator()
            #expect(await listener.next() == .reconnected)
            await #expect(throws: PostgresError.self) {
                try await client.transaction([notify("keys", "no"), Statement("SELECT 1 / 0")])
            }
            try await client.write(notify("keys", "yes"))
            #expect(await listener.next() == .notified(payload: "yes"))
        }
    }

    @Test func `after a lost connection a listener is told to read anew, and hears again`() async throws {
        try await withClient { client in
            var listener = client.notifications(channel: "keys").makeAsyncIterator()
            #expect(await listener.next() == .reconnected)
            for round in 0..<3 {
                let ended = try await client.write(
                    Statement(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND query LIKE 'LISTEN%'
                        """))
                #expect(ended.count == 1)
                #expect(await listener.next() == .reconnected)
                try await client.write(notify("keys", "round \(round)"))
                #expect(await listener.next() == .notified(payload: "round \(round)"))
            }
        }
    }

    @Test func `a listener too slow for its buffer learns that it missed something`() async throws {
        try await withClient { client in
            let stream = client.notifications(channel: "keys")
            var witness = client.notifications(channel: "done").makeAsyncIterator()
            #expect(await witness.next() == .reconnected)
            try await client.write(Statement("SELECT pg_notify('keys', n::text) FROM generate_series(1, 3000) AS n"))
            try await client.write(notify("done", ""))
            #expect(await witness.next() == .notified(payload: ""))
            try await client.write(notify("keys", "last"))
            var count = 0
            var gaps = 0
            for await element in stream {
                count += 1
                if element == .reconnected { gaps += 1 }
                if element == .notified(payload: "last") { break }
            }
            #expect(gaps > 0)
            #expect(count <= 1_025)
        }
    }

    @Test func `dropping the last listener closes the connection, and a new one opens it`() async throws {
        try await withClient { client in
            for _ in 0..<2 {
                do {
                    var listener = client.notifications(channel: "keys").makeAsyncIterator()
                    #expect(await listener.next() == .reconnected)
                }
                try await eventually { !client.health.isListening }
            }
        }
    }

    @Test(arguments: ["", "Keys", "a-b", "1a", "a\"; DROP TABLE x; --", "ä", String(repeating: "a", count: 64)])
    func `a malformed name ends the stream and reaches no server`(channel: String) async throws {
        try await withClient { client in
            var listener = client.notifications(channel: channel).makeAsyncIterator()
            #expect(await listener.next() == nil)
            #expect(!client.health.isListening)
        }
    }

    @Test func `a shutdown ends the streams`() async throws {
        try await TestDatabase.with { database in
            let client = database.makeClient()
            var listener = client.notifications(channel: "keys").makeAsyncIterator()
            #expect(await listener.next() == .reconnected)
            await client.shutdown()
            #expect(await listener.next() == nil)
            var late = client.notifications(channel: "keys").makeAsyncIterator()
            #expect(await late.next() == nil)
        }
    }
}
