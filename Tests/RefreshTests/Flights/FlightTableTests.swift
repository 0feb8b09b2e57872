import Connections
import Domain
import Sodium
import Testing
import TestSupport

@testable import Refresh

@Suite("The table of flights", .timeLimit(.minutes(1)))
struct FlightTableTests {
    private let stored: StoredConnection
    private var id: ConnectionID { stored.connection.id }
    private var wish: FlightTable.Wish {
        FlightTable.Wish(connection: stored.connection, seen: SeenVersions(stored), isForced: false)
    }

    init() async throws { stored = try await Flights().stored() }

    private func token(version: Int64, credential: Int64 = 1) -> OpenedTokenSet {
        OpenedTokenSet(
            accessToken: SecretBytes(utf8: "token"), tokenType: "Bearer", refreshToken: nil,
            obtainedAt: Timestamp(seconds: 0), times: TokenTimes(expiresAt: nil, refreshDueAt: nil),
            recordVersion: version, credentialVersion: credential)
    }

    /// The table, held where an expectation may change it.
    private final class Table {
        var value: FlightTable

        init(maxFlights: Int, maxWaiters: Int) {
            value = FlightTable(maxFlights: maxFlights, maxWaiters: maxWaiters)
        }

        var count: Int { value.count }
        var waiterCount: Int { value.waiterCount }

        func begin(_ id: ConnectionID) -> Bool { value.begin(id) }
        func end(_ id: ConnectionID) -> Int { value.end(id).count }
        func endUnlessWaitedFor(_ id: ConnectionID) -> FlightTable.Wish? { value.endUnlessWaitedFor(id) }
        func settle(_ id: ConnectionID, _ token: OpenedTokenSet) -> Int { value.settle(id, token).count }
        func drain() -> Int { value.drain().count }
    }

    /// Joins, and tells what came of it before the waiter is sent away.
    private func joining(_ table: Table, _ body: (FlightTable.Joined) -> Void) async {
        _ = await withCheckedContinuation { continuation in
            let joined = table.value.join(id, wish, waiter: 1, continuation)
            body(joined)
            table.value.leave(1)?.resume(returning: .failure(.timedOut))
            if case .answered = joined { continuation.resume(returning: .failure(.timedOut)) }
        }
    }

    @Test func `a connection has one flight at a time, and may have another after its end`() {
        let table = Table(maxFlights: 10, maxWaiters: 10)
        #expect(table.begin(id))
        #expect(!table.begin(id) && table.count == 1)
        #expect(table.end(id) == 0)
        #expect(table.count == 0)
        #expect(table.begin(id))
    }

    @Test func `no more flights begin than there is room for`() {
        let table = Table(maxFlights: 3, maxWaiters: 10)
        for number in 0..<3 { #expect(table.begin(.numbered(number))) }
        #expect(!table.begin(.numbered(3)))
        _ = table.end(.numbered(0))
        #expect(table.begin(.numbered(3)))
    }

    @Test func `a flight that was begun for nobody is joined, and goes on for who waits`() async {
        let table = Table(maxFlights: 10, maxWaiters: 10)
        #expect(table.begin(id))
        await joining(table) { joined in
            guard case .waiting = joined else {
                Issue.record("it was not joined")
                return
            }
            #expect(table.waiterCount == 1)
            #expect(table.endUnlessWaitedFor(id)?.connection.id == id)
            #expect(table.count == 1, "it goes on")
        }
        #expect(table.endUnlessWaitedFor(id) == nil, "who waited has left")
        #expect(table.count == 0 && table.waiterCount == 0)
    }

    @Test func `a flight that nobody waits for ends where another instance sees to it`() {
        let table = Table(maxFlights: 10, maxWaiters: 10)
        #expect(table.begin(id))
        #expect(table.endUnlessWaitedFor(id) == nil && table.count == 0)
        #expect(table.begin(id), "and another may begin at once")
    }

    @Test func `whoever joins after its token is known has it at once, if it is newer`() async {
        let table = Table(maxFlights: 10, maxWaiters: 10)
        #expect(table.begin(id))
        #expect(table.settle(id, token(version: 2)) == 0)
        await joining(table) { joined in
            guard case .answered(.success(let token)) = joined else {
                Issue.record("it was not answered")
                return
            }
            #expect(token.recordVersion == 2 && table.waiterCount == 0)
        }
        #expect(!table.begin(id), "its writer still holds the lease")
        _ = table.settle(id, token(version: 1))
        await joining(table) { joined in
            guard case .answered(.failure(.overloaded)) = joined else {
                Issue.record("a token that the caller has seen is none")
                return
            }
        }
        _ = table.settle(id, token(version: 1, credential: 2))
        await joining(table) { joined in
            guard case .answered(.success) = joined else {
                Issue.record("one of another credential counts as newer")
                return
            }
        }
    }

    @Test func `waiters beyond the bound are refused, and start nothing`() async {
        let table = Table(maxFlights: 10, maxWaiters: 0)
        await joining(table) { joined in
            guard case .answered(.failure(.overloaded)) = joined else {
                Issue.record("it was let in")
                return
            }
            #expect(table.count == 0)
        }
    }

    @Test func `once it drains nothing begins, and flights under way are joined still`() async {
        let table = Table(maxFlights: 10, maxWaiters: 10)
        #expect(table.begin(id))
        #expect(table.drain() == 0, "a flight whose task is not kept yet has none")
        #expect(!table.begin(.numbered(7)))
        await joining(table) { joined in
            guard case .waiting = joined else {
                Issue.record("it was not joined")
                return
            }
        }
        _ = table.end(id)
        await joining(table) { joined in
            guard case .answered(.failure(.overloaded)) = joined else {
                Issue.record("a flight began")
                return
            }
            #expect(table.count == 0)
        }
    }
}
