import Domain
import OpenSSLCrypto
import OutboundHTTP

/// Whether calls to the outside can be verified: the system's authorities, and hosts that the operator names.
struct OutboundChecks: Sendable {
    static let systemCertificates = "/etc/ssl/certs/ca-certificates.crt"
    let urls: [String]

    func run() async -> [Finding] {
        var findings = [authorities()]
        guard !urls.isEmpty else { return findings }
        do {
            let client = try CurlClient()
            try client.start()
            for url in urls { findings.append(await reach(url, client)) }
            await client.shutdown(within: .seconds(1))
        } catch {
            findings.append(
                .failed(
                    "outbound TLS", "the client can't be started (\(error))", mend: "libcurl 7.88 or later is needed"))
        }
        return findings
    }

    private func authorities() -> Finding {
        do {
            let count = Self.certificates(in: try TextFile.read(Self.systemCertificates, limit: 8 << 20))
            if count > 0 { return .ok("outbound TLS", "\(count) authorities in \(Self.systemCertificates)") }
        } catch {}  // A file that can't be read holds none for us.
        return .failed(
            "outbound TLS", "no authorities in \(Self.systemCertificates): no https call can be verified",
            mend: "apt-get install ca-certificates")
    }

    /// How many readable certificates a bundle holds. One by one: it is longer than any chain that is read at once.
    private static func certificates(in bundle: String) -> Int {
        let end = "-----END CERTIFICATE-----"
        // An unreadable one is passed over, as TLS does.
        return bundle.split(separator: end).count { (try? CertificateInfo.chain(pem: $0 + end + "\n")) != nil }
    }

    private func reach(_ text: String, _ client: CurlClient) async -> Finding {
        guard let url = URLParts(text) else {
            return .failed("outbound TLS", "not a URL: \(text.prefix(80))", mend: "--probe https://host")
        }
        switch await client.probe(url) {
        case .answered(let status): return .ok("outbound TLS", "\(url.host) answers (\(status))")
        case .failed(let error):
            return .failed(
                "outbound TLS", "\(url.host) can't be reached (\(error))",
                mend: "check name resolution, firewall and, behind a TLS-inspecting proxy, the system's authorities")
        }
    }
}
