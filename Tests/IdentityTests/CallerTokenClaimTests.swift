import Connections
import Domain
import Identity
import TestSupport
import Testing

@Suite("The claims of a caller token (RFC 9068 §2.2)")
struct CallerTokenClaimTests {
    private let world: IdentityWorld
    private let forge: Forge

    init() async throws {
        world = try await IdentityWorld()
        forge = Forge(world: world)
    }

    private func refusal(_ changes: [String: String?]) -> CallerTokenError? {
        world.refusal(forge.token(claims: forge.claims(changes)))
    }

    @Test(arguments: [
        "\"https://vault.example.com/\"", "\"https://VAULT.example.com\"", "\"https://evil.example\"", "\"\"", "null",
        "[\"https://vault.example.com\"]", "\"https://vault.example.com\\u0001\"",
    ])
    func `takes one issuer, exactly`(_ issuer: String) {
        #expect(refusal(["iss": issuer]) == .wrongIssuer)
        #expect(refusal(["iss": String?.none]) == .wrongIssuer)
    }

    @Test(arguments: [
        "\"Sallyport\"", "\"proxy\"", "\"\"", "null", "[\"sallyport\"]", "[\"sallyport\",\"other\"]",
        "\"https://vault.example.com\"",
    ])
    func `takes one audience, exactly, and no list`(_ audience: String) {
        #expect(refusal(["aud": audience]) == .wrongAudience)
        #expect(refusal(["aud": String?.none]) == .wrongAudience)
    }

    @Test(
        arguments: [
            ("sub", "\"key_\""), ("sub", "\"tnt_01hf4v8y2ne2r9kzq7w3m5x6ab\""), ("sub", "null"),
            ("client_id", "\"other\""),
            ("env", "\"production\""), ("env", "null"), ("tid", "\"\""), ("tid", "\"*\""), ("tid", "null"),
            ("tid", "[]"),
            ("scope", "\"\""), ("scope", "\" \""), ("scope", "\"proxy everything\""), ("scope", "\"PROXY\""),
            ("scope", "[\"proxy\"]"), ("scope", "\"tenants:write\""), ("scope", "\"proxy api-keys:write\""),
            ("scope", "null"), ("iat", "\"1\""), ("iat", "-1"), ("nbf", "null"), ("exp", "\"9999999999\""),
            ("exp", "1e12"), ("exp", "9223372036854775807"), ("exp", "253402300800"), ("exp", "0"), ("exp", "true"),
            ("exp", "1795527900.5"), ("jti", "\"\""), ("jti", "\"short\""), ("jti", "1"), ("cnf", "{}"),
            ("act", "{}"), ("admin", "true"),
        ] as [(String, String)])
    func `refuses a claim that we would not write`(_ name: String, _ value: String) {
        #expect(refusal([name: value]) == .badClaims)
    }

    @Test(arguments: ["sub", "client_id", "env", "tid", "scope", "iat", "nbf", "exp", "jti"])
    func `refuses a token without one of its claims`(_ name: String) {
        #expect(refusal([name: String?.none]) == .badClaims)
    }

    @Test func `refuses a life longer than any that is granted`() {
        let now = world.now.seconds
        #expect(refusal(["exp": "\(now + 900)"]) == nil)
        #expect(refusal(["exp": "\(now + 901)"]) == .badClaims)
        #expect(refusal(["exp": "\(now)"]) == .badClaims)
        #expect(refusal(["iat": "\(now - 700)"]) == .badClaims)
    }

    @Test(arguments: [
        "[]", "{}", "null", "[{}]", "[{\"type\":\"other\"}]", "[{\"type\":\"sallyport_connection\"},{\"type\":\"x\"}]",
        "[{\"type\":\"sallyport_connection\",\"connections\":[]}]",
        "[{\"type\":\"sallyport_connection\",\"connections\":[\"conn_x\"]}]",
        "[{\"type\":\"sallyport_connection\",\"connections\":[\"*\"]}]",
        "[{\"type\":\"sallyport_connection\",\"methods\":[\"get\"]}]",
        "[{\"type\":\"sallyport_connection\",\"methods\":\"GET\"}]",
        "[{\"type\":\"sallyport_connection\",\"methods\":[1]}]",
        "[{\"type\":\"sallyport_connection\",\"path_prefixes\":[\"a\"]}]",
        "[{\"type\":\"sallyport_connection\",\"path_prefixes\":[\"/a/../b\"]}]",
        "[{\"type\":\"sallyport_connection\",\"path_prefixes\":[\"//a\"]}]",
        "[{\"type\":\"sallyport_connection\",\"limits\":[]}]", "[{\"connections\":[]}]",
    ])
    func `refuses a restriction that it doesn't fully understand`(_ details: String) {
        #expect(refusal(["authorization_details": details]) == .badClaims)
    }

    @Test func `gives the restriction to the principal`() throws {
        let connection = ConnectionID(high: 1, low: 2)
        let details =
            "[{\"type\":\"sallyport_connection\",\"connections\":[\"\(connection)\"],\"methods\":[\"GET\"],"
            + "\"path_prefixes\":[\"/sap/opu\"]}]"
        let token = try world.verify(forge.token(claims: forge.claims(["authorization_details": details])))
        #expect(
            token.principal.restriction
                == CallerRestriction(connections: [connection], methods: ["GET"], pathPrefixes: ["/sap/opu"]))
    }

    @Test func `holds exp to the second, with the clocks' difference and no more`() throws {
        let token = forge.token()
        let exp = world.now + .seconds(300)
        let skew = CallerTokenFormat.clockSkew
        #expect(world.refusal(token, at: exp - .microseconds(1)) == nil)
        #expect(world.refusal(token, at: exp + skew - .microseconds(1)) == nil)
        #expect(world.refusal(token, at: exp + skew) == .expired)
        #expect(world.refusal(token, at: exp + .seconds(86_400)) == .expired)
        #expect(try world.verify(token).expiresAt == exp)
    }

    @Test(arguments: ["nbf", "iat"])
    func `holds nbf and iat to the second, with the clocks' difference and no more`(_ name: String) {
        let now = world.now
        #expect(refusal([name: "\(now.seconds + 30)"]) == nil)
        #expect(refusal([name: "\(now.seconds + 31)"]) == .notYetValid)
        let token = forge.token()
        #expect(world.refusal(token, at: now - .seconds(30)) == nil)
        #expect(world.refusal(token, at: now - .seconds(30) - .microseconds(1)) == .notYetValid)
    }

    @Test func `refuses the tokens of a revoked API key`() async throws {
        let token = try await world.issue()
        #expect(world.refusal(token) == nil)
        let follower = Task { [revocations = world.revocations] in await revocations.run() }
        // Ended below; subscribed and polling before the announcement is made.
        await world.base.clock.waitForSleepers(1)
        world.base.database.announce(.apiKeyRevoked(world.apiKeyID))
        let epoch = world.epoch
        await Waiting.until { epoch.value > 0 }
        #expect(world.refusal(token) == .revoked)
        follower.cancel()
        await follower.value
    }
}
