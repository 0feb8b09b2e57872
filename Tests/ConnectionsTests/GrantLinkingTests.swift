import Connections
import Domain
import Sodium
import Synchronization
import Testing
import TestSupport

@Suite("Linking an account whose proof spends what was entered")
struct GrantLinkingTests {
    let account: GrantAccount
    var world: FakeWorld { account.world }

    init() async throws { account = try await GrantAccount() }

    @Test func `is stored as pending before its refresh token is sent anywhere`() async throws {
        let seen = Mutex<(status: ConnectionStatus?, row: FakeRefreshRow?, tokenSet: Bool)>((nil, nil, true))
        let (database, clock) = (world.database, world.clock)
        world.refresher.answer { (stored) throws(RefreshError) in
            let now = database.stored(stored.connection.id)
            let row = database.refreshRow(stored.connection.id)
            seen.withLock { $0 = (now?.connection.status, row, now?.tokenSet != nil) }
            return .test("token-1", of: stored, obtainedAt: clock.wall.now())
        }
        let connection = try await account.link()
        let then = seen.withLock { $0 }
        #expect(then.status == .pending && !then.tokenSet)
        #expect(then.row?.spendsRefreshToken == true)
        #expect(then.row?.endpoint?.text == "https://login.example.com/token")
        #expect(then.row?.dueAt == nil)
        #expect(connection.status == .active && connection.verifiedAt == world.clock.wall.now())
        #expect(world.database.stored(connection.id)?.connection == connection)
        #expect(world.database.lifecycleEvents(of: connection.id) == [.linked])
        #expect(world.database.events.suffix(2).map(\.action) == [.connectionCreated, .connectionVerified])
    }

    @Test func `leaves the token endpoint to the refresher, and calls the API with its token`() async throws {
        _ = try await account.link()
        #expect(world.refresher.asked == 1 && world.refresher.forced == 1)
        #expect(world.outbound.sent.map(\.request.url.host) == ["api.example.com"])
        #expect(world.outbound.sent.first?.header("authorization") == "Bearer token-1")
    }

    @Test(arguments: [
        (StatusReason.invalidGrant, TokenEndpointFailure.invalidGrant), (.answerLost, .invalidGrant),
        (.invalidClient, .invalidClient), (.tokenEndpointRefused, .refused),
    ])
    func `is removed again where the token endpoint refuses for good`(
        _ reason: StatusReason, _ expected: TokenEndpointFailure
    ) async throws {
        account.answer(.ended(reason))
        let error = await failure { () async throws(UseCaseError) in try await account.link() }
        #expect(error == .verificationFailed(.tokenEndpoint(expected)))
        #expect(world.database.connectionCount == 0)
        let events = world.database.events.suffix(3)
        #expect(events.map(\.action) == [.connectionCreated, .connectionCreated, .connectionDeleted])
        #expect(events.map(\.outcome) == [.success, .failure, .success])
        #expect(world.outbound.sent.isEmpty, "the API is not called without a token")
    }

    @Test(arguments: [
        (RefreshError.timedOut, TokenEndpointFailure.timedOut), (.overloaded, .overloaded),
        (.backingOff(.outcomeUnknown, remaining: .seconds(2)), .outcomeUnknown),
        (.backingOff(.tokenEndpointMalformed, remaining: .seconds(2)), .malformed),
        (.backingOff(.tokenEndpointRefused, remaining: .seconds(2)), .refusedWithoutReason),
        (
            .backingOff(.tokenEndpointUnreachable, remaining: .seconds(2)), .serverError(retryAfter: .seconds(2))
        ),
        (.backingOff(.rateLimited, remaining: .seconds(9)), .rateLimited(retryAfter: .seconds(9))),
    ])
    func `stays pending where nobody knows whether its token is spent, and can be verified later`(
        _ fault: RefreshError, _ expected: TokenEndpointFailure
    ) async throws {
        account.answer(fault)
        let error = await failure { () async throws(UseCaseError) in try await account.link() }
        let stored = try #require(try await account.stored().first)
        #expect(
            error == .unproved(stored.id, .tokenEndpoint(expected)), "so that nobody links the same token once more")
        #expect(stored.status == .pending && stored.verifiedAt == nil)
        #expect(world.database.events.last?.outcome == .failure)
        #expect(world.database.lifecycleEvents(of: stored.id).isEmpty)
        account.answer("token-2")
        let verified = try await world.linking().verify(stored.id, world.context())
        #expect(verified.status == .active)
        #expect(world.outbound.sent.last?.header("authorization") == "Bearer token-2")
        #expect(world.database.lifecycleEvents(of: stored.id) == [.linked])
    }

    @Test(arguments: [401, 403, 404, 500])
    func `stays pending where the API says no: its grant is good and its successor stored`(_ status: Int) async throws {
        world.outbound.answer { (_) throws(OutboundError) in .test(status) }
        let error = await failure { () async throws(UseCaseError) in try await account.link() }
        let isRefusal = status == 401 || status == 403
        let stored = try #require(try await account.stored().first)
        #expect(
            error == .unproved(stored.id, isRefusal ? .credentialRefused(status: status) : .unexpectedStatus(status)))
        #expect(try await account.stored().map(\.status) == [.pending])
    }

    @Test func `says that the outcome is unknown where the database goes away after it was stored`() async throws {
        account.answer(.storeUnavailable)
        let lost = await failure { () async throws(UseCaseError) in try await account.link() }
        #expect(lost == .outcomeUnknown, "\"nothing was stored\" would have the token sent once more")
        #expect(world.database.connectionCount == 1)
        account.answer("token-1")
        world.database.fail(.connectionUpdate, with: .unavailable)
        let unwritten = await failure { () async throws(UseCaseError) in try await account.link() }
        #expect(unwritten == .outcomeUnknown)
        world.database.fail(.connectionLoad, with: .unavailable)
        let unread = await failure { () async throws(UseCaseError) in try await account.link() }
        #expect(unread == .outcomeUnknown)
        #expect(try await account.stored().map(\.status) == [.pending, .pending, .pending])
    }

    @Test func `a database that is away before anything was stored sends nothing`() async throws {
        world.database.fail(.connectionCreate, with: .unavailable)
        let error = await failure { () async throws(UseCaseError) in try await account.link() }
        #expect(error == .unavailable)
        #expect(world.refresher.asked == 0 && world.outbound.sent.isEmpty)
    }

    @Test func `a removal that fails leaves it pending, and the caller hears of the refusal`() async throws {
        let database = world.database
        for operation in [StoreOperation.connectionDelete, .connectionLoad] {
            world.refresher.answer { (_) throws(RefreshError) in
                database.fail(operation, with: .unavailable)
                throw .ended(.invalidGrant)
            }
            let error = await failure { () async throws(UseCaseError) in try await account.link() }
            #expect(error == .verificationFailed(.tokenEndpoint(.invalidGrant)))
        }
        #expect(try await account.stored().map(\.status) == [.pending, .pending])
    }

    @Test func `is not removed where another credential was entered meanwhile`() async throws {
        let database = world.database
        world.refresher.answer { (stored) throws(RefreshError) in
            guard let entered = stored.entered else { throw .internalFailure }
            database.tamper(
                stored.connection.id,
                entered: SealedSecret(
                    envelope: entered.envelope, keyVersion: entered.keyVersion, recordVersion: 2))
            throw .ended(.invalidGrant)
        }
        _ = await failure { () async throws(UseCaseError) in try await account.link() }
        #expect(try await account.stored().map(\.status) == [.pending])
    }

    @Test func `without verification it is stored and nobody is asked`() async throws {
        let connection = try await account.link(verify: false)
        #expect(connection.status == .pending)
        #expect(world.refresher.asked == 0 && world.outbound.sent.isEmpty)
        #expect(world.database.refreshRow(connection.id)?.spendsRefreshToken == true)
    }

    @Test func `a missing refresh token is named by its field`() async throws {
        var draft = account.draft()
        draft.secrets["refresh_token"] = nil
        let error = await failure { () async throws(UseCaseError) in
            try await world.linking().create(draft, world.context())
        }
        #expect(error == .invalid([InputProblem("/secrets/refresh_token", .missing)]))
        #expect(world.database.connectionCount == 0)
    }

    @Test func `client credentials are still proved before they are stored`() async throws {
        let other = try await world.integrate("generic-oauth2-client-credentials", name: "other")
        let connection = try await world.linkOAuth(other)
        #expect(world.refresher.asked == 0)
        let row = try #require(world.database.refreshRow(connection.id))
        #expect(!row.spendsRefreshToken && row.endpoint?.text == "https://login.example.com/token")
        let basic = try await world.linkBasic(try await world.integrate("generic-basic", name: "basic"))
        #expect(world.database.refreshRow(basic.id)?.endpoint == nil)
    }

    // MARK: Linking again

    private func relink(
        _ id: ConnectionID, _ refreshToken: String = "second", verify: Bool = true, suspended: Bool? = nil
    ) async throws(UseCaseError) -> Connection {
        try await world.linking().update(
            id,
            ConnectionChange(
                secrets: ["refresh_token": SecretBytes(utf8: refreshToken)], suspended: suspended, verify: verify),
            world.context())
    }

    @Test(arguments: [
        ConnectionChange(secrets: ["client_secret": SecretBytes(utf8: "new")]),
        ConnectionChange(fields: ["verification_path": "/me"]),
        ConnectionChange(fields: ["client_id": "other"], verify: false),
        ConnectionChange(secrets: ["refresh_token": SecretBytes(utf8: "")], suspended: true, verify: false),
        ConnectionChange(
            fields: ["token_url": "https://evil.example/t"], secrets: ["client_secret": SecretBytes(utf8: "new")]),
    ])
    func `a change needs a new refresh token: the entered one is spent`(_ change: ConnectionChange) async throws {
        let connection = try await account.link()
        let asked = world.refresher.asked
        let error = await failure { () async throws(UseCaseError) in
            try await world.linking().update(connection.id, change, world.context())
        }
        #expect(error == .invalid([InputProblem("/secrets/refresh_token", .missing)]))
        #expect(world.refresher.asked == asked)
        #expect(world.database.stored(connection.id)?.connection == connection)
    }

    @Test func `a name or a suspension needs none`() async throws {
        let connection = try await account.link()
        let entered = world.database.stored(connection.id)?.entered
        let changed = try await world.linking().update(
            connection.id, ConnectionChange(displayName: .set("Renamed"), suspended: true), world.context())
        #expect(changed.status == .suspended)
        #expect(world.database.stored(connection.id)?.entered == entered)
        #expect(world.refresher.asked == 1)
    }

    @Test func `a new refresh token replaces everything first, as pending, and is proved then`() async throws {
        let connection = try await account.link()
        let seen = Mutex<StoredConnection?>(nil)
        let (database, clock) = (world.database, world.clock)
        world.refresher.answer { (stored) throws(RefreshError) in
            seen.withLock { $0 = database.stored(stored.connection.id) }
            return .test("token-2", of: stored, obtainedAt: clock.wall.now())
        }
        let relinked = try await relink(connection.id)
        let then = try #require(seen.withLock { $0 })
        #expect(then.connection.status == .pending && then.connection.verifiedAt == nil)
        #expect(then.entered?.recordVersion == 2 && then.tokenSet == nil)
        #expect(relinked.id == connection.id && relinked.status == .active)
        #expect(relinked.verifiedAt == world.clock.wall.now())
        #expect(world.outbound.sent.last?.header("authorization") == "Bearer token-2")
    }

    @Test func `a new refresh token that is refused removes nothing, and stays pending`() async throws {
        let connection = try await account.link()
        for fault in [RefreshError.ended(.invalidGrant), .timedOut] {
            account.answer(fault)
            let error = await failure { () async throws(UseCaseError) in try await relink(connection.id) }
            guard case .verificationFailed(.tokenEndpoint) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            let stored = try #require(world.database.stored(connection.id))
            #expect(stored.connection.status == .pending && stored.connection.id == connection.id)
        }
        account.answer("token-3")
        #expect(try await relink(connection.id, "third").status == .active)
    }

    @Test func `the same request once more keeps the successor of its refresh token, and proves again`() async throws {
        let account = try await GrantAccount()
        let linked = try await account.link()
        let change = ConnectionChange(secrets: GrantAccount.secrets("canary-second"))
        _ = try await account.world.linking().update(linked.id, change, account.world.context())
        let before = try #require(account.world.database.stored(linked.id))
        let again = try await account.world.linking().update(linked.id, change, account.world.context())
        let after = try #require(account.world.database.stored(linked.id))
        #expect(again.status == .active)
        #expect(after.entered == before.entered, "nothing is entered anew")
        #expect(after.tokenSet == before.tokenSet)
    }

    @Test func `the same refresh token with another client secret is another credential`() async throws {
        let account = try await GrantAccount()
        let linked = try await account.link()
        let before = try #require(account.world.database.stored(linked.id))
        var secrets = GrantAccount.secrets("canary-first")
        secrets["client_secret"] = SecretBytes(utf8: "canary-other")
        _ = try await account.world.linking().update(
            linked.id, ConnectionChange(secrets: secrets), account.world.context())
        #expect(try #require(account.world.database.stored(linked.id)).entered != before.entered)
    }

    @Test func `linked again without verification it is pending and nobody is asked`() async throws {
        let connection = try await account.link()
        let relinked = try await relink(connection.id, verify: false)
        #expect(relinked.status == .pending && relinked.verifiedAt == nil)
        #expect(world.refresher.asked == 1)
    }

    @Test func `linked again while it is switched off it stays switched off`() async throws {
        let connection = try await account.link()
        let relinked = try await relink(connection.id, suspended: true)
        #expect(relinked.status == .suspended && relinked.verifiedAt != nil)
        let resumed = try await world.linking().update(
            connection.id, ConnectionChange(suspended: false), world.context())
        #expect(resumed.status == .active)
    }

    @Test func `a stored client secret is sent to no new token endpoint with a new refresh token`() async throws {
        let connection = try await account.link()
        let error = await failure { () async throws(UseCaseError) in
            try await world.linking().update(
                connection.id,
                ConnectionChange(
                    fields: ["token_url": "https://evil.example/t"],
                    secrets: ["refresh_token": SecretBytes(utf8: "second")]), world.context())
        }
        #expect(error == .invalid([InputProblem("/secrets/client_secret", .secretRequiredForNewDestination)]))
        #expect(world.refresher.asked == 1)
    }
}
