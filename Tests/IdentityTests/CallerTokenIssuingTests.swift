import Connections
import Domain
import Identity
import Sodium
import StrictJSON
import TestSupport
import Testing

@Suite("Issuing caller tokens (RFC 9068)")
struct CallerTokenIssuingTests {
    private let world: IdentityWorld

    init() async throws { world = try await IdentityWorld() }

    private func refusal(
        _ principal: Principal? = nil, tenant: TenantID? = nil, permissions: PermissionSet? = nil,
        restriction: CallerRestriction? = nil, lifetime: Duration? = nil
    ) async -> CallerTokenIssueError? {
        do throws(CallerTokenIssueError) {
            _ = try await world.issuer.issue(
                for: principal ?? world.base.principal(), tenant: tenant ?? world.base.tenant.id,
                permissions: permissions, restriction: restriction, lifetime: lifetime)
            return nil
        } catch {
            return error
        }
    }

    private func part(_ token: [UInt8], _ index: Int) throws -> JSONNode {
        let part = token.split(separator: UInt8(ascii: "."))[index]
        let json = try #require(Base64URL.decode(String(decoding: part, as: UTF8.self)))
        return try JSONDocument(parsing: json, secret: false).root
    }

    @Test func `issues what the verifier takes, for the tenant and the permissions asked for`() async throws {
        let connection = ConnectionID(high: 5, low: 6)
        let restriction = CallerRestriction(
            connections: [connection], methods: ["GET", "POST"], pathPrefixes: ["/sap/\"quoted\"/ä"])
        let token = try await world.issue(.proxy, restriction: restriction, lifetime: .seconds(60))
        let verified = try world.verify(token)
        #expect(verified.principal.tenantID == world.base.tenant.id)
        #expect(verified.principal.environmentID == world.base.environment.id)
        #expect(verified.principal.permissions == .proxy)
        #expect(verified.principal.restriction == restriction)
        #expect(verified.principal.identity == .callerToken(verified.jti, world.apiKeyID))
        #expect(verified.expiresAt == world.now + .seconds(60))
        #expect(verified.kid == world.own.kid)
    }

    @Test func `writes the header and the claims that the RFC asks for`() async throws {
        let token = try await world.issue()
        let header = try part(token, 0)
        #expect(header["alg"]?.string == "EdDSA")
        #expect(header["typ"]?.string == "at+jwt")
        #expect(header["kid"]?.string == world.own.kid)
        let claims = try part(token, 1)
        #expect(claims["iss"]?.string == IdentityWorld.issuer)
        #expect(claims["aud"]?.string == "sallyport")
        #expect(claims["sub"]?.string == world.apiKeyID.description)
        #expect(claims["tid"]?.string == world.base.tenant.id.description)
        #expect(claims["scope"]?.string == "proxy tokens:fetch")
        #expect(claims["iat"]?.int == world.now.seconds)
        #expect(claims["exp"]?.int == world.now.seconds + 300)
        #expect(claims["authorization_details"] == nil)
        #expect(claims["jti"]?.string?.utf8.count == 22)
    }

    @Test func `never issues the same jti twice`() async throws {
        var seen: Set<String> = []
        for _ in 0..<200 { seen.insert(try world.verify(try await world.issue()).jti) }
        #expect(seen.count == 200)
    }

    @Test func `answers with what was granted and for how long`() async throws {
        let issued = try await world.issuer.issue(
            for: world.base.principal([.proxy, .readTenants]), tenant: world.base.tenant.id)
        #expect(issued.scope == .proxy)
        #expect(issued.expiresIn == .seconds(300))
        #expect("\(issued.text)" == "<redacted>")
    }

    @Test func `grants no permission that the key lacks or that a caller token may not carry`() async {
        let proxyOnly = world.base.principal(.proxy)
        #expect(await refusal(proxyOnly, permissions: .fetchTokens) == .invalidScope)
        #expect(await refusal(proxyOnly, permissions: [.proxy, .fetchTokens]) == .invalidScope)
        #expect(await refusal(permissions: .writeAPIKeys) == .invalidScope)
        #expect(await refusal(permissions: [.proxy, .readTenants]) == .invalidScope)
        #expect(await refusal(permissions: []) == .invalidScope)
        #expect(await refusal(world.base.principal([.readTenants, .writeTenants])) == .invalidScope)
    }

    @Test func `issues for another tenant than the key's own to nobody`() async {
        let bound = world.base.principal(.all, tenant: world.base.tenant.id)
        #expect(await refusal(bound) == nil)
        #expect(await refusal(bound, tenant: world.base.neighbour.id) == .tenantNotFound)
    }

    @Test func `issues nothing to a caller token or to the command line`() async throws {
        let token = try world.verify(try await world.issue())
        #expect(await refusal(token.principal) == .notAnAPIKey)
        let cli = Principal(
            identity: .commandLine, environmentID: world.base.environment.id, tenantID: nil, permissions: .all)
        #expect(await refusal(cli) == .notAnAPIKey)
    }

    @Test(arguments: [0, 29, 901, 86_400, -1])
    func `keeps a lifetime within its bounds`(_ seconds: Int64) async {
        #expect(await refusal(lifetime: .seconds(seconds)) == .invalidLifetime)
    }

    @Test func `refuses a restriction that no verifier would take`() async {
        let many = (0..<33).map { ConnectionID(high: 0, low: UInt64($0)) }
        let hostile: [CallerRestriction] = [
            CallerRestriction(connections: many), CallerRestriction(methods: ["get"]),
            CallerRestriction(methods: [""]), CallerRestriction(methods: ["GET POST"]),
            CallerRestriction(methods: Array(repeating: "GET", count: 17)),
            CallerRestriction(pathPrefixes: ["sap"]), CallerRestriction(pathPrefixes: ["/a/../b"]),
            CallerRestriction(pathPrefixes: ["/a//b"]), CallerRestriction(pathPrefixes: ["/a\\b"]),
            CallerRestriction(pathPrefixes: ["/a\u{0}"]), CallerRestriction(pathPrefixes: ["/%2e%2e/b"]),
            CallerRestriction(pathPrefixes: ["/" + String(repeating: "a", count: 256)]),
            // Each within its bound, together beyond a token's size.
            CallerRestriction(
                pathPrefixes: (0..<16).map { "/\($0)" + String(repeating: "a", count: 250) }),
        ]
        for restriction in hostile { #expect(await refusal(restriction: restriction) == .invalidRestriction) }
    }

    @Test func `writes an empty restriction as none`() async throws {
        let token = try await world.issue(restriction: CallerRestriction())
        #expect(try part(token, 1)["authorization_details"] == nil)
        #expect(try world.verify(token).principal.restriction == nil)
    }

    @Test func `makes the environment's first key where there is none, once for many callers`() async throws {
        let world = self.world
        world.signingStore.remove(world.own.kid)
        try await world.keys.reload()
        let kids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 {
                group.addTask { try world.verify(try await world.issue()).kid }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(kids.count == 1)
    }

    @Test func `says that no key can be had now`() async throws {
        world.signingStore.remove(world.own.kid)
        try await world.keys.reload()
        world.signingStore.setAway(true)
        #expect(await refusal() == .signingKeyUnavailable)
    }
}
