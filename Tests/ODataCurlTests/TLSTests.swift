import HTTPTypes
import OData
import ODataCurl
import Testing

@Suite("The password of a certificate's key")
struct KeyPasswordTests {
    @Test func `it is in no text of the options`() {
        let certificate = CurlOptions.ClientCertificate(certificateFile: "a.crt", keyPassword: "sesame")
        var options = CurlOptions()
        options.clientCertificate = certificate
        var text = "\(certificate) \(options) \(String(reflecting: options))"
        dump(options, to: &text)
        #expect(!text.contains("sesame") && text.contains("a.crt"))
    }
}

@Suite("libcurl's transport over TLS", .timeLimit(.minutes(1)))
struct CurlTLSTests {
    private static func with(_ body: (CurlTLSPeer) async throws -> Void) async throws {
        let peer = try CurlTLSPeer()
        do {
            // A program that starts tells nobody when it listens, so this asks.
            var options = CurlOptions()
            options.caFile = peer.file("ca.crt")
            while await answer(options, peer.port) == .failure(.unreachable) { await Task.yield() }
            try await body(peer)
        } catch {
            peer.stop()
            throw error
        }
        peer.stop()
    }

    private static func answer(
        _ options: CurlOptions, _ port: Int, host: String = "127.0.0.1"
    ) async -> Result<String, TransportError> {
        guard let transport = try? CurlTransport(options: options) else { return .failure(.overloaded) }
        let head = HTTPRequest(method: .get, scheme: "https", authority: "\(host):\(port)", path: "/")
        let result: Result<String, TransportError>
        do throws(TransportError) {
            let response = try await transport.send(head, body: nil, deadline: CurlFixture.soon)
            var bytes: [UInt8] = []
            for try await chunk in response.body { bytes += chunk }
            result = .success("\(response.head.status.code) " + String(decoding: bytes, as: UTF8.self))
        } catch {
            result = .failure(error)
        }
        await transport.shutdown()
        return result
    }

    @Test
    func `a certificate is checked against the authorities that are given, and HTTP/2 is spoken if it is offered`()
        async throws
    {
        try await Self.with { peer in
            var options = CurlOptions()
            #expect(await Self.answer(options, peer.port) == .failure(.untrusted))
            options.caFile = peer.file("stranger.crt")
            #expect(await Self.answer(options, peer.port) == .failure(.untrusted))
            options.caFile = peer.file("missing.crt")
            #expect(await Self.answer(options, peer.port) == .failure(.untrusted))
            options.caFile = nil
            #expect(await Self.answer(options, peer.port) == .failure(.untrusted))
            options.caFile = peer.file("ca.crt")
            #expect(await Self.answer(options, peer.port) == .success("200 HTTP/2.0 "))
            #expect(await Self.answer(options, peer.port, host: "localhost") == .failure(.untrusted))
            options.offersHTTP2 = false
            #expect(await Self.answer(options, peer.port) == .success("200 HTTP/1.1 "))
        }
    }

    @Test func `a client certificate is shown where one is wanted`() async throws {
        try await Self.with { peer in
            var options = CurlOptions()
            options.caFile = peer.file("ca.crt")
            if case .success(let text) = await Self.answer(options, peer.clientPort) { #expect(text.hasPrefix("400 ")) }
            options.clientCertificate = .init(
                certificateFile: peer.file("client.crt"), keyFile: peer.file("client.key"), keyPassword: "sesame")
            #expect(await Self.answer(options, peer.clientPort) == .success("200 HTTP/2.0 CN=client"))
            options.clientCertificate = .init(
                certificateFile: peer.file("client.crt"), keyFile: peer.file("client.key"), keyPassword: "wrong")
            #expect(await Self.answer(options, peer.clientPort) == .failure(.untrusted))
            #expect(!"\(options)".contains("wrong"))
        }
    }
}
