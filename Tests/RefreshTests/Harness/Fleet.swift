import Connections
import Domain
import Grants
import Refresh
import Sodium
import Synchronization
import TestSupport

/// Many connections of many tenants at several token endpoints, stored as if they had been linked, and the machines that
/// keep them fresh.
final class Fleet: Sendable {
    let world: FakeWorld
    let endpoints: TokenPark
    let integration: Integration
    private let template: Connection
    private let secrets: [String: SecretBytes]

    /// - Parameter sharedSecret: the integration's own client secret; nil gives each connection one.
    init(sharedSecret: String? = nil) async throws {
        let flights = try await Flights(sharedSecret: sharedSecret)
        (world, integration, template) = (flights.world, flights.integration, flights.connection)
        secrets = sharedSecret == nil ? ["client_secret": SecretBytes(utf8: "secret")] : [:]
        endpoints = TokenPark(world.clock)
        world.database.setDue(template.id, at: nil)
    }

    /// An instance; its engine works as long as it runs.
    ///
    /// - Parameter gathers: it looks for due rows once a second, so that hours pass in few steps.
    func machine(
        settings: RefreshSettings = RefreshSettings(), gathers: Bool = false, gate: CallGate? = nil
    ) -> RefreshEngine {
        var settings = settings
        if gathers {
            settings.scan.gathering = .seconds(1)
            settings.scan.afterAnnouncement = .seconds(1)
        }
        return world.engine(settings: settings, outbound: endpoints, gate: gate)
    }

    func tenant() async throws -> TenantID {
        let tenant = Tenant(
            id: world.gate.identifiers.next(), environmentID: world.environment.id, name: "Tenant", externalID: nil,
            createdAt: world.clock.wall.now())
        try await FakeTenantStore(world.database).create(
            tenant, audit: .test(world.environment.id, world.gate.identifiers, at: tenant.createdAt))
        return tenant.id
    }

    /// Stores connections whose token is due after these times, and lasts for a while longer.
    @discardableResult
    func link(
        _ tenant: TenantID, host: String = "login.example.com", dueIn waits: some Sequence<Duration>,
        lastingOn: Duration = .seconds(30)
    ) async throws -> [ConnectionID] {
        let sealer = CredentialSealer(vault: world.vault)
        let store = FakeConnectionStore(world.database)
        let now = world.clock.wall.now()
        var ids: [ConnectionID] = []
        for wait in waits {
            let connection = connection(of: tenant, at: host)
            let times = TokenTimes(expiresAt: now + wait + lastingOn, refreshDueAt: now + wait)
            let token = ObtainedToken(
                tokenSet: TokenSet(
                    accessToken: SecretBytes(utf8: TokenPark.token(expiresAt: now + wait + lastingOn)),
                    tokenType: "Bearer", expiresIn: nil, expiresAt: times.expiresAt, refreshToken: nil,
                    refreshTokenExpiresIn: nil, scope: nil),
                obtainedAt: now, times: times, endpoint: .of(host: host), isScopeMissing: false)
            let entered = try await sealer.sealEntered(
                secrets, of: connection.id, in: connection.scope, recordVersion: 1)
            let sealed = try await sealer.sealTokenSet(
                token, of: connection.id, in: connection.scope, recordVersion: 1)
            try await store.create(
                connection, entered: entered, tokenSet: (sealed, times), facts: token.facts,
                audit: .test(world.environment.id, world.gate.identifiers, at: now))
            ids.append(connection.id)
        }
        return ids
    }

    private func connection(of tenant: TenantID, at host: String) -> Connection {
        let now = world.clock.wall.now()
        var fields = template.fields
        if secrets.isEmpty == false { fields["token_url"] = "https://\(host)/token" }
        return Connection(
            id: world.gate.identifiers.next(),
            scope: TenantScope(environmentID: world.environment.id, tenantID: tenant),
            integrationID: integration.id, displayName: nil, status: .active, statusReason: nil,
            origin: template.origin, fields: fields, version: 1, createdAt: now, updatedAt: now, verifiedAt: now)
    }

    /// Runs machines while simulated time passes.
    ///
    /// - Parameter onStep: called between steps, with the time that has passed; false ends it.
    func run(
        _ machines: [RefreshEngine], for duration: Duration, largestStep: Duration = .seconds(1),
        onStep: (Duration) async -> Bool = { _ in true }
    ) async {
        let clock = world.clock
        let start = clock.now
        // Ended below.
        let running = machines.map { machine in Task { await machine.run() } }
        await clock.drive(
            for: duration, largestStep: largestStep, isBusy: { Self.isBusy(machines, on: clock) },
            activity: { self.activity }, onStep: { await onStep(clock.now - start) })
        for task in running { task.cancel() }
        for task in running { await task.value }
        for machine in machines { await machine.drain(until: clock.now) }
    }

    /// Each machine sleeps in its scheduler, its replay and between its looks for the database, and a flight that waits for something does so as well.
    static func isBusy(_ machines: [RefreshEngine], on clock: FakeClock) -> Bool {
        clock.sleeperCount < machines.reduce(0) { $0 + 3 + $1.inFlight }
    }

    private var activity: Int {
        let operations: [StoreOperation] = [.refreshDue, .leaseAcquire, .leaseComplete, .leaseRelease, .connectionLoad]
        return operations.reduce(endpoints.requestCount) { $0 + world.database.calls(of: $1) }
    }
}

/// Token endpoints that answer at once, can be down, and remember who asked when.
///
/// A token says in its text when it ends, by the endpoints' own clock.
final class TokenPark: OutboundPort {
    struct Request: Sendable {
        let at: Timestamp
        let host: String
        /// Tenant and connection.
        let connection: String
        let wasAnswered: Bool
    }

    private struct State {
        var log: [Request] = []
        var counts: [String: Int] = [:]
        var down: Set<String> = []
        var refusesClients = false
    }

    private let state = Mutex(State())
    private let clock: FakeClock
    private let lifetime: Mutex<Int>

    init(_ clock: FakeClock, lifetime: Int = 300) {
        self.clock = clock
        self.lifetime = Mutex(lifetime)
    }

    func setLifetime(_ seconds: Int) { lifetime.withLock { $0 = seconds } }
    func setDown(_ host: String, _ isDown: Bool) {
        state.withLock { state in
            if isDown { state.down.insert(host) } else { state.down.remove(host) }
        }
    }

    /// From now on every client is told that it is none.
    func refuseClients(_ refuses: Bool) { state.withLock { $0.refusesClients = refuses } }

    var log: [Request] { state.withLock { $0.log } }
    var requestCount: Int { state.withLock { $0.log.count } }
    func requests(at host: String) -> [Request] { log.filter { $0.host == host } }
    /// The most that any connection asked.
    var mostOfOne: Int { state.withLock { $0.counts.values.max() ?? 0 } }
    /// The most that any host was asked in one second of the clock.
    func mostInOneSecond(at host: String, until end: Timestamp) -> Int {
        var counts: [Int64: Int] = [:]
        for request in requests(at: host) where request.at < end { counts[request.at.seconds, default: 0] += 1 }
        return counts.values.max() ?? 0
    }

    func send(_ request: OutboundRequest) async throws(OutboundError) -> OutboundResponse {
        let now = clock.wall.now()
        let seconds = lifetime.withLock { $0 }
        let (isDown, isRefused) = state.withLock { state in
            let isDown = state.down.contains(request.url.host)
            state.log.append(
                Request(
                    at: now, host: request.url.host, connection: request.poolKey,
                    wasAnswered: !isDown && !state.refusesClients))
            state.counts[request.poolKey, default: 0] += 1
            return (isDown, state.refusesClients)
        }
        guard !isDown else { throw .unreachable }
        guard !isRefused else { return .refused("invalid_client", status: 401) }
        return .token(Self.token(expiresAt: now + .seconds(seconds)), expiresIn: seconds)
    }

    static func token(expiresAt: Timestamp) -> String { "until-\(expiresAt.microseconds)" }

    static func expiry(of token: String) -> Timestamp? {
        Int64(token.dropFirst(6)).map { Timestamp(microseconds: $0) }
    }
}
