import Connections
import Domain
@testable import Edge
import Identity
import Observability
import ServiceLifecycle
import Sodium
import StrictJSON
import Synchronization
import TestSupport
import Vault

/// A control plane on a free port of loopback, over in-memory stores.
final class Rig: Sendable {
    let world: FakeWorld
    let logs: LogCapture
    let metrics = MetricRegistry()
    let services: ControlPlaneServices
    let apiKeys: APIKeyAdministration
    /// A key of the whole environment with every permission.
    let key: CreatedAPIKey
    let readiness = ReadinessSwitch()
    private let bound = Mutex(0)
    private let lifecycle = Mutex<ServiceGroup?>(nil)

    var port: Int { bound.withLock { $0 } }

    static let issuer = "https://sallyport.example.com"

    private init() async throws {
        logs = LogCapture()
        world = try await FakeWorld(logger: logs.logger("use-cases"))
        let database = world.database
        apiKeys = APIKeyAdministration(
            gate: world.gate, keys: FakeAPIKeyStore(database), tenants: FakeTenantStore(database),
            minting: APIKeyMinter())
        key = try await apiKeys.create(
            NewAPIKey(name: "all", tenantID: nil, permissions: .all), world.context())
        services = try await Self.wire(world, logs, apiKeys, metrics) { [readiness] in readiness.value }
    }

    private static func wire(
        _ world: FakeWorld, _ logs: LogCapture, _ apiKeys: APIKeyAdministration, _ metrics: MetricRegistry,
        _ readiness: @escaping @Sendable () -> Readiness
    ) async throws -> ControlPlaneServices {
        let database = world.database
        let epoch = RevocationEpoch()
        let revocations = Revocations(
            store: FakeRevocationStore(database), announcements: database, epoch: epoch, clock: world.clock.wall,
            timer: world.clock, logger: logs.logger("revocations"))
        let signingKeys = SigningKeys(
            store: FakeSigningKeyStore(database), vault: world.vault, epoch: epoch, clock: world.clock.wall,
            timer: world.clock, logger: logs.logger("signing-keys"))
        _ = try await world.vault.prepareKey(for: .environment(world.environment.id))
        try await signingKeys.prepare(world.environment.id)
        return ControlPlaneServices(
            tenants: world.tenants, integrations: world.integrations, connections: world.linking(), apiKeys: apiKeys,
            audit: AuditReading(gate: world.gate),
            providers: ProviderListing(gate: world.gate, catalogue: world.catalogue),
            authenticator: APIKeyAuthenticator(
                store: FakeAPIKeyStore(database), revocations: revocations, clock: world.clock.wall),
            tokens: CallerTokenGranting(
                issuer: CallerTokenIssuer(issuer: issuer, keys: signingKeys, clock: world.clock.wall),
                tenants: FakeTenantStore(database), gate: world.gate),
            issuer: issuer, signingKeys: signingKeys, cursors: try CursorCodec(key: .random(count: 32)),
            metrics: metrics, readiness: { readiness() })
    }

    /// Limits short enough for tests that wait for them.
    static let limits = ControlPlaneLimits(
        maxBodyBytes: 64 << 10, headTimeout: .milliseconds(400), bodyTimeout: .milliseconds(400),
        requestTimeout: .seconds(5),
        idleTimeout: .milliseconds(800), stallTimeout: .seconds(2), maxConnections: 256)

    /// Runs a control plane around `body` and ends it afterwards.
    static func run(
        limits: ControlPlaneLimits = limits, tls: ControlPlaneConfiguration.TLSContext? = nil,
        _ body: (Rig) async throws -> Void
    ) async throws {
        await RigGate.shared.enter()
        defer { RigGate.shared.leave() }
        let rig = try await Rig()
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let service = ControlPlane.application(
            rig.services,
            configuration: ControlPlaneConfiguration(host: "127.0.0.1", port: 0, limits: limits, tls: tls),
            logger: rig.logs.logger("edge"), onListening: { listening.yield($0) })
        let lifecycle = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [service], logger: rig.logs.logger("lifecycle")))
        rig.lifecycle.withLock { $0 = lifecycle }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { listening.finish() }
                // Ends by cancellation, which it may report as an error.
                do { try await lifecycle.run() } catch is CancellationError {}
            }
            guard let port = await ports.first(where: { _ in true }) else {
                throw RawHTTP.Failure(description: "the control plane did not start")
            }
            rig.bound.withLock { $0 = port }
            defer { group.cancelAll() }
            try await body(rig)
        }
    }

    /// Begins a graceful shutdown.
    func shutDown() async {
        await lifecycle.withLock { $0 }?.triggerGracefulShutdown()
    }

    // MARK: Requests

    func send(
        _ method: String, _ path: String, key: CreatedAPIKey?, headers: [String] = [], body: String? = nil,
        type: String = "application/json"
    ) async throws -> RawResponse {
        try await send(
            method, path, bearer: key.map { $0.text.revealUTF8(for: .test) ?? "" }, headers: headers, body: body,
            type: type)
    }

    /// With the key of the whole environment.
    func send(
        _ method: String, _ path: String, headers: [String] = [], body: String? = nil, type: String = "application/json"
    ) async throws -> RawResponse {
        try await send(method, path, key: key, headers: headers, body: body, type: type)
    }

    func send(
        _ method: String, _ path: String, bearer: String?, headers: [String] = [], body: String? = nil,
        type: String = "application/json"
    ) async throws -> RawResponse {
        let bytes = Self.request(
            method, path, bearer: bearer, headers: headers, body: body.map { Array($0.utf8) }, type: type)
        guard let response = try await RawHTTP.exchange(bytes, port: port, isHead: method == "HEAD") else {
            throw RawHTTP.Failure(description: "no answer to \(method) \(path)")
        }
        return response
    }

    func request(
        _ method: String, _ path: String, headers: [String] = [], body: [UInt8]?, type: String = "application/json"
    ) -> [UInt8] {
        Self.request(
            method, path, bearer: key.text.revealUTF8(for: .test), headers: headers, body: body, type: type)
    }

    static func request(
        _ method: String, _ path: String, bearer: String?, headers: [String] = [], body: [UInt8]?,
        type: String = "application/json"
    ) -> [UInt8] {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: 127.0.0.1"]
        if let bearer { lines.append("Authorization: Bearer \(bearer)") }
        if let body { lines += ["Content-Type: \(type)", "Content-Length: \(body.count)"] }
        return Array((lines + headers).joined(separator: "\r\n").utf8) + Array("\r\n\r\n".utf8) + (body ?? [])
    }

    // MARK: Rows

    func makeKey(
        _ permissions: PermissionSet = .all, tenant: TenantID? = nil, environment: EnvironmentID? = nil
    ) async throws -> CreatedAPIKey {
        try await apiKeys.create(
            NewAPIKey(name: "key", tenantID: tenant, permissions: permissions),
            world.context(environment: environment))
    }

    /// How many changes were made so far: each writes an audit event.
    var changes: Int { world.database.events.filter { $0.outcome == .success }.count }
}

/// What `/health/ready` finds.
final class ReadinessSwitch: Sendable {
    private let stored = Mutex(Readiness(database: true, rootKey: true))

    var value: Readiness { stored.withLock { $0 } }

    func set(_ value: Readiness) { stored.withLock { $0 = value } }
}

/// Lets a few control planes run at a time: tests start all at once, and deadlines count while they wait for a core.
final class RigGate: Sendable {
    static let shared = RigGate(places: 4)

    private struct State {
        var places: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    private init(places: Int) { state = Mutex(State(places: places)) }

    func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.places == 0 {
                    state.waiting.append(continuation)
                    return false
                }
                state.places -= 1
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.places += 1
            return nil
        }
        next?.resume()
    }
}
