import Connections
import Domain
import Refresh
import Sodium
import Testing
import TestSupport
import Vault

/// A world with one connection whose refresh token rotates, already linked: `rt-a-1` is stored, `at-a-1` is good for ten
/// minutes.
struct GrantFlights {
    let world: FakeWorld
    let server = TokenServer()
    let integration: Integration
    let connection: Connection

    init(rotates: Bool = true) async throws {
        world = try await FakeWorld()
        integration = try await world.integrate("generic-oauth2-refresh-token")
        if !rotates { server.stopRotating() }
        world.outbound.answer { [server] (sent) throws(OutboundError) in try server.answer(sent) }
        connection = try await Self.link("a", integration, world)
    }

    /// Another connection of the same integration.
    func link(_ grant: String) async throws -> Connection { try await Self.link(grant, integration, world) }

    private static func link(
        _ grant: String, _ integration: Integration, _ world: FakeWorld
    ) async throws -> Connection {
        try await world.linking(refresher: world.engine().coordinator).create(
            NewConnection(
                tenantID: world.tenant.id, integration: .id(integration.id), fields: FakeWorld.oauthFields,
                secrets: secrets("rt-\(grant)-0")),
            world.context())
    }

    static func secrets(_ refreshToken: String) -> [String: SecretBytes] {
        ["client_secret": SecretBytes(utf8: "canary-secret"), "refresh_token": SecretBytes(utf8: refreshToken)]
    }

    func stored() throws -> StoredConnection { try #require(world.database.stored(connection.id)) }

    func row() throws -> FakeRefreshRow { try #require(world.database.refreshRow(connection.id)) }

    /// The refresh token that the next refresh will send.
    func storedRefreshToken(of id: ConnectionID? = nil) async throws -> String? {
        let stored = try #require(world.database.stored(id ?? connection.id))
        return try await CredentialSealer(vault: world.vault).openTokenSet(of: stored, for: .tokenRequest)?
            .refreshToken?.revealUTF8(for: .test)
    }

    /// Asks once for a token newer than the stored one.
    func refresh(
        _ engine: RefreshEngine, isForced: Bool = false, within wait: Duration = .seconds(15)
    ) async throws -> Result<String, RefreshError> {
        await engine.coordinator.outcome(
            of: try stored(), isForced: isForced, deadline: world.clock.now.advanced(by: wait))
    }

    /// The account is linked again with another grant, behind everybody's back.
    func relink(_ refreshToken: String) async throws {
        let stored = try stored()
        var changed = stored.connection
        changed.version += 1
        changed.apply(.verified)
        let entered = try await CredentialSealer(vault: world.vault).sealEntered(
            Self.secrets(refreshToken), of: changed.id, in: changed.scope,
            recordVersion: (stored.entered?.recordVersion ?? 0) + 1)
        try await FakeConnectionStore(world.database).update(
            changed, entered: entered, tokenSet: nil,
            facts: TokenSetFacts(endpoint: .login, spendsRefreshToken: true, isScopeMissing: false),
            audit: .test(world.environment.id, world.gate.identifiers, at: world.clock.wall.now()))
    }
}

extension RefreshCoordinator {
    func outcome(
        of stored: StoredConnection, isForced: Bool = false, deadline: ContinuousClock.Instant
    ) async -> Result<String, RefreshError> {
        do throws(RefreshError) {
            let opened = try await refreshedTokenSet(of: stored, isForced: isForced, deadline: deadline)
            return .success(opened.accessToken.revealUTF8(for: .test) ?? "")
        } catch {
            return .failure(error)
        }
    }
}

extension Result where Failure == RefreshError {
    /// Why and for how long it backs off; nil where it does something else.
    var backOff: (reason: StatusReason, remaining: Duration)? {
        guard case .failure(.backingOff(let reason, let remaining)) = self else { return nil }
        return (reason, remaining)
    }
}
