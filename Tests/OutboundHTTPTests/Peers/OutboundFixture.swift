import Domain
import Foundation
import Glibc
import OutboundHTTP
import Sodium
import Testing

/// Ambient settings that libcurl reads by default, all pointing at a server that no test may reach. Set before the first
/// client, for the whole run.
enum HostileEnvironment {
    static let trap = Result { try makeTrap() }
    private static let home = Result { try TemporaryDirectory(isShared: true) }

    private static func makeTrap() throws -> RawServer {
        let server = try RawServer { $0.answer("proxied") }
        let home = try home.get()
        try home.write("machine 127.0.0.1 login ambient password ambient\n", to: ".netrc")
        try home.write("proxy = http://127.0.0.1:\(server.port)\n", to: ".curlrc")
        for name in ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            unsafe setenv(name, "http://127.0.0.1:\(server.port)", 1)
        }
        unsafe setenv("HOME", home.url.path(percentEncoded: false), 1)
        return server
    }
}

extension DestinationPolicy {
    static let loopback = DestinationPolicy(
        allowedNetworks: ["127.0.0.0/8", "::1/128"].compactMap { CIDR($0) }, allowsPlainHTTP: true)
}

extension OutboundRequest {
    static func to(
        _ url: String, _ method: Method = .get, headers: [(name: String, value: HeaderValue)] = [], body: String? = nil,
        destination: DestinationPolicy = .loopback, poolKey: String = "one", trusting: String? = nil,
        timeout: Duration = .seconds(10), maxBodyBytes: Int = 1 << 20
    ) throws -> OutboundRequest {
        OutboundRequest(
            method: method, url: try #require(URLParts(url)), headers: headers,
            body: body.map { SecretBytes(utf8: $0) },
            destination: destination, poolKey: poolKey, trustedCertificates: trusting, timeout: timeout,
            maxBodyBytes: maxBodyBytes)
    }
}

extension OutboundResponse {
    var text: String? { body.revealUTF8(for: .test) }
}

/// Runs a test with a client that is shut down after it.
func withClient<R: Sendable>(
    _ limits: CurlLimits = CurlLimits(), systemCertificates: String = "/etc/ssl/certs/ca-certificates.crt",
    _ body: (CurlClient) async throws -> R
) async throws -> R {
    _ = try HostileEnvironment.trap.get()
    let client = try CurlClient(limits: limits, systemCertificates: systemCertificates)
    try client.start()
    do {
        let result = try await body(client)
        await client.shutdown(within: .zero)
        return result
    } catch {
        await client.shutdown(within: .zero)
        throw error
    }
}

/// The error of a request that must fail.
func failure(_ client: CurlClient, _ request: OutboundRequest) async -> OutboundError? {
    do throws(OutboundError) {
        _ = try await client.send(request)
        return nil
    } catch {
        return error
    }
}
