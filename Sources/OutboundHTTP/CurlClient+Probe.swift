package import Domain

/// Whether a host can be reached over verified TLS, for a check at the operator's request.
package enum OutboundProbe: Equatable, Sendable {
    /// The peer answered, with whatever status: name, address, certificate and framing are in order.
    case answered(status: Int)
    case failed(OutboundError)
}

extension CurlClient {
    /// Asks for the head of a URL, through the same checks as every request.
    package func probe(
        _ url: URLParts, destination: DestinationPolicy = .publicHTTPSOnly, trustedCertificates: String? = nil,
        timeout: Duration = .seconds(5)
    ) async -> OutboundProbe {
        let request = OutboundRequest(
            method: .head, url: url, destination: destination, poolKey: "probe",
            trustedCertificates: trustedCertificates, timeout: timeout, maxBodyBytes: 0)
        do throws(OutboundError) {
            return .answered(status: try await send(request).status)
        } catch {
            return .failed(error)
        }
    }
}
