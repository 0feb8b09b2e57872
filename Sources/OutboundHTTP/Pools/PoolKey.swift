internal import Domain

/// What two requests must agree on before one may use a connection of the other.
struct PoolKey: Hashable, Sendable {
    let caller: String
    /// Addresses are checked when a connection is opened, so a connection serves only the policy that it was checked by.
    let destination: DestinationPolicy
    let trustedCertificates: String?

    init(_ request: OutboundRequest) {
        caller = request.poolKey
        destination = request.destination
        trustedCertificates = request.trustedCertificates
    }
}
