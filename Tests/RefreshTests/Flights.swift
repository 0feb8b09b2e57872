import Connections
import Domain
import Refresh
import Sodium
import Synchronization
import Testing
import TestSupport

/// A world with one OAuth connection and coordinators on it.
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

    func coordinator(settings: RefreshSettings = RefreshSettings()) -> RefreshCoordinator {
        RefreshCoordinator(
            instance: world.gate.identifiers.next(), connections: FakeConnectionStore(world.database),
            integrations: FakeIntegrationStore(world.database), refreshes: FakeRefreshStore(world.database),
            catalogue: world.catalogue, vault: world.vault, outbound: world.outbound, announcements: world.database,
            gate: world.gate, clock: world.clock, random: world.random, settings: settings)
    }

    func stored() throws -> StoredConnection { try #require(world.database.stored(connection.id)) }

    func deadline(_ wait: Duration = .seconds(15)) -> ContinuousClock.Instant { world.clock.now.advanced(by: wait) }

    /// Asks once, with what is stored now.
    func refresh(
        _ coordinator: RefreshCoordinator, _ seen: StoredConnection? = nil, within wait: Duration = .seconds(15)
    ) async throws -> Result<String, RefreshError> {
        let seen = try seen ?? stored()
        do throws(RefreshError) {
            let opened = try await coordinator.refreshedTokenSet(of: seen, deadline: deadline(wait))
            return .success(opened.accessToken.revealUTF8(for: .test) ?? "")
        } catch {
            return .failure(error)
        }
    }

    /// Moves the clock whenever somebody sleeps on it, until the work is done.
    func movingTime<T: Sendable>(
        by step: Duration = .milliseconds(500), _ work: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                for _ in 0..<100_000 where !Task.isCancelled {
                    world.clock.advance(by: step)
                    for _ in 0..<20 { await Task.yield() }
                }
                return nil
            }
            while let finished = try await group.next() {
                if let finished {
                    group.cancelAll()
                    return finished
                }
            }
            throw ConformanceFailure("the work never ended")
        }
    }
}

final class TokenCounter: Sendable {
    private let count = Atomic<Int>(0)
    func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }
}
