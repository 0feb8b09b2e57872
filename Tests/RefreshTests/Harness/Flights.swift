import Connections
import Domain
import Observability
import Refresh
import Sodium
import Synchronization
import Testing
import TestSupport

/// A world with one connection of client credentials, and engines on it.
struct Flights {
    let world: FakeWorld
    let integration: Integration
    let connection: Connection

    /// - Parameter sharedSecret: the integration's own client secret; nil gives the connection one.
    init(expiresIn: Int? = 600, sharedSecret: String? = nil) async throws {
        world = try await FakeWorld()
        var settings = IntegrationSettings()
        if sharedSecret != nil {
            settings.baseURL = "https://api.example.com/v1"
            settings.tokenURL = "https://login.example.com/token"
        }
        integration = try await world.integrate(
            "generic-oauth2-client-credentials", settings: settings, clientSecret: sharedSecret)
        if sharedSecret == nil {
            connection = try await world.linkOAuth(integration, expiresIn: expiresIn)
        } else {
            world.outbound.answer { (sent) throws(OutboundError) in
                sent.request.url.host == "login.example.com" ? .token("token-1", expiresIn: expiresIn) : .test(200)
            }
            connection = try await world.linking().create(
                NewConnection(
                    tenantID: world.tenant.id, integration: .id(integration.id), fields: FakeWorld.oauthFields),
                world.context())
        }
        // What came before the test is not counted.
        baseline = world.outbound.sent.count
        numberTokens()
    }

    let baseline: Int

    /// Requests to the token endpoint since the test began.
    var requests: Int { world.outbound.sent.count - baseline }

    /// From now on the token endpoint answers `fresh-1`, `fresh-2`, ….
    func numberTokens() {
        let counter = TokenCounter()
        world.outbound.answer { (_) throws(OutboundError) in .token("fresh-\(counter.next())", expiresIn: 600) }
    }

    /// An instance of its own; its engine runs when it is told to.
    func engine(
        settings: RefreshSettings = RefreshSettings(), spool: RefreshSpool? = nil,
        connections: (any ConnectionStore)? = nil, refreshes: (any RefreshStore)? = nil
    ) -> RefreshEngine {
        world.engine(settings: settings, spool: spool, connections: connections, refreshes: refreshes)
    }

    /// Of an instance of its own, which does what its callers ask and nothing else.
    func coordinator(settings: RefreshSettings = RefreshSettings()) -> RefreshCoordinator {
        engine(settings: settings).coordinator
    }

    /// Of an instance that isn't there.
    func terms(_ duration: Duration) -> LeaseTerms {
        LeaseTerms(
            owner: world.gate.identifiers.next(), duration: duration, unresolvedWait: .seconds(300), ended: [],
            maxAttemptsPerHour: 120)
    }

    func auditEvent() -> AuditEvent {
        .test(world.environment.id, world.gate.identifiers, at: world.clock.wall.now())
    }

    /// The account is linked again with another client secret, behind everybody's back.
    func replaceSecret(_ secret: String) async throws -> SealedSecret {
        let stored = try stored()
        var changed = stored.connection
        changed.version += 1
        let entered = try await CredentialSealer(vault: world.vault).sealEntered(
            ["client_secret": SecretBytes(utf8: secret)], of: changed.id, in: changed.scope,
            recordVersion: (stored.entered?.recordVersion ?? 0) + 1)
        try await FakeConnectionStore(world.database).update(
            changed, entered: entered, tokenSet: nil,
            facts: TokenSetFacts(endpoint: .login, spendsRefreshToken: false, isScopeMissing: false),
            audit: auditEvent())
        return entered
    }

    func stored() throws -> StoredConnection { try #require(world.database.stored(connection.id)) }

    func deadline(_ wait: Duration = .seconds(15)) -> ContinuousClock.Instant { world.clock.now.advanced(by: wait) }

    /// Asks once, with what is stored now.
    func refresh(
        _ coordinator: RefreshCoordinator, _ seen: StoredConnection? = nil, isForced: Bool = false,
        within wait: Duration = .seconds(15)
    ) async throws -> Result<String, RefreshError> {
        await coordinator.outcome(of: try seen ?? stored(), isForced: isForced, deadline: deadline(wait))
    }

    /// Moves the clock whenever somebody sleeps on it, until the work is done.
    func movingTime<T: Sendable>(
        by step: Duration = .milliseconds(500), _ work: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        try await world.clock.moving(by: step, work)
    }
}

extension FakeWorld {
    func engine(
        instance: InstanceID? = nil, settings: RefreshSettings = RefreshSettings(), spool: RefreshSpool? = nil,
        connections: (any ConnectionStore)? = nil, refreshes: (any RefreshStore)? = nil,
        outbound: (any OutboundPort)? = nil, gate: CallGate? = nil
    ) -> RefreshEngine {
        RefreshEngine(
            instance: instance ?? self.gate.identifiers.next(),
            ports: RefreshEngine.Ports(
                connections: connections ?? FakeConnectionStore(database),
                integrations: FakeIntegrationStore(database), refreshes: refreshes ?? FakeRefreshStore(database),
                announcements: database, outbound: outbound ?? self.outbound),
            catalogue: catalogue, vault: vault, spool: spool, gate: gate ?? self.gate, clock: clock, random: random,
            metrics: MetricRegistry(), settings: settings)
    }
}

extension FakeWorld {
    /// An opener of a machine with a clock of its own.
    func opener(refresher: any TokenRefreshing, gate: CallGate) -> ConnectionOpener {
        ConnectionOpener(
            gate: gate, connections: FakeConnectionStore(database), catalogue: catalogue, vault: vault,
            refresher: refresher)
    }
}

final class TokenCounter: Sendable {
    private let count = Atomic<Int>(0)
    func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }
}

extension TokenEndpointKey {
    /// Where the connections of these tests get their tokens.
    static var login: TokenEndpointKey { of(host: "login.example.com") }

    static func of(host: String) -> TokenEndpointKey {
        guard let key = TokenEndpointKey("https://\(host)/token") else {
            preconditionFailure("an endpoint's name is neither empty nor long")
        }
        return key
    }
}

extension UsableConnection {
    /// The token that it puts into requests.
    var bearer: String? {
        injection.headers.first { $0.name == "authorization" }?.value.revealUTF8(for: .test)
            .map { String($0.dropFirst(7)) }
    }
}
