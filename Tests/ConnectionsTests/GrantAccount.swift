import Connections
import Domain
import Sodium
import Testing
import TestSupport

/// A world with an integration of a provider that refreshes.
struct GrantAccount: Sendable {
    let world: FakeWorld
    let integration: Integration

    init() async throws {
        world = try await FakeWorld()
        integration = try await world.integrate("generic-oauth2-refresh-token")
        world.outbound.answer { (_) throws(OutboundError) in .test(200) }
        answer("token-1")
    }

    func answer(_ token: String) {
        let clock = world.clock
        world.refresher.answer { (stored) throws(RefreshError) in
            .test(token, of: stored, obtainedAt: clock.wall.now())
        }
    }

    func answer(_ error: RefreshError) {
        world.refresher.answer { (_) throws(RefreshError) in throw error }
    }

    func draft(verify: Bool = true) -> NewConnection {
        NewConnection(
            tenantID: world.tenant.id, integration: .id(integration.id), displayName: "Account",
            fields: FakeWorld.oauthFields, secrets: Self.secrets("canary-first"), verify: verify)
    }

    static func secrets(_ refreshToken: String) -> [String: SecretBytes] {
        ["client_secret": SecretBytes(utf8: "canary-secret"), "refresh_token": SecretBytes(utf8: refreshToken)]
    }

    func link(verify: Bool = true) async throws(UseCaseError) -> Connection {
        try await world.linking().create(draft(verify: verify), world.context())
    }

    /// The connections that are stored, whoever they belong to.
    func stored() async throws -> [Connection] {
        try await FakeConnectionStore(world.database).list(
            in: ReadScope(environmentID: world.environment.id, tenantID: nil), integration: nil, status: nil,
            page: try #require(PageRequest())
        ).elements
    }
}
