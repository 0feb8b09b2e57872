import Connections
import Domain
import Sodium

/// Connections to places where nothing listens.
enum UsableConnectionMaker {
    static func to(_ host: String, networks: [String]) -> UsableConnection {
        UsableConnection(
            id: Gate.connection, scope: TenantScope(environmentID: Gate.environment, tenantID: Gate.tenant),
            integrationID: Gate.integration, origin: Origin(scheme: .http, host: host, port: 9, basePath: ""),
            destination: DestinationPolicy(allowedNetworks: networks.compactMap(CIDR.init), allowsPlainHTTP: true),
            trustedCertificates: nil, injection: PreparedInjection(headers: []), fetchableToken: nil,
            isRefreshable: false, csrf: nil, usableUntil: nil,
            generation: .init(connectionVersion: 1, tokenSetVersion: 1))
    }
}
