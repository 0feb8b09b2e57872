import Connections
import Domain
import Sodium
import Testing
import TestSupport

@Suite("Opening a connection for use")
struct OpeningTests {
    let world: FakeWorld
    let opener: ConnectionOpener

    init() async throws {
        world = try await FakeWorld()
        opener = world.opener()
    }

    func open(_ id: ConnectionID, _ principal: Principal? = nil) async throws(UseError) -> UsableConnection {
        try await opener.open(
            id, for: principal ?? world.principal(), deadline: world.clock.now.advanced(by: .seconds(5)))
    }

    func basic() async throws -> Connection {
        try await world.linkBasic(try await world.integrate("generic-basic"))
    }

    func oauth(expiresIn: Int? = 600, fetch: Bool = false) async throws -> Connection {
        try await world.linkOAuth(
            try await world.integrate(
                "generic-oauth2-client-credentials", settings: IntegrationSettings(allowsTokenFetch: fetch)),
            expiresIn: expiresIn)
    }

    static func authorization(_ usable: UsableConnection) -> String? {
        usable.injection.headers.first { $0.name == "authorization" }?.value.revealUTF8(for: .test)
    }

    @Test func `prepares what the credential adds, for the linked origin`() async throws {
        let connection = try await basic()
        let usable = try await open(connection.id)
        #expect(Self.authorization(usable) == "Basic dXNlcjpjYW5hcnktcGFzc3dvcmQ=")
        #expect(usable.origin == connection.origin && usable.scope == connection.scope)
        #expect(usable.fetchableToken == nil && !usable.isRefreshable)
        #expect(usable.usableUntil == world.clock.wall.now() + .seconds(300))
        #expect(usable.generation == .init(connectionVersion: 1, tokenSetVersion: 0))
    }

    // MARK: Who

    @Test func `another tenant's connection is absent, however it is asked for`() async throws {
        let connection = try await basic()
        let foreign = [
            world.principal(tenant: world.neighbour.id), world.principal(environment: world.stranger.environmentID),
            world.principal(tenant: world.stranger.id, environment: world.stranger.environmentID),
            world.principal(tenant: world.tenant.id, environment: world.stranger.environmentID),
        ]
        for principal in foreign {
            let error = await useFailure { () async throws(UseError) in try await open(connection.id, principal) }
            #expect(error == .notFound)
        }
        #expect(!world.database.events.contains { $0.action == .credentialOpened })
        _ = try await open(connection.id, world.principal(tenant: world.tenant.id))
    }

    @Test func `a caller without either permission is denied, and it is recorded`() async throws {
        let connection = try await basic()
        let principal = world.principal(PermissionSet.all.subtracting([.proxy, .fetchTokens]))
        let error = await useFailure { () async throws(UseError) in try await open(connection.id, principal) }
        #expect(error == .denied)
        let event = try #require(world.database.events.last)
        #expect(event.action == .credentialOpened && event.outcome == .denied && event.reason == "permission_missing")
        for permission in [PermissionSet.proxy, .fetchTokens] {
            _ = try await open(connection.id, world.principal(permission))
        }
    }

    @Test func `a caller that is held to other connections is denied`() async throws {
        let connection = try await basic()
        let other: ConnectionID = world.gate.identifiers.next()
        let held = world.principal(restriction: CallerRestriction(connections: [other]))
        let error = await useFailure { () async throws(UseError) in try await open(connection.id, held) }
        #expect(error == .denied)
        #expect(world.database.events.last?.reason == "restricted")
        let allowed = world.principal(restriction: CallerRestriction(connections: [other, connection.id]))
        _ = try await open(connection.id, allowed)
    }

    // MARK: Recording

    @Test func `is recorded once a minute for a caller and a connection`() async throws {
        let connection = try await basic()
        func openings() -> Int {
            world.database.events.filter { $0.action == .credentialOpened && $0.outcome == .success }.count
        }
        for _ in 0..<3 { _ = try await open(connection.id) }
        #expect(openings() == 1)
        world.clock.advance(by: .seconds(61))
        _ = try await open(connection.id)
        #expect(openings() == 2)
        let other = Principal(
            identity: .callerToken("jti", world.gate.identifiers.next()), environmentID: world.environment.id,
            tenantID: nil, permissions: .all)
        _ = try await open(connection.id, other)
        #expect(openings() == 3)
    }

    @Test func `what can't be recorded is not handed out`() async throws {
        let connection = try await basic()
        for fault in [StoreError.unavailable, .outcomeUnknown, .failed] {
            world.database.fail(.auditAppend, with: fault)
            let error = await useFailure { () async throws(UseError) in try await open(connection.id) }
            #expect(error == .storeUnavailable)
        }
        _ = try await open(connection.id)
    }

    // MARK: Tampering

    @Test(arguments: [0, 2, 5, 9, 33, 65, -1])
    func `an altered envelope is refused and recorded`(_ position: Int) async throws {
        let connection = try await basic()
        let entered = try #require(world.database.stored(connection.id)?.entered)
        var envelope = entered.envelope
        let index = position < 0 ? envelope.count + position : position
        envelope[index] ^= 0x80
        world.database.tamper(
            connection.id,
            entered: SealedSecret(
                envelope: envelope, keyVersion: entered.keyVersion, recordVersion: entered.recordVersion))
        let error = await useFailure { () async throws(UseError) in try await open(connection.id) }
        #expect(error == .envelopeRefused)
        let event = try #require(world.database.events.last)
        #expect(event.action == .envelopeRefused && event.outcome == .failure)
        #expect(event.object == connection.id.description && event.tenantID == world.tenant.id)
    }

    @Test func `an envelope of another connection, tenant, version or kind is refused`() async throws {
        let integration = try await world.integrate("generic-oauth2-client-credentials")
        let connection = try await world.linkOAuth(integration)
        let sibling = try await world.linkOAuth(integration)
        let stored = try #require(world.database.stored(connection.id))
        let entered = try #require(stored.entered)
        let tokenSet = try #require(stored.tokenSet)
        let foreign = try #require(world.database.stored(sibling.id)?.tokenSet)
        let moved = [
            foreign, entered,
            SealedSecret(envelope: tokenSet.envelope, keyVersion: tokenSet.keyVersion, recordVersion: 2),
            SealedSecret(envelope: tokenSet.envelope, keyVersion: tokenSet.keyVersion, recordVersion: 0),
        ]
        for envelope in moved {
            world.database.tamper(connection.id, tokenSet: envelope)
            let error = await useFailure { () async throws(UseError) in try await open(connection.id) }
            #expect(error == .envelopeRefused)
        }
        let basic = try await world.integrate("generic-basic", name: "basic")
        let own = try await world.linkBasic(basic)
        let neighbours = try await world.linkBasic(basic, tenant: world.neighbour.id)
        world.database.tamper(own.id, entered: world.database.stored(neighbours.id)?.entered)
        let error = await useFailure { () async throws(UseError) in try await open(own.id) }
        #expect(error == .envelopeRefused)
    }

    @Test func `a longer life written beside the envelope doesn't count`() async throws {
        let connection = try await oauth(expiresIn: 600)
        let far = world.clock.wall.now() + .seconds(1_000_000)
        world.database.tamper(connection.id, times: TokenTimes(expiresAt: far, refreshDueAt: far))
        world.clock.advance(by: .seconds(601))
        world.refresher.answer { (_) throws(RefreshError) in
            throw .backingOff(.tokenEndpointUnreachable, remaining: .seconds(3))
        }
        let error = await useFailure { () async throws(UseError) in try await open(connection.id) }
        #expect(error == .backingOff(remaining: .seconds(3)))
    }

    @Test(arguments: [
        (StoreError.unavailable, UseError.storeUnavailable), (.outcomeUnknown, .storeUnavailable),
        (.notFound, .notFound), (.corrupt, .internalFailure), (.failed, .internalFailure),
    ])
    func `what the database says reaches the caller as a code`(
        _ fault: StoreError, _ expected: UseError
    ) async throws {
        let connection = try await basic()
        world.database.fail(.connectionLoad, with: fault)
        let error = await useFailure { () async throws(UseError) in try await open(connection.id) }
        #expect(error == expected)
    }

    // MARK: Status

    @Test(arguments: ConnectionStatus.allCases)
    func `only an active or backing-off connection is used`(_ status: ConnectionStatus) async throws {
        let connection = try await basic()
        var changed = connection
        changed.status = status
        changed.statusReason = status == .reauthRequired ? .invalidGrant : nil
        changed.version = 2
        try await FakeConnectionStore(world.database).update(
            changed, entered: nil, tokenSet: nil, facts: nil,
            audit: .test(world.environment.id, world.gate.identifiers, at: world.clock.wall.now()))
        let expected: UseError? =
            switch status {
            case .active, .backingOff: nil
            case .pending: .notVerified
            case .reauthRequired: .reauthRequired(.invalidGrant)
            case .suspended: .suspended
            }
        guard let expected else {
            _ = try await open(connection.id)
            return
        }
        let error = await useFailure { () async throws(UseError) in try await open(connection.id) }
        #expect(error == expected)
        #expect(!world.database.events.contains { $0.action == .credentialOpened })
    }

    // MARK: Tokens

    @Test func `uses the stored token while it is good, and asks nobody`() async throws {
        let connection = try await oauth(fetch: true)
        let usable = try await open(connection.id)
        #expect(Self.authorization(usable) == "Bearer token-1")
        #expect(usable.isRefreshable && usable.generation.tokenSetVersion == 1)
        let token = try #require(usable.fetchableToken)
        #expect(token.accessToken.revealUTF8(for: .test) == "token-1" && token.tokenType == "Bearer")
        #expect(token.expiresAt == world.clock.wall.now() + .seconds(600))
        #expect(world.refresher.asked == 0)
        #expect(usable.usableUntil == world.clock.wall.now() + .seconds(300))
        world.clock.advance(by: .seconds(530))
        let late = try await open(connection.id)
        #expect(late.usableUntil == world.clock.wall.now() + .seconds(10), "a minute ahead of its expiry")
    }

    @Test func `a token may be fetched only where the integration allows it`() async throws {
        let connection = try await oauth(fetch: false)
        #expect(try await open(connection.id).fetchableToken == nil)
    }

    @Test func `a token past its renewal is served at once, and another is on its way`() async throws {
        let connection = try await oauth(expiresIn: 600)
        let refresher = NudgedRefresher()
        let opener = world.opener(refresher: refresher)
        func open() async throws(UseError) -> UsableConnection {
            try await opener.open(
                connection.id, for: world.principal(), deadline: world.clock.now.advanced(by: .seconds(5)))
        }
        world.clock.advance(by: .seconds(539))
        _ = try await open()
        #expect(refresher.nudged.isEmpty, "before its renewal nobody is told")
        world.clock.advance(by: .seconds(2))
        let usable = try await open()
        #expect(Self.authorization(usable) == "Bearer token-1")
        #expect(usable.usableUntil == world.clock.wall.now() + .seconds(1), "and is asked for again soon")
        #expect(refresher.nudged == [connection.id] && refresher.waited == 0)
        world.clock.advance(by: .seconds(56))
        #expect(Self.authorization(try await open()) == "Bearer token-1")
        world.clock.advance(by: .seconds(1))
        let error = await useFailure { () async throws(UseError) in try await open() }
        #expect(error == .backingOff(remaining: .seconds(1)), "its last moments are waited out")
        #expect(refresher.waited == 1)
    }

    @Test func `an expired token is replaced before anything is handed out`() async throws {
        let connection = try await oauth(expiresIn: 600)
        world.clock.advance(by: .seconds(601))
        let now = world.clock.wall.now()
        world.refresher.answer { (stored) throws(RefreshError) in .test("token-2", of: stored, obtainedAt: now) }
        #expect(Self.authorization(try await open(connection.id)) == "Bearer token-2")
        #expect(world.refresher.asked == 1)
    }

    @Test(arguments: [
        RefreshError.backingOff(.tokenEndpointUnreachable, remaining: .seconds(9)), .timedOut, .storeUnavailable,
        .overloaded,
    ])
    func `a token that the upstream refused is served again while no other can be had`(
        _ fault: RefreshError
    ) async throws {
        let connection = try await oauth(expiresIn: 600)
        let first = try await open(connection.id)
        world.refresher.answer { (_) throws(RefreshError) in throw fault }
        world.clock.advance(by: .seconds(550))
        let deadline = world.clock.now.advanced(by: .seconds(5))
        let usable = try await opener.reopen(first, for: world.principal(), deadline: deadline)
        #expect(Self.authorization(usable) == "Bearer token-1")
        #expect(world.refresher.asked == 1)
        world.clock.advance(by: .seconds(49))
        let error = await useFailure { () async throws(UseError) in try await open(connection.id) }
        #expect(error != nil, "in its last moments it is not served any more")
    }

    @Test(arguments: [
        (RefreshError.ended(.invalidClient), UseError.reauthRequired(.invalidClient)),
        (.envelopeRefused, .envelopeRefused), (.notFound, .notFound), (.internalFailure, .internalFailure),
    ])
    func `an end is an end, even beside a token that is still valid`(
        _ fault: RefreshError, _ expected: UseError
    ) async throws {
        let connection = try await oauth(expiresIn: 600)
        let first = try await open(connection.id)
        world.refresher.answer { (_) throws(RefreshError) in throw fault }
        world.clock.advance(by: .seconds(550))
        let deadline = world.clock.now.advanced(by: .seconds(5))
        let error = await useFailure { () async throws(UseError) in
            try await opener.reopen(first, for: world.principal(), deadline: deadline)
        }
        #expect(error == expected)
    }

    @Test func `a token without expiry is used for five minutes at a time`() async throws {
        let connection = try await oauth(expiresIn: nil)
        world.clock.advance(by: .seconds(1_000_000))
        let usable = try await open(connection.id)
        #expect(usable.usableUntil == world.clock.wall.now() + .seconds(300))
        #expect(world.refresher.asked == 0)
    }

    @Test func `after a 401 another token is obtained, once`() async throws {
        let connection = try await oauth()
        let first = try await open(connection.id)
        let deadline = world.clock.now.advanced(by: .seconds(60))
        let same = try await opener.reopen(first, for: world.principal(), deadline: deadline)
        #expect(Self.authorization(same) == "Bearer token-1", "a token just obtained would be refused again")
        #expect(world.refresher.asked == 0)
        world.clock.advance(by: .seconds(11))
        let now = world.clock.wall.now()
        world.refresher.answer { (stored) throws(RefreshError) in .test("token-2", of: stored, obtainedAt: now) }
        let second = try await opener.reopen(first, for: world.principal(), deadline: deadline)
        #expect(Self.authorization(second) == "Bearer token-2")
        #expect(world.refresher.asked == 1)
    }

    @Test func `after a 401 a newer token that is stored already is taken`() async throws {
        let connection = try await oauth()
        let first = try await open(connection.id)
        world.clock.advance(by: .seconds(11))
        let older = UsableConnection(
            id: first.id, scope: first.scope, integrationID: first.integrationID, origin: first.origin,
            destination: first.destination, trustedCertificates: nil, injection: first.injection,
            fetchableToken: nil, isRefreshable: true, csrf: nil, usableUntil: nil,
            generation: .init(connectionVersion: 1, tokenSetVersion: 0))
        let newer = try await opener.reopen(
            older, for: world.principal(), deadline: world.clock.now.advanced(by: .seconds(60)))
        #expect(newer.generation.tokenSetVersion == 1)
        #expect(world.refresher.asked == 0)
    }

    @Test func `another change of the connection makes no newer token of the refused one`() async throws {
        let connection = try await oauth()
        let first = try await open(connection.id)
        _ = try await world.linking().update(
            connection.id, ConnectionChange(displayName: .set("Renamed")), world.context())
        world.clock.advance(by: .seconds(11))
        let now = world.clock.wall.now()
        world.refresher.answer { (stored) throws(RefreshError) in .test("token-2", of: stored, obtainedAt: now) }
        let second = try await opener.reopen(
            first, for: world.principal(), deadline: world.clock.now.advanced(by: .seconds(60)))
        #expect(Self.authorization(second) == "Bearer token-2")
        #expect(world.refresher.asked == 1)
    }

    @Test func `another tenant can't reopen what it was never given`() async throws {
        let connection = try await oauth()
        let usable = try await open(connection.id)
        let error = await useFailure { () async throws(UseError) in
            try await opener.reopen(
                usable, for: world.principal(tenant: world.neighbour.id), deadline: world.context().deadline)
        }
        #expect(error == .notFound)
    }

    @Test func `a token of an older credential never goes where the new one belongs`() async throws {
        let connection = try await oauth(expiresIn: 600)
        world.clock.advance(by: .seconds(601))
        let now = world.clock.wall.now()
        world.refresher.answer { (stored) throws(RefreshError) in
            OpenedTokenSet(
                accessToken: SecretBytes(utf8: "of-another"), tokenType: "Bearer", refreshToken: nil,
                obtainedAt: now, times: TokenTimes(expiresAt: nil, refreshDueAt: nil), recordVersion: 2,
                credentialVersion: 99)
        }
        let error = await useFailure { () async throws(UseError) in try await open(connection.id) }
        #expect(error == .backingOff(remaining: .seconds(1)))
        #expect(!world.database.events.contains { $0.action == .credentialOpened })
    }
}
