import Connections
import Domain
import Sodium
import Testing
import TestSupport

@Suite("Changing and verifying a linked account")
struct RelinkingTests {
    let world: FakeWorld
    let linking: ConnectionLinking

    init() async throws {
        world = try await FakeWorld()
        linking = world.linking()
    }

    func linked() async throws -> Connection {
        try await world.linkBasic(try await world.integrate("generic-basic"))
    }

    @Test func `a new secret is proved before it replaces the old one`() async throws {
        let connection = try await linked()
        world.clock.advance(by: .seconds(5))
        let changed = try await linking.update(
            connection.id, ConnectionChange(secrets: ["password": SecretBytes(utf8: "new")]), world.context())
        #expect(changed.version == 2 && changed.status == .active)
        #expect(changed.verifiedAt == world.clock.wall.now())
        #expect(world.outbound.sent.last?.header("authorization") == "Basic dXNlcjpuZXc=")
        let stored = try #require(world.database.stored(connection.id))
        #expect(stored.entered?.recordVersion == 2)
        #expect(stored.connection == changed)
    }

    @Test func `a new secret that is refused changes nothing`() async throws {
        let connection = try await linked()
        let before = try #require(world.database.stored(connection.id))
        world.outbound.answer { (_) throws(OutboundError) in .test(401) }
        let error = await failure { () async throws(UseCaseError) in
            try await linking.update(
                connection.id, ConnectionChange(secrets: ["password": SecretBytes(utf8: "new")]), world.context())
        }
        #expect(error == .verificationFailed(.credentialRefused(status: 401)))
        let after = try #require(world.database.stored(connection.id))
        #expect(after.connection == before.connection && after.entered == before.entered)
    }

    @Test(arguments: [
        ["base_url": "https://evil.example/v1"], ["base_url": "https://api.example.com:444/v1"],
        ["base_url": "https://api.example.com/v2"],
    ])
    func `a stored secret is never sent to a new destination`(_ fields: [String: String]) async throws {
        let connection = try await linked()
        let sent = world.outbound.sent.count
        for verify in [true, false] {
            let error = await failure { () async throws(UseCaseError) in
                try await linking.update(
                    connection.id, ConnectionChange(fields: fields.mapValues { $0 }, verify: verify),
                    world.context())
            }
            #expect(error == .invalid([InputProblem("/secrets/password", .secretRequiredForNewDestination)]))
        }
        #expect(world.outbound.sent.count == sent)
        #expect(world.database.stored(connection.id)?.connection == connection)
    }

    @Test func `a stored client secret is never sent to a new token endpoint`() async throws {
        let connection = try await world.linkOAuth(
            try await world.integrate("generic-oauth2-client-credentials"))
        let sent = world.outbound.sent.count
        let error = await failure { () async throws(UseCaseError) in
            try await linking.update(
                connection.id, ConnectionChange(fields: ["token_url": "https://evil.example/token"]),
                world.context())
        }
        #expect(error == .invalid([InputProblem("/secrets/client_secret", .secretRequiredForNewDestination)]))
        #expect(world.outbound.sent.count == sent)
    }

    @Test func `a new destination with its own secret is linked`() async throws {
        let connection = try await linked()
        let changed = try await linking.update(
            connection.id,
            ConnectionChange(
                fields: ["base_url": "https://other.example"], secrets: ["password": SecretBytes(utf8: "theirs")]),
            world.context())
        #expect(changed.origin.host == "other.example")
        #expect(world.outbound.sent.last?.request.url.host == "other.example")
    }

    @Test func `a plain field that goes nowhere else keeps the secret`() async throws {
        let connection = try await linked()
        _ = try await linking.update(
            connection.id, ConnectionChange(fields: ["username": "other"]), world.context())
        // other:canary-password
        #expect(world.outbound.sent.last?.header("authorization") == "Basic b3RoZXI6Y2FuYXJ5LXBhc3N3b3Jk")
    }

    @Test func `a required field can't be removed`() async throws {
        let connection = try await linked()
        let error = await failure { () async throws(UseCaseError) in
            try await linking.update(
                connection.id, ConnectionChange(fields: ["username": nil]), world.context())
        }
        #expect(error == .invalid([InputProblem("/fields/username", .missing)]))
    }

    @Test func `an older version is stale and changes nothing`() async throws {
        let connection = try await linked()
        _ = try await linking.update(
            connection.id, ConnectionChange(displayName: .set("Second"), expectedVersion: 1), world.context())
        let error = await failure { () async throws(UseCaseError) in
            try await linking.update(
                connection.id, ConnectionChange(displayName: .set("Third"), expectedVersion: 1), world.context())
        }
        #expect(error == .stale)
        #expect(world.database.stored(connection.id)?.connection.displayName == "Second")
    }

    @Test func `a change of nothing writes nothing`() async throws {
        let connection = try await linked()
        let same = try await linking.update(connection.id, ConnectionChange(suspended: false), world.context())
        #expect(same == connection)
        #expect(world.database.calls(of: .connectionUpdate) == 0)
    }

    @Test func `suspending stops every use until it is resumed`() async throws {
        let connection = try await linked()
        let suspended = try await linking.update(
            connection.id, ConnectionChange(suspended: true), world.context())
        #expect(suspended.status == .suspended && suspended.statusReason == .byOperator)
        let opener = world.opener()
        let error = await useFailure { () async throws(UseError) in
            try await opener.open(connection.id, for: world.principal(), deadline: world.context().deadline)
        }
        #expect(error == .suspended)
        let verified = try await linking.verify(connection.id, world.context())
        #expect(verified.status == .suspended, "a verification doesn't resume it")
        let resumed = try await linking.update(
            connection.id, ConnectionChange(suspended: false), world.context())
        #expect(resumed.status == .active && resumed.statusReason == nil)
    }

    @Test func `suspending and resuming hides no account that must be linked again`() async throws {
        let connection = try await linked()
        world.outbound.answer { (_) throws(OutboundError) in .test(401) }
        _ = await failure { () async throws(UseCaseError) in
            try await linking.verify(connection.id, world.context())
        }
        let suspended = try await linking.update(connection.id, ConnectionChange(suspended: true), world.context())
        #expect(suspended.status == .suspended && suspended.statusReason == .credentialRefused)
        let resumed = try await linking.update(connection.id, ConnectionChange(suspended: false), world.context())
        #expect(resumed.status == .reauthRequired && resumed.statusReason == .credentialRefused)
        // Linked again while it is switched off, it is usable when it is switched on.
        _ = try await linking.update(connection.id, ConnectionChange(suspended: true), world.context())
        world.outbound.answer { (_) throws(OutboundError) in .test(200) }
        let relinked = try await linking.update(
            connection.id, ConnectionChange(secrets: ["password": SecretBytes(utf8: "new")]), world.context())
        #expect(relinked.status == .suspended && relinked.statusReason == .byOperator)
        let usable = try await linking.update(connection.id, ConnectionChange(suspended: false), world.context())
        #expect(usable.status == .active && usable.statusReason == nil)
    }

    @Test func `token sets are numbered on when the account is linked again`() async throws {
        let connection = try await world.linkOAuth(
            try await world.integrate("generic-oauth2-client-credentials"))
        #expect(world.database.stored(connection.id)?.tokenSet?.recordVersion == 1)
        _ = try await linking.update(
            connection.id, ConnectionChange(secrets: ["client_secret": SecretBytes(utf8: "b")]), world.context())
        #expect(world.database.stored(connection.id)?.tokenSet?.recordVersion == 2)
        _ = try await linking.update(
            connection.id,
            ConnectionChange(secrets: ["client_secret": SecretBytes(utf8: "c")], verify: false), world.context())
        let bare = try #require(world.database.stored(connection.id))
        #expect(bare.tokenSet == nil && bare.tokenSetVersion == 2)
        _ = try await linking.update(
            connection.id, ConnectionChange(secrets: ["client_secret": SecretBytes(utf8: "d")]), world.context())
        let again = try #require(world.database.stored(connection.id))
        #expect(again.tokenSet?.recordVersion == 3 && again.tokenSetVersion == 3)
        #expect(again.entered?.recordVersion == 4)
    }

    @Test func `a resumed account that was never verified is pending`() async throws {
        let connection = try await world.linkBasic(try await world.integrate("generic-basic"), verify: false)
        _ = try await linking.update(connection.id, ConnectionChange(suspended: true), world.context())
        let resumed = try await linking.update(
            connection.id, ConnectionChange(suspended: false), world.context())
        #expect(resumed.status == .pending)
    }

    @Test func `an envelope that doesn't open can be replaced by entering everything again`() async throws {
        let connection = try await linked()
        let entered = try #require(world.database.stored(connection.id)?.entered)
        var envelope = entered.envelope
        envelope[envelope.count - 1] ^= 1
        world.database.tamper(
            connection.id,
            entered: SealedSecret(envelope: envelope, keyVersion: entered.keyVersion, recordVersion: 1))
        let error = await failure { () async throws(UseCaseError) in
            try await linking.update(
                connection.id, ConnectionChange(fields: ["username": "other"]), world.context())
        }
        #expect(error == .envelopeRefused)
        #expect(world.database.events.last?.action == .envelopeRefused)
        let changed = try await linking.update(
            connection.id, ConnectionChange(secrets: ["password": SecretBytes(utf8: "new")]), world.context())
        #expect(changed.status == .active)
    }

    @Test func `a pending account becomes active when a call proves it`() async throws {
        let connection = try await world.linkBasic(try await world.integrate("generic-basic"), verify: false)
        let verified = try await linking.verify(connection.id, world.context())
        #expect(verified.status == .active && verified.verifiedAt == world.clock.wall.now())
        #expect(world.database.stored(connection.id)?.connection == verified)
        #expect(world.database.events.last?.action == .connectionVerified)
    }

    @Test func `a refused credential needs linking again`() async throws {
        let connection = try await linked()
        world.outbound.answer { (_) throws(OutboundError) in .test(401) }
        let error = await failure { () async throws(UseCaseError) in
            try await linking.verify(connection.id, world.context())
        }
        #expect(error == .verificationFailed(.credentialRefused(status: 401)))
        let stored = try #require(world.database.stored(connection.id)).connection
        #expect(stored.status == .reauthRequired && stored.statusReason == .credentialRefused)
        world.outbound.answer { (_) throws(OutboundError) in .test(200) }
        #expect(try await linking.verify(connection.id, world.context()).status == .active)
    }

    @Test(arguments: [OutboundError.unreachable, .outcomeUnknown, .tlsFailed])
    func `a system that is away changes no status`(_ fault: OutboundError) async throws {
        let connection = try await linked()
        world.outbound.answer { (_) throws(OutboundError) in throw fault }
        _ = await failure { () async throws(UseCaseError) in
            try await linking.verify(connection.id, world.context())
        }
        #expect(world.database.stored(connection.id)?.connection == connection)
        let event = try #require(world.database.events.last)
        #expect(event.action == .connectionVerified && event.outcome == .failure)
    }

    @Test func `another change meanwhile is kept when a verification is written`() async throws {
        let connection = try await linked()
        let world = world
        world.database.fail(.connectionUpdate, with: .stale)
        let verified = try await linking.verify(connection.id, world.context())
        #expect(verified.version == 2)
        #expect(world.database.calls(of: .connectionUpdate) == 2)
    }

    @Test func `verifies client credentials with a token of its own`() async throws {
        let connection = try await world.linkOAuth(
            try await world.integrate("generic-oauth2-client-credentials"))
        let now = world.clock.wall.now()
        world.refresher.answer { (stored) throws(RefreshError) in .test("token-2", of: stored, obtainedAt: now) }
        _ = try await linking.verify(connection.id, world.context())
        #expect(world.outbound.sent.last?.header("authorization") == "Bearer token-2")
        let answers: [(RefreshError, UseCaseError)] = [
            (.ended(.invalidClient), .verificationFailed(.tokenEndpoint(.invalidClient))),
            (.ended(.tokenEndpointRefused), .verificationFailed(.tokenEndpoint(.refused))),
            (.ended(.answerLost), .verificationFailed(.tokenEndpoint(.invalidGrant))),
            (
                .backingOff(.attemptsExhausted, remaining: .seconds(9)),
                .verificationFailed(.tokenEndpoint(.rateLimited(retryAfter: .seconds(9))))
            ),
            (
                .backingOff(.tokenEndpointMisconfigured, remaining: .seconds(9)),
                .verificationFailed(.tokenEndpoint(.misconfigured))
            ),
            (
                .backingOff(.rateLimited, remaining: .seconds(9)),
                .verificationFailed(.tokenEndpoint(.rateLimited(retryAfter: .seconds(9))))
            ),
            (.timedOut, .verificationFailed(.tokenEndpoint(.timedOut))), (.storeUnavailable, .unavailable),
            (.envelopeRefused, .envelopeRefused), (.notFound, .notFound(.connection)),
            (.internalFailure, .internalFailure),
        ]
        for (fault, expected) in answers {
            world.refresher.answer { (_) throws(RefreshError) in throw fault }
            let error = await failure { () async throws(UseCaseError) in
                try await linking.verify(connection.id, world.context())
            }
            #expect(error == expected)
        }
    }
}
