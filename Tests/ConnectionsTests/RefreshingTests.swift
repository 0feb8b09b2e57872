import Connections
import Domain
import Sodium
import Testing
import TestSupport

@Suite("Refreshing a connection that somebody asked for")
struct RefreshingTests {
    let account: GrantAccount
    let connection: Connection
    var world: FakeWorld { account.world }

    init() async throws {
        account = try await GrantAccount()
        connection = try await account.link()
    }

    private func refresh(_ id: ConnectionID? = nil) async throws(UseCaseError) -> (Connection, RefreshState) {
        try await world.linking().refresh(id ?? connection.id, world.context())
    }

    @Test func `asks for it by name, and tells how the refreshes stand`() async throws {
        let forced = world.refresher.forced
        let (read, state) = try await refresh()
        #expect(world.refresher.forced == forced + 1)
        #expect(read == connection)
        #expect(state.consecutiveFailures == 0 && state.lastError == nil)
    }

    @Test(arguments: [
        (RefreshError.ended(.invalidGrant), UseCaseError.refreshFailed(.reauthRequired(.invalidGrant))),
        (
            .backingOff(.rateLimited, remaining: .seconds(7)),
            .refreshFailed(.backingOff(.rateLimited, remaining: .seconds(7)))
        ),
        (.overloaded, .refreshFailed(.backingOff(nil, remaining: .seconds(1)))), (.timedOut, .timedOut),
        (.storeUnavailable, .unavailable), (.envelopeRefused, .envelopeRefused), (.notFound, .notFound(.connection)),
        (.internalFailure, .internalFailure),
    ])
    func `says why there is none`(_ fault: RefreshError, _ expected: UseCaseError) async throws {
        account.answer(fault)
        let error = await failure { () async throws(UseCaseError) in try await refresh() }
        #expect(error == expected)
    }

    @Test func `asks nobody where nothing can be refreshed`() async throws {
        let basic = try await world.linkBasic(try await world.integrate("generic-basic", name: "basic"))
        let asked = world.refresher.asked
        let error = await failure { () async throws(UseCaseError) in try await refresh(basic.id) }
        #expect(error == .refreshFailed(.notRefreshable))
        _ = try await world.linking().update(connection.id, ConnectionChange(suspended: true), world.context())
        let suspended = await failure { () async throws(UseCaseError) in try await refresh() }
        #expect(suspended == .refreshFailed(.suspended))
        #expect(world.refresher.asked == asked)
    }

    @Test func `asks nobody where only the account's owner can mend it`() async throws {
        world.outbound.answer { (_) throws(OutboundError) in .test(401) }
        _ = await failure { () async throws(UseCaseError) in
            try await world.linking().verify(connection.id, world.context())
        }
        let asked = world.refresher.asked
        let error = await failure { () async throws(UseCaseError) in try await refresh() }
        #expect(error == .refreshFailed(.reauthRequired(.credentialRefused)))
        #expect(world.refresher.asked == asked)
    }

    @Test func `refreshes a pending account, which stays pending`() async throws {
        let pending = try await account.link(verify: false)
        let (read, _) = try await refresh(pending.id)
        #expect(read.status == .pending)
    }

    @Test func `a connection that is deleted meanwhile is absent`() async throws {
        world.database.fail(.connectionFind, with: .notFound)
        let error = await failure { () async throws(UseCaseError) in try await refresh() }
        #expect(error == .notFound(.connection))
        let (none, unknown) = (world.gate.identifiers, world.refresher.asked)
        let absent = await failure { () async throws(UseCaseError) in try await refresh(none.next()) }
        #expect(absent == .notFound(.connection) && world.refresher.asked == unknown)
    }

    // MARK: Reading

    @Test func `reading tells how the refreshes stand, where there are any`() async throws {
        world.database.changeRefreshRow(connection.id) { row in
            row.failures = 3
            row.lastError = .rateLimited
            row.isScopeMissing = true
        }
        let (read, state) = try await world.linking().readDetail(connection.id, world.context())
        #expect(read == connection)
        #expect(state?.consecutiveFailures == 3 && state?.lastError == .rateLimited && state?.isScopeMissing == true)
        let basic = try await world.linkBasic(try await world.integrate("generic-basic", name: "basic"))
        let (plain, none) = try await world.linking().readDetail(basic.id, world.context())
        #expect(plain == basic && none == nil)
    }

    @Test func `reading asks no token endpoint and opens nothing`() async throws {
        let (asked, sent) = (world.refresher.asked, world.outbound.sent.count)
        _ = try await world.linking().readDetail(connection.id, world.context(.readConnections))
        #expect(world.refresher.asked == asked && world.outbound.sent.count == sent)
    }
}
