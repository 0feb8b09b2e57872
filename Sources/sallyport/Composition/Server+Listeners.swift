import Vault
import Store
import Connections
import Domain
import Edge
import Identity
import Proxy
import ServiceLifecycle
import Sodium

#if canImport(Glibc)
    import Glibc
#endif

extension Server {
    /// `https://host:port` of a listener as callers on this machine reach it.
    static func url(_ name: String, _ settings: Settings, port: Int, secure: Bool) -> String {
        let host = settings.text("\(name).host") ?? "127.0.0.1"
        let reachable = ["0.0.0.0", "::"].contains(host) ? "127.0.0.1" : host
        let bracketed = reachable.contains(":") ? "[\(reachable)]" : reachable
        return "\(secure ? "https" : "http")://\(bracketed):\(port)"
    }

    /// What stands in `iss` of caller tokens.
    static func issuer(_ settings: Settings, secure: Bool) throws(SettingsError) -> String {
        if let issuer = settings.text("tokens.issuer") {
            guard let url = URLParts(issuer), url.query == nil, !issuer.hasSuffix("/") else {
                throw .refused("tokens.issuer is an absolute URL without a query and without a slash at its end")
            }
            return issuer
        }
        let port = settings.integer("control.port")
        guard port != 0 else { throw .refused("tokens.issuer is needed where control.port is 0") }
        return url("control", settings, port: port, secure: secure)
    }

    func dataPlane(
        _ certificates: ListenerCertificates, issuer: String, issuing: TokenIssuing
    ) -> DataPlaneServer {
        let settings = installation.settings
        let threads = settings.integer("data.threads")
        let bodyLimit = settings.bytes("limits.max_proxy_body_bytes")
        var timeouts = DataPlaneTimeouts()
        timeouts.head = settings.duration("timeouts.header")
        timeouts.keepAlive = settings.duration("timeouts.idle")
        timeouts.opening = settings.duration("timeouts.request")
        timeouts.upstreamHead = settings.duration("timeouts.upstream")
        timeouts.drain = settings.duration("timeouts.drain")
        let tls = certificates.data
        let configuration = DataPlaneConfiguration(
            host: settings.text("data.host") ?? "127.0.0.1", port: settings.integer("data.port"),
            threads: threads == 0 ? max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) : threads,
            maxRequestBodyBytes: bodyLimit == 0 ? nil : bodyLimit,
            maxConnections: settings.integer("limits.max_connections"), timeouts: timeouts,
            tlsContext: { tls?.context })
        let verifier = CallerTokenVerifier(
            issuer: issuer, keys: installation.signingKeys, revocations: installation.revocations)
        let dependencies = DataPlaneDependencies(
            makeTokenLookup: { CachedCallerTokens(verifier: verifier, capacity: 16_384) }, opening: installation.opener,
            callerTokens: DataPlaneTokens(issuing),
            announcements: installation.stores.announcements, audit: installation.audit,
            clock: installation.clock, identifiers: installation.identifiers, metrics: installation.metrics,
            logger: installation.logger)
        return DataPlaneServer(configuration: configuration, dependencies: dependencies)
    }

    func controlPlane(
        _ certificates: ListenerCertificates, issuer: String, issuing: TokenIssuing,
        onListening: @escaping @Sendable (Int) async -> Void
    ) throws(CommandFailure) -> any Service {
        let settings = installation.settings
        var tls: ControlPlaneConfiguration.TLSContext?
        if let pair = certificates.control { tls = { pair.context } }
        let limits = ControlPlaneLimits(
            maxBodyBytes: settings.bytes("limits.max_body_bytes"), headTimeout: settings.duration("timeouts.header"),
            bodyTimeout: settings.duration("timeouts.header"),
            requestTimeout: settings.duration("timeouts.request"), idleTimeout: settings.duration("timeouts.idle"),
            maxConnections: settings.integer("limits.max_connections"))
        let configuration = ControlPlaneConfiguration(
            host: settings.text("control.host") ?? "127.0.0.1", port: settings.integer("control.port"),
            limits: limits, tls: tls)
        return ControlPlane.application(
            try services(issuer: issuer, issuing: issuing), configuration: configuration, logger: installation.logger,
            onListening: onListening)
    }

    private func services(issuer: String, issuing: TokenIssuing) throws(CommandFailure) -> ControlPlaneServices {
        guard let key = installation.rootKey.derive(.listCursors), let cursors = try? CursorCodec(key: key) else {
            throw CommandFailure(.internalFault, "the key of list cursors can't be derived")
        }
        return ControlPlaneServices(
            tenants: installation.tenants, integrations: installation.integrations,
            connections: installation.connections, apiKeys: installation.apiKeys,
            audit: AuditReading(gate: installation.gate),
            providers: ProviderListing(gate: installation.gate, catalogue: installation.catalogue),
            authenticator: issuing.authenticator, tokens: issuing.granting,
            issuer: issuer,
            signingKeys: installation.signingKeys, cursors: cursors, metrics: installation.metrics,
            readiness: { [installation] in await installation.readiness() })
    }
}

extension Installation {
    /// Asks the database; the root key was read at start, or there would be no instance.
    func readiness() async -> Readiness {
        do throws(StoreError) {
            _ = try await stores.environments.list()
            return Readiness(database: true, rootKey: true)
        } catch {
            return Readiness(database: false, rootKey: true)
        }
    }
}
