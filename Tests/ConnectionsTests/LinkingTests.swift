import Connections
import Domain
import Sodium
import Testing
import TestSupport

@Suite("Linking an account")
struct LinkingTests {
    /// What the upstream does, and what the caller must hear.
    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let answer: FakeOutbound.Answer
        let failure: VerificationFailure
    }

    static let refusals = [
        Refusal(
            testDescription: "401", answer: { (_) throws(OutboundError) in .test(401) },
            failure: .credentialRefused(status: 401)),
        Refusal(
            testDescription: "403", answer: { (_) throws(OutboundError) in .test(403) },
            failure: .credentialRefused(status: 403)),
        Refusal(
            testDescription: "a redirect", answer: { (_) throws(OutboundError) in .test(302) },
            failure: .unexpectedStatus(302)),
        Refusal(
            testDescription: "500", answer: { (_) throws(OutboundError) in .test(500) }, failure: .unexpectedStatus(500)
        ),
        Refusal(
            testDescription: "a private address", answer: { (_) throws(OutboundError) in throw .destinationRefused },
            failure: .destinationRefused),
        Refusal(
            testDescription: "no such name", answer: { (_) throws(OutboundError) in throw .unresolvable },
            failure: .unresolvable),
        Refusal(
            testDescription: "nobody there", answer: { (_) throws(OutboundError) in throw .unreachable },
            failure: .unreachable),
        Refusal(
            testDescription: "a bad certificate", answer: { (_) throws(OutboundError) in throw .tlsFailed },
            failure: .tlsFailed),
        Refusal(
            testDescription: "silence", answer: { (_) throws(OutboundError) in throw .outcomeUnknown },
            failure: .timedOut),
        Refusal(
            testDescription: "too much", answer: { (_) throws(OutboundError) in throw .responseTooLarge },
            failure: .unreadableAnswer),
        Refusal(
            testDescription: "a full queue", answer: { (_) throws(OutboundError) in throw .overloaded },
            failure: .overloaded),
    ]

    static func draft(_ world: FakeWorld, _ integration: Integration) -> NewConnection {
        NewConnection(
            tenantID: world.tenant.id, integration: .id(integration.id), displayName: "Account",
            fields: ["base_url": "https://api.example.com/v1", "username": "user"],
            secrets: ["password": SecretBytes(utf8: "canary-password")])
    }

    @Test func `stores an account that a real call has proved`() async throws {
        let world = try await FakeWorld()
        let connection = try await world.linkBasic(try await world.integrate("generic-basic"))
        #expect(connection.status == .active)
        #expect(connection.verifiedAt != nil)
        #expect(connection.origin.description == "https://api.example.com/v1")
        #expect(connection.fields["password"] == nil)
        let sent = try #require(world.outbound.sent.first)
        #expect(sent.request.url.host == "api.example.com" && sent.target == "/v1/")
        #expect(sent.header("authorization") == "Basic dXNlcjpjYW5hcnktcGFzc3dvcmQ=")
        #expect(sent.request.poolKey == connection.poolKey)
        let stored = try #require(world.database.stored(connection.id))
        #expect(stored.connection == connection)
        #expect(world.database.events.last?.action == .connectionCreated)
        let envelope = try #require(stored.entered).envelope
        #expect(!String(decoding: envelope, as: UTF8.self).contains("canary"))
    }

    @Test(arguments: refusals)
    func `stores nothing when the account is not proved`(_ refusal: Refusal) async throws {
        let world = try await FakeWorld()
        let integration = try await world.integrate("generic-basic")
        world.outbound.answer(refusal.answer)
        let linking = world.linking()
        let error = await failure { () async throws(UseCaseError) in
            try await linking.create(Self.draft(world, integration), world.context())
        }
        #expect(error == .verificationFailed(refusal.failure))
        #expect(world.database.connectionCount == 0)
        #expect(world.database.calls(of: .connectionCreate) == 0)
        let event = try #require(world.database.events.last)
        #expect(event.action == .connectionCreated && event.outcome == .failure)
        #expect(event.reason == "verification_failed")
    }

    @Test func `obtains a token first, calls with it, and keeps both`() async throws {
        let world = try await FakeWorld()
        let connection = try await world.linkOAuth(try await world.integrate("generic-oauth2-client-credentials"))
        #expect(world.outbound.sent.map(\.request.url.host) == ["login.example.com", "api.example.com"])
        #expect(world.outbound.sent[0].body == "grant_type=client_credentials")
        #expect(world.outbound.sent[1].header("authorization") == "Bearer token-1")
        let stored = try #require(world.database.stored(connection.id))
        #expect(stored.tokenSet?.recordVersion == 1)
        let times = try #require(stored.tokenTimes)
        #expect(times.expiresAt == world.clock.wall.now() + .seconds(600))
        let due = try #require(times.refreshDueAt)
        #expect(due <= world.clock.wall.now() + .seconds(540) && due >= world.clock.wall.now() + .seconds(510))
    }

    @Test(arguments: [
        (OutboundResponse.test(401), TokenEndpointFailure.invalidClient),
        (.test(400, #"{"error":"invalid_scope"}"#), .refused), (.test(400), .refusedWithoutReason),
        (.test(500, "<html>"), .serverError(retryAfter: nil)),
        (.test(429, "", headers: [("retry-after", "7")]), .rateLimited(retryAfter: .seconds(7))),
        (.test(302), .redirected), (.test(200, "<html>"), .malformed),
        (.test(400, #"{"error":"temporarily_unavailable"}"#), .serverError(retryAfter: nil)),
    ])
    func `says what the token endpoint did, and stores nothing`(
        _ answer: OutboundResponse, _ expected: TokenEndpointFailure
    ) async throws {
        let world = try await FakeWorld()
        let integration = try await world.integrate("generic-oauth2-client-credentials")
        world.outbound.answer { (_) throws(OutboundError) in answer }
        let linking = world.linking()
        let error = await failure { () async throws(UseCaseError) in
            try await linking.create(
                NewConnection(
                    tenantID: world.tenant.id, integration: .id(integration.id), fields: FakeWorld.oauthFields,
                    secrets: ["client_secret": SecretBytes(utf8: "s")]), world.context())
        }
        #expect(error == .verificationFailed(.tokenEndpoint(expected)))
        #expect(world.database.connectionCount == 0)
        #expect(world.outbound.sent.count == 1, "the API is not called without a token")
    }

    @Test func `a token that the API refuses stores nothing`() async throws {
        let world = try await FakeWorld()
        let integration = try await world.integrate("generic-oauth2-client-credentials")
        world.outbound.answer { (sent) throws(OutboundError) in
            sent.request.url.host == "login.example.com" ? .token("t", expiresIn: 60) : .test(401)
        }
        let linking = world.linking()
        let error = await failure { () async throws(UseCaseError) in
            try await linking.create(
                NewConnection(
                    tenantID: world.tenant.id, integration: .id(integration.id), fields: FakeWorld.oauthFields,
                    secrets: ["client_secret": SecretBytes(utf8: "s")]), world.context())
        }
        #expect(error == .verificationFailed(.credentialRefused(status: 401)))
        #expect(world.database.connectionCount == 0)
    }

    @Test func `without verification it is pending and calls nobody`() async throws {
        let world = try await FakeWorld()
        let connection = try await world.linkBasic(try await world.integrate("generic-basic"), verify: false)
        #expect(connection.status == .pending && connection.verifiedAt == nil)
        #expect(world.outbound.sent.isEmpty)
        let opener = world.opener()
        let error = await useFailure { () async throws(UseError) in
            try await opener.open(connection.id, for: world.principal(), deadline: world.context().deadline)
        }
        #expect(error == .notVerified)
    }

    @Test func `a deadline that has passed calls nobody`() async throws {
        let world = try await FakeWorld()
        let integration = try await world.integrate("generic-basic")
        let context = world.context()
        world.clock.advance(by: .seconds(20))
        let linking = world.linking()
        let error = await failure { () async throws(UseCaseError) in
            try await linking.create(Self.draft(world, integration), context)
        }
        #expect(error == .verificationFailed(.timedOut))
        #expect(world.outbound.sent.isEmpty)
    }

    @Test func `waits for an answer no longer than the deadline`() async throws {
        let world = try await FakeWorld()
        let integration = try await world.integrate("generic-basic")
        let context = world.context()
        world.clock.advance(by: .seconds(12))
        world.outbound.answer { (_) throws(OutboundError) in .test(200) }
        _ = try await world.linking().create(Self.draft(world, integration), context)
        #expect(world.outbound.sent.first?.request.timeout == .seconds(3))
    }

    @Test func `a database that is away after the proof stores nothing and says so`() async throws {
        let world = try await FakeWorld()
        let integration = try await world.integrate("generic-basic")
        world.outbound.answer { (_) throws(OutboundError) in .test(200) }
        let linking = world.linking()
        for (fault, expected) in [
            (StoreError.unavailable, UseCaseError.unavailable), (.outcomeUnknown, .outcomeUnknown),
        ] {
            world.database.fail(.connectionCreate, with: fault)
            let error = await failure { () async throws(UseCaseError) in
                try await linking.create(Self.draft(world, integration), world.context())
            }
            #expect(error == expected)
        }
        #expect(world.database.connectionCount == 0)
    }
}
