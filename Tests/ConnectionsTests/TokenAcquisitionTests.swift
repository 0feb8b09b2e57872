import Catalogue
import Connections
import Domain
import Grants
import Sodium
import Testing
import TestSupport

@Suite("Asking a token endpoint once")
struct TokenAcquisitionTests {
    let world: FakeWorld
    let tokens: TokenAcquisition

    init() async throws {
        world = try await FakeWorld()
        tokens = TokenAcquisition(outbound: world.outbound, wallClock: world.clock.wall, random: world.random)
    }

    private static let refreshing = "generic-oauth2-refresh-token"

    private func obtain(
        _ name: String = Self.refreshing, _ input: GrantInput = .refreshToken(SecretBytes(utf8: "sent")),
        scopes: [String] = []
    ) async throws(TokenEndpointFailure) -> ObtainedToken {
        guard let provider = Slug(name).flatMap(world.catalogue.provider) else { throw .misconfigured }
        return try await tokens.obtain(
            for: provider, with: input, fields: FakeWorld.oauthFields,
            secrets: ["client_secret": SecretBytes(utf8: "s"), "refresh_token": SecretBytes(utf8: "first")],
            settings: IntegrationSettings(scopes: scopes), poolKey: "k", timeout: .seconds(10))
    }

    private func answer(_ body: String) {
        world.outbound.answer { (_) throws(OutboundError) in .test(200, body) }
    }

    private func failure(
        _ body: () async throws(TokenEndpointFailure) -> ObtainedToken
    ) async -> TokenEndpointFailure? {
        do throws(TokenEndpointFailure) {
            _ = try await body()
            return nil
        } catch {
            return error
        }
    }

    @Test func `keeps the new refresh token where there is one, else the one that was sent`() async throws {
        answer(#"{"access_token":"t","refresh_token":"next","expires_in":60}"#)
        let rotated = try await obtain()
        #expect(rotated.tokenSet.refreshToken?.revealUTF8(for: .test) == "next")
        #expect(rotated.facts.spendsRefreshToken)
        for body in [#"{"access_token":"t"}"#, #"{"access_token":"t","refresh_token":""}"#] {
            answer(body)
            #expect(try await obtain().tokenSet.refreshToken?.revealUTF8(for: .test) == "sent")
        }
        #expect(world.outbound.sent.allSatisfy { $0.body == "grant_type=refresh_token&refresh_token=sent" })
    }

    @Test func `keeps no refresh token with client credentials`() async throws {
        answer(#"{"access_token":"t","refresh_token":"unasked","refresh_expires_in":60}"#)
        let obtained = try await obtain("generic-oauth2-client-credentials", .clientCredentials)
        #expect(obtained.tokenSet.refreshToken == nil && !obtained.facts.spendsRefreshToken)
        #expect(obtained.times.refreshDueAt == nil, "nothing dies unused")
    }

    @Test func `counts from sending, and names the endpoint`() async throws {
        answer(#"{"access_token":"t","expires_in":600}"#)
        let obtained = try await obtain()
        #expect(obtained.obtainedAt == world.clock.wall.now())
        #expect(obtained.times.expiresAt == world.clock.wall.now() + .seconds(600))
        #expect(obtained.endpoint.text == "https://login.example.com/token")
        #expect(obtained.facts.endpoint == obtained.endpoint)
    }

    @Test func `notices a scope that was not granted`() async throws {
        answer(#"{"access_token":"t","scope":"read"}"#)
        #expect(try await obtain(scopes: ["read", "write"]).isScopeMissing)
        #expect(try await obtain(scopes: ["read"]).isScopeMissing == false)
        #expect(try await obtain().isScopeMissing == false)
        #expect(try await obtain(scopes: ["read", "write"]).facts.isScopeMissing)
    }

    @Test func `sends nothing where input and provider don't fit`() async {
        let refreshToken = GrantInput.refreshToken(SecretBytes(utf8: "r"))
        for (name, input) in [
            (Self.refreshing, GrantInput.clientCredentials), ("generic-oauth2-client-credentials", refreshToken),
            ("generic-basic", .clientCredentials), ("generic-basic", refreshToken),
        ] {
            let failure = await failure { () async throws(TokenEndpointFailure) in try await obtain(name, input) }
            #expect(failure == .misconfigured)
        }
        #expect(world.outbound.sent.isEmpty)
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let answer: FakeOutbound.Answer
        let expected: TokenEndpointFailure
        let isBeforeSending: Bool

        init(_ status: Int, _ body: String, _ expected: TokenEndpointFailure) {
            testDescription = "\(status) \(body)"
            answer = { (_) throws(OutboundError) in .test(status, body) }
            self.expected = expected
            isBeforeSending = false
        }

        init(_ error: OutboundError, _ expected: TokenEndpointFailure) {
            testDescription = "\(error)"
            answer = { (_) throws(OutboundError) in throw error }
            self.expected = expected
            isBeforeSending = error.isSafeToRetry
        }
    }

    static let faults = [
        Fault(400, #"{"error":"invalid_grant"}"#, .invalidGrant),
        Fault(401, #"{"error":"invalid_grant"}"#, .invalidGrant), Fault(401, "", .invalidClient),
        Fault(200, #"{"error":"invalid_grant"}"#, .invalidGrant),
        Fault(400, #"{"error":"invalid_client"}"#, .invalidClient), Fault(400, #"{"error":"invalid_scope"}"#, .refused),
        Fault(400, #"{"error":"invalid_request"}"#, .refused), Fault(400, "", .refusedWithoutReason),
        Fault(403, "", .refusedWithoutReason), Fault(404, "<html>", .refusedWithoutReason),
        Fault(400, #"{"error":"temporarily_unavailable"}"#, .serverError(retryAfter: nil)),
        Fault(500, #"{"error":"invalid_grant"}"#, .serverError(retryAfter: nil)),
        Fault(429, "", .rateLimited(retryAfter: nil)), Fault(307, "", .redirected), Fault(200, "<html>", .malformed),
        Fault(200, #"{"refresh_token":"r"}"#, .malformed), Fault(.unresolvable, .unresolvable),
        Fault(.destinationRefused, .destinationRefused), Fault(.unreachable, .unreachable),
        Fault(.tlsFailed, .tlsFailed), Fault(.timedOutBeforeSending, .timedOut), Fault(.overloaded, .overloaded),
        Fault(.invalidRequest, .misconfigured), Fault(.outcomeUnknown, .outcomeUnknown),
        Fault(.cancelled, .outcomeUnknown), Fault(.malformedResponse, .malformed),
        Fault(.responseTooLarge, .malformed),
    ]

    @Test(arguments: faults)
    func `says what became of the request, and whether anything can have been spent`(_ fault: Fault) async {
        world.outbound.answer(fault.answer)
        let failure = await failure { () async throws(TokenEndpointFailure) in try await obtain() }
        #expect(failure == fault.expected)
        #expect(failure?.isBeforeSending == fault.isBeforeSending)
    }

    @Test func `keeps no secret in what it throws or shows`() async throws {
        answer(#"{"access_token":"canary-access","refresh_token":"canary-refresh"}"#)
        let obtained = try await obtain()
        var dumped = ""
        dump(obtained, to: &dumped)
        for text in ["\(obtained)", String(reflecting: obtained), dumped] { #expect(!text.contains("canary")) }
    }
}
