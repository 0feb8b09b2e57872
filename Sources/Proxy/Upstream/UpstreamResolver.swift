internal import Domain
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// Where an upstream connection may go, ready to connect.
struct UpstreamDestination: Sendable {
    /// At least one, each permitted by the destination policy.
    let addresses: [SocketAddress]
    /// Nil for plain HTTP.
    let tls: NIOSSLContext?
}

/// Resolves names, checks every address against the destination policy, and builds TLS contexts: what may block, off the
/// event loops on a small pool.
final class UpstreamResolver: Sendable {
    /// Look-ups under way or waiting for a thread.
    private static let maxInFlight = 256
    private static let maxContexts = 256

    private let pool: NIOThreadPool
    private let inFlight = Atomic<Int>(0)
    private let contexts = Mutex<[String: NIOSSLContext]>([:])

    /// More than one or two, so that a name server that doesn't answer for one tenant's host holds nobody else up.
    init(threads: Int = 8) {
        pool = NIOThreadPool(numberOfThreads: threads)
    }

    func start() { pool.start() }

    func stop() async throws { try await pool.shutdownGracefully() }

    /// Answers on the given loop.
    ///
    /// - Parameters:
    ///   - certificates: PEM, trusted besides the system's.
    func destination(
        of origin: Origin, policy: DestinationPolicy, certificates: String?, on eventLoop: any EventLoop
    ) -> EventLoopFuture<Result<UpstreamDestination, DataPlaneProblem>> {
        guard origin.scheme == .https || policy.allowsPlainHTTP else {
            return eventLoop.makeSucceededFuture(.failure(.destinationRefused))
        }
        guard inFlight.wrappingAdd(1, ordering: .relaxed).newValue <= Self.maxInFlight else {
            inFlight.wrappingSubtract(1, ordering: .relaxed)
            return eventLoop.makeSucceededFuture(.failure(.overloaded))
        }
        let work = pool.runIfActive(eventLoop: eventLoop) {
            let answer = self.resolve(origin, policy, certificates)
            self.inFlight.wrappingSubtract(1, ordering: .relaxed)
            return answer
        }
        // Fails only while the pool shuts down.
        return work.recover { _ in .failure(.overloaded) }
    }

    private func resolve(
        _ origin: Origin, _ policy: DestinationPolicy, _ certificates: String?
    ) -> Result<UpstreamDestination, DataPlaneProblem> {
        let found = IPAddress(origin.host).map { [$0] } ?? AddressLookup.addresses(of: origin.host)
        guard !found.isEmpty else { return .failure(.upstreamUnresolvable) }
        let addresses = found.filter(policy.permits).compactMap { address in
            // Text made from an address parses again; what doesn't is left out.
            try? SocketAddress(ipAddress: address.description, port: Int(origin.port))
        }
        guard !addresses.isEmpty else { return .failure(.destinationRefused) }
        guard origin.scheme == .https else { return .success(UpstreamDestination(addresses: addresses, tls: nil)) }
        guard let tls = context(certificates) else { return .failure(.upstreamTLSFailed) }
        return .success(UpstreamDestination(addresses: addresses, tls: tls))
    }

    private func context(_ certificates: String?) -> NIOSSLContext? {
        let key = certificates ?? ""
        if let known = contexts.withLock({ $0[key] }) { return known }
        // The reason is of no use to a caller: the certificates were checked when they were stored.
        guard let made = try? Self.makeContext(certificates) else { return nil }
        contexts.withLock { contexts in
            if contexts.count >= Self.maxContexts { contexts.removeAll() }
            contexts[key] = made
        }
        return made
    }

    private static func makeContext(_ certificates: String?) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.certificateVerification = .fullVerification
        configuration.applicationProtocols = ["http/1.1"]
        if let certificates {
            let parsed = try NIOSSLCertificate.fromPEMBytes(Array(certificates.utf8))
            configuration.additionalTrustRoots = [.certificates(parsed)]
        }
        return try NIOSSLContext(configuration: configuration)
    }
}
