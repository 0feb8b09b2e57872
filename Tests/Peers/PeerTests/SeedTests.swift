import Connections
import Domain
import PeerTokens
import Sodium
import Testing
import Vault

@testable import RefreshSeed

@Suite("Connections made for a benchmark")
struct SeedTests {
    private static let now = Timestamp(seconds: 1_000_000)
    private let environment = EnvironmentID(high: 1, low: 2)
    private let tenant = TenantID(high: 3, low: 4)

    private func plan(due: Int = 0, lifetime: Duration? = nil) -> SeedPlan {
        var plan = SeedPlan(now: Self.now, connections: 100, dueAt: Self.now + .seconds(60))
        plan.dueCount = due
        plan.dueWindow = .seconds(10)
        plan.lifetime = lifetime
        return plan
    }

    @Test func `what is due is spread over the window, and nothing else is near it`() {
        let plan = plan(due: 10)
        #expect((0..<10).map { plan.times(of: $0, draw: 0.5).dueAt } == (0..<10).map { Self.now + .seconds(60 + $0) })
        #expect(plan.times(of: 10, draw: 0).dueAt > Self.now + .seconds(86_400 * 59))
    }

    @Test(arguments: [0, 0.25, 0.5, 0.999_999])
    func `a token of a known lifetime is due within it, and not before it may be`(draw: Double) {
        let times = plan(lifetime: .seconds(300)).times(of: 50, draw: draw)
        #expect(times.expiresAt - times.obtainedAt == .seconds(300))
        #expect(times.dueAt >= Self.now + .seconds(60))
        #expect(times.dueAt <= Self.now + .seconds(360))
        #expect(times.expiresAt - times.dueAt == .seconds(30))
    }

    @Test func `its credentials open with the keys that were written beside them`() async throws {
        let root = try #require(LocalRootKey(SecretBytes(copying: (0..<32).map { UInt8($0) })))
        let tokens = try PeerTokens(seed: "seed")
        let integration = IntegrationID(high: 5, low: 6)
        let writer = SeedWriter(
            environment: environment, integration: integration,
            tokenURL: try #require(URLParts("http://127.0.0.1:9/token")), tokens: tokens, plan: plan(), rootKey: root,
            tenants: 1)
        let (ids, copy) = try await writer.tenants(1)
        let id = try #require(ids.first)
        let made = try await writer.connection(0, of: id)
        let sealer = CredentialSealer(
            vault: Vault(keys: KeyRing(store: try stored(copy, of: id), roots: RootKeys(active: root))))
        let opened = try #require(try await sealer.openTokenSet(of: stored(made, integration), for: .tokenRequest))
        let token = PeerRefreshToken(family: made.id.description, generation: 1)
        #expect(opened.refreshToken?.revealUTF8(for: .test) == tokens.text(of: token))
        #expect(opened.times.expiresAt == made.times.expiresAt)
        let entered = try await sealer.openEntered(of: stored(made, integration), for: .tokenRequest)
        #expect(entered.keys.sorted() == ["client_secret", "refresh_token"])
    }

    @Test func `a batch is one transaction of three tables`() async throws {
        let root = try #require(LocalRootKey(SecretBytes(copying: (0..<32).map { UInt8($0) })))
        let writer = SeedWriter(
            environment: environment, integration: IntegrationID(high: 5, low: 6),
            tokenURL: try #require(URLParts("http://127.0.0.1:9/token")), tokens: try PeerTokens(seed: "s"),
            plan: plan(),
            rootKey: root, tenants: 1)
        let (ids, _) = try await writer.tenants(1)
        let id = try #require(ids.first)
        let made = [try await writer.connection(0, of: id), try await writer.connection(1, of: id)]
        let lines = String(decoding: writer.copy(of: made), as: UTF8.self).split(separator: "\n")
        #expect(lines.first == "BEGIN;" && lines.last == "COMMIT;")
        #expect(lines.count { $0.hasPrefix("COPY sallyport.") } == 3)
        #expect(lines.count { $0.contains("\t") } == 2 + 4 + 2)
        #expect(lines.count { $0 == "\\." } == 3)
    }

    /// The key of the second table's only row.
    private func stored(_ copy: [UInt8], of tenant: TenantID) throws -> MemoryKeyStore {
        let lines = String(decoding: copy, as: UTF8.self).split(separator: "\n")
        let cells = try #require(lines.last { $0.contains("\tactive") }).split(separator: "\t")
        let wrapped = try #require(Hex.decode(String(cells[4].dropFirst(3))))
        let owner = KeyOwner.tenant(environment, tenant)
        return MemoryKeyStore([
            WrappedKey(owner: owner, version: 1, rootID: String(cells[3]), wrapped: wrapped, state: .active)
        ])
    }

    private func stored(_ made: SeedWriter.Made, _ integration: IntegrationID) throws -> StoredConnection {
        let scope = TenantScope(environmentID: environment, tenantID: made.tenant)
        return StoredConnection(
            connection: Connection(
                id: made.id, scope: scope, integrationID: integration, displayName: nil, status: .active,
                statusReason: nil, origin: try #require(Origin("http://127.0.0.1:9")), fields: [:], version: 1,
                createdAt: Self.now, updatedAt: Self.now, verifiedAt: nil),
            integration: Integration(
                id: integration, environmentID: environment, name: try #require(Slug("bench")),
                provider: try #require(Slug("p")), settings: IntegrationSettings(), hasClientSecret: false, version: 1,
                createdAt: Self.now, updatedAt: Self.now),
            entered: made.entered, tokenSet: made.tokenSet,
            tokenTimes: TokenTimes(expiresAt: made.times.expiresAt, refreshDueAt: made.times.dueAt), tokenSetVersion: 1)
    }
}
