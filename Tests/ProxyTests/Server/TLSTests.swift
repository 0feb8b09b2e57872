import Connections
import Domain
import NIOCore
import NIOSSL
import Synchronization
import Testing

@testable import Proxy

@Suite("TLS on both sides")
struct TLSTests {
    @Test(arguments: ["localhost", "127.0.0.1"])
    func `verifies the upstream by the connection's own authority`(_ host: String) async throws {
        let (upstream, recorded) = try await Upstream.answering(tls: TestCertificates.serverContext()) { _ in
            ok("over TLS")
        }
        try await Gate.with { gate in
            gate.opening.put(try usable(upstream.port, host, TestCertificates.authority))
            for _ in 0..<3 { #expect(try await gate.ask().body == "over TLS") }
            #expect(upstream.acceptedCount == 1)
            #expect(recorded.last?["host"] == "\(host):\(upstream.port)")
        }
        try await upstream.stop()
    }

    private func usable(_ port: Int, _ host: String, _ certificates: String?) throws -> UsableConnection {
        try Gate.usable(
            port: port, scheme: "https", host: host, certificates: certificates, networks: ["127.0.0.0/8", "::1/128"],
            plainHTTP: false)
    }

    @Test func `trusts no other authority`() async throws {
        let (upstream, recorded) = try await Upstream.answering(tls: TestCertificates.serverContext()) { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(try usable(upstream.port, "localhost", nil))
            let answer = try await gate.ask()
            #expect(answer.status == 502)
            #expect(answer.body.contains("upstream_tls_failed"))
            #expect(recorded.all.isEmpty)
        }
        try await upstream.stop()
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func `refuses a certificate of another name`(_ host: String) async throws {
        let context = try TestCertificates.serverContext(TestCertificates.wrong, TestCertificates.wrongKey)
        let (upstream, recorded) = try await Upstream.answering(tls: context) { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(try usable(upstream.port, host, TestCertificates.authority))
            #expect(try await gate.ask().body.contains("upstream_tls_failed"))
            #expect(recorded.all.isEmpty)
        }
        try await upstream.stop()
    }

    @Test func `refuses TLS before 1.2`() async throws {
        let context = try TestCertificates.serverContext(maximum: .tlsv11)
        let (upstream, recorded) = try await Upstream.answering(tls: context) { _ in ok() }
        try await Gate.with { gate in
            gate.opening.put(try usable(upstream.port, "localhost", TestCertificates.authority))
            #expect(try await gate.ask().body.contains("upstream_tls_failed"))
            #expect(recorded.all.isEmpty)
        }
        try await upstream.stop()
    }

    @Test func `says so when the upstream speaks no TLS`() async throws {
        let upstream = try await Upstream.start { peer in
            _ = try await peer.take(count: 5)
            peer.send("HTTP/1.1 400 Bad Request\r\n\r\n")
            peer.close()
        }
        try await Gate.with { gate in
            gate.opening.put(try usable(upstream.port, "localhost", TestCertificates.authority))
            #expect(try await gate.ask().body.contains("upstream_tls_failed"))
        }
        try await upstream.stop()
    }

    @Test func `serves callers over TLS, with the certificate of the moment`() async throws {
        let (upstream, _) = try await Upstream.answering { ok($0.body) }
        let provider = Provider(try TestCertificates.serverContext(TestCertificates.wrong, TestCertificates.wrongKey))
        try await Gate.with({ $0.tlsContext = { provider.current } }) { gate in
            gate.opening.put(try Gate.usable(port: upstream.port))
            let request =
                "POST /proxy/\(Gate.connection)/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\nContent-Length: 3\r\n\r\nabc"
            let client = try TestCertificates.clientContext()
            let refusing = try await Sockets.connect(to: gate.port, tls: client, serverName: "localhost")
            refusing.send(request)
            #expect(try await refusing.takeToEnd() == "")
            provider.set(try TestCertificates.serverContext())
            let peer = try await Sockets.connect(to: gate.port, tls: client, serverName: "localhost")
            for _ in 0..<3 {
                peer.send(request)
                #expect(try await peer.message().body == "abc")
            }
            let plain = try await gate.connect()
            plain.send("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await plain.takeToEnd().contains("HTTP") == false)
            for peer in [refusing, peer, plain] { peer.close() }
        }
        try await upstream.stop()
    }

    private final class Provider: Sendable {
        private let context: Mutex<NIOSSLContext>
        init(_ context: NIOSSLContext) { self.context = Mutex(context) }
        var current: NIOSSLContext { context.withLock { $0 } }
        func set(_ new: NIOSSLContext) { context.withLock { $0 = new } }
    }
}
