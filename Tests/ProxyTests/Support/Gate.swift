import Connections
import Domain
import Identity
import Logging
import NIOCore
import NIOSSL
import Observability
import ServiceLifecycle
import Sodium
import Testing

@testable import Proxy

/// A running data plane with fakes around it, one environment and two tenants.
struct Gate {
    static let environment = EnvironmentID(high: 1, low: 1)
    static let tenant = TenantID(high: 2, low: 1)
    static let otherTenant = TenantID(high: 2, low: 2)
    static let connection = ConnectionID(high: 3, low: 1)
    static let integration = IntegrationID(high: 4, low: 1)
    static let key = APIKeyID(high: 5, low: 1)
    static let otherKey = APIKeyID(high: 5, low: 2)
    static let secret = "upstream-secret-0123456789"

    let server: DataPlaneServer
    let port: Int
    let tokens: TokenTable
    let opening: FakeOpening
    let tokenEndpoint: FakeTokenEndpoint
    let announcements: FakeAnnouncements
    let audit: FakeAudit
    let clock: ManualClock
    let metrics: MetricRegistry

    /// Starts a server, runs the body, and shuts the server down gracefully.
    ///
    /// - Parameter lines: receives every line that is logged.
    @discardableResult
    static func with<R: Sendable>(
        _ configure: (inout DataPlaneConfiguration) -> Void = { _ in }, issuesTokens: Bool = true,
        keeping lines: LineKeeper? = nil, _ body: (Gate) async throws -> R
    ) async throws -> R {
        var configuration = DataPlaneConfiguration()
        configuration.timeouts.tick = .milliseconds(20)
        configuration.timeouts.drain = .seconds(5)
        configure(&configuration)
        let tokens = TokenTable()
        let opening = FakeOpening()
        let tokenEndpoint = FakeTokenEndpoint()
        let announcements = FakeAnnouncements()
        let audit = FakeAudit()
        let clock = ManualClock()
        let metrics = MetricRegistry()
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        if let lines { logger = lines.logger }
        let server = DataPlaneServer(
            configuration: configuration,
            dependencies: DataPlaneDependencies(
                makeTokenLookup: { FakeLookup(tokens) }, opening: opening,
                callerTokens: issuesTokens ? tokenEndpoint : nil, announcements: announcements, audit: audit,
                clock: clock, identifiers: IdentifierSource(clock: clock, random: SystemRandomSource()),
                metrics: metrics, logger: logger))
        tokens.set("good", token())
        tokens.set("other", token(tenant: otherTenant, key: otherKey))
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: server)], logger: logger))
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(try await server.boundAddress().port)
            let gate = Gate(
                server: server, port: port, tokens: tokens, opening: opening, tokenEndpoint: tokenEndpoint,
                announcements: announcements, audit: audit,
                clock: clock, metrics: metrics)
            let outcome: Result<R, any Error>
            do {
                outcome = .success(try await body(gate))
            } catch {
                outcome = .failure(error)
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return try outcome.get()
        }
    }

    static func token(
        tenant: TenantID? = tenant, environment: EnvironmentID = environment, key: APIKeyID = key,
        permissions: PermissionSet = [.proxy, .fetchTokens], restriction: CallerRestriction? = nil,
        expiresAt: Timestamp = Timestamp(seconds: 1_800_000_300)
    ) -> VerifiedCallerToken {
        VerifiedCallerToken(
            principal: Principal(
                identity: .callerToken("jti", key), environmentID: environment, tenantID: tenant,
                permissions: permissions, restriction: restriction),
            expiresAt: expiresAt, jti: "jti", apiKeyID: key, kid: "kid")
    }

    static func usable(
        port: Int, id: ConnectionID = connection, scheme: String = "http", host: String = "127.0.0.1",
        path: String = "",
        secret: String = secret, headers: [(name: String, value: String)]? = nil,
        query: [(name: String, value: String)] = [], certificates: String? = nil, refreshable: Bool = false,
        csrf: CSRFHandshake? = nil, fetchable: Bool = true, until: Timestamp? = nil, tokenSetVersion: Int64 = 1,
        networks: [String] = ["127.0.0.0/8"], plainHTTP: Bool = true
    ) throws -> UsableConnection {
        let origin = try #require(Origin("\(scheme)://\(host):\(port)\(path)"))
        let injected = headers ?? [(name: "authorization", value: "Bearer \(secret)")]
        return UsableConnection(
            id: id, scope: TenantScope(environmentID: environment, tenantID: tenant), integrationID: integration,
            origin: origin,
            destination: DestinationPolicy(allowedNetworks: networks.compactMap(CIDR.init), allowsPlainHTTP: plainHTTP),
            trustedCertificates: certificates,
            injection: PreparedInjection(
                headers: injected.map { ($0.name, SecretBytes(utf8: $0.value)) },
                query: query.map { ($0.name, SecretBytes(utf8: $0.value)) }),
            fetchableToken: fetchable
                ? FetchableToken(
                    accessToken: SecretBytes(utf8: secret), tokenType: "Bearer",
                    expiresAt: Timestamp(seconds: 1_800_003_600)) : nil,
            isRefreshable: refreshable, csrf: csrf, usableUntil: until,
            generation: .init(connectionVersion: 1, tokenSetVersion: tokenSetVersion))
    }

    func connect() async throws -> RawPeer { try await Sockets.connect(to: port) }

    /// One request on a connection of its own.
    func ask(
        _ method: String = "GET", _ path: String = "/a", connection: ConnectionID = Gate.connection,
        token: String? = "good", headers: String = "", body: String = ""
    ) async throws -> Message {
        try await send(method, "/proxy/\(connection)\(path)", token: token, headers: headers, body: body)
    }

    func send(
        _ method: String, _ target: String, token: String? = "good", headers: String = "", body: String = ""
    ) async throws -> Message {
        let peer = try await connect()
        defer { peer.close() }
        let authorization = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
        peer.send("\(method) \(target) HTTP/1.1\r\nHost: x\r\n\(authorization)\(headers)\(length)\r\n\(body)")
        return try await peer.message(isAnswerToHead: method == "HEAD")
    }
}
