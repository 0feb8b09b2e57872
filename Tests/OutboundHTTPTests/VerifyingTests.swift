import Domain
import OutboundHTTP
import Testing

@Suite("Verifying the peer")
struct VerifyingTests {
    private let nginx: NginxServer
    private let certificates: TestCertificates

    init() throws {
        nginx = try NginxServer.shared.get()
        certificates = nginx.certificates
    }

    private func request(_ port: UInt16, host: String = "localhost", trusting: String?) throws -> OutboundRequest {
        try .to("https://\(host):\(port)/hello", trusting: trusting)
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func `accepts a certificate of an authority that the request trusts besides the system's`(host: String) async throws
    {
        let request = try request(nginx.good, host: host, trusting: certificates.authority)
        #expect(try await withClient { try await $0.send(request) }.text == "hello")
    }

    @Test func `still trusts the system's authorities where others are added`() async throws {
        let system = certificates.directory.file("ca.crt")
        try await withClient(systemCertificates: system) { client async throws in
            #expect(try await client.send(request(nginx.good, trusting: nil)).status == 200)
            #expect(try await client.send(request(nginx.good, trusting: certificates.stranger)).status == 200)
            #expect(try await client.send(request(nginx.selfSigned, trusting: certificates.selfSigned)).status == 200)
        }
    }

    @Test func `refuses an unknown authority, a self-signed certificate, another name and an expired one`() async throws
    {
        try await withClient { client async throws in
            #expect(try await failure(client, request(nginx.good, trusting: nil)) == .tlsFailed)
            #expect(try await failure(client, request(nginx.good, trusting: certificates.stranger)) == .tlsFailed)
            #expect(try await failure(client, request(nginx.selfSigned, trusting: nil)) == .tlsFailed)
            #expect(try await failure(client, request(nginx.wrongName, trusting: certificates.authority)) == .tlsFailed)
            #expect(try await failure(client, request(nginx.expired, trusting: certificates.authority)) == .tlsFailed)
        }
    }

    @Test func `doesn't lend the trust of one request to the next with the same pool key`() async throws {
        try await withClient { client async throws in
            #expect(try await client.send(request(nginx.good, trusting: certificates.authority)).status == 200)
            #expect(try await failure(client, request(nginx.good, trusting: nil)) == .tlsFailed)
        }
    }

    @Test(arguments: ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
    func `refuses additional certificates that can't be read`(pem: String) async throws {
        let request = try request(nginx.good, trusting: pem)
        #expect(try await withClient { await failure($0, request) } == .invalidRequest)
    }

    @Test func `refuses a broken certificate after a good one`() async throws {
        let pem = certificates.authority + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        let request = try request(nginx.good, trusting: pem)
        #expect(try await withClient { await failure($0, request) } == .invalidRequest)
    }

    @Test(arguments: [("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)])
    func `speaks TLS 1.2 and newer only`(flag: String, isAccepted: Bool) async throws {
        let port = try freePort()
        let server = try ChildProcess(
            "/usr/bin/openssl",
            [
                "s_server", "-accept", "127.0.0.1:\(port)", "-cert", "good.crt", "-key", "good.key", "-www", "-quiet",
                flag,
                "-cipher", "DEFAULT@SECLEVEL=0",
            ], directory: certificates.directory.url)
        defer { withExtendedLifetime(server) {} }
        try waitUntilListening(on: port)
        let request = try request(port, trusting: certificates.authority)
        let error = try await withClient { await failure($0, request) }
        #expect(error == (isAccepted ? nil : .tlsFailed))
    }

    @Test func `takes plain HTTP on a TLS port for a failed handshake`() async throws {
        let server = try RawServer { connection in
            _ = connection.receive()
            connection.answer()
        }
        let request = try OutboundRequest.to(
            "https://127.0.0.1:\(server.port)/", headers: [("X-Key", .plain("canary"))])
        #expect(try await withClient { await failure($0, request) } == .tlsFailed)
    }

    @Test func `probes a host for the operator`() async throws {
        let url = try #require(URLParts("https://localhost:\(nginx.good)/hello"))
        try await withClient { client async throws in
            let good = await client.probe(url, destination: .loopback, trustedCertificates: certificates.authority)
            #expect(good == .answered(status: 200))
            #expect(await client.probe(url, destination: .loopback) == .failed(.tlsFailed))
            #expect(await client.probe(url) == .failed(.destinationRefused))
        }
    }
}
