import Glibc
import StrictJSON
import TestSupport
import Testing

extension EndToEnd {
    @Suite("TLS on both listeners, and plain HTTP only where it is harmless or asked for")
    struct TLSTests {
        @Test func `SIGHUP brings new certificates to new connections, and open ones live on`() async throws {
            try await Site.with { site in
                let pair = CertificatePair(directory: site.directory)
                try await pair.make("first")
                let files = [
                    "control.tls.certificate_file": pair.certificate, "control.tls.key_file": pair.key,
                    "data.tls.certificate_file": pair.certificate, "data.tls.key_file": pair.key,
                ]
                let instance = try site.launch(files)
                defer { instance.process.kill(SIGKILL) }
                try await Self.waitForTLS(instance)
                for port in [instance.control, instance.data] {
                    #expect(try await Self.subject(port) == "first")
                    let plain = try await WireHTTP.exchange(
                        WireHTTP.request("GET", "/health/live"), port: port, within: .seconds(20))
                    #expect(
                        plain == nil || plain?.status == 400,
                        "plain HTTP on a TLS listener: \(String(describing: plain))")
                }
                let open = try [instance.control, instance.data].map { try OpenTLS(port: $0) }
                for connection in open { try await connection.expectAnswer(number: 1) }

                try await pair.make("second")
                instance.process.kill(SIGHUP)
                for port in [instance.control, instance.data] {
                    try await eventually(within: .seconds(20)) { try await Self.subject(port) == "second" }
                }
                for connection in open { try await connection.expectAnswer(number: 2) }

                try TextFiles.write("no certificate", to: pair.certificate)
                instance.process.kill(SIGHUP)
                try await eventually(within: .seconds(20)) {
                    instance.process.errors.contains("certificates can't be read again")
                }
                for port in [instance.control, instance.data] { #expect(try await Self.subject(port) == "second") }
                for connection in open { try await connection.expectAnswer(number: 3) }
            }
        }

        @Test func `old TLS versions are refused`() async throws {
            try await Site.with { site in
                let pair = CertificatePair(directory: site.directory)
                try await pair.make("name")
                let instance = try site.launch([
                    "control.tls.certificate_file": pair.certificate, "control.tls.key_file": pair.key,
                    "data.tls.certificate_file": pair.certificate, "data.tls.key_file": pair.key,
                ])
                defer { instance.process.kill(SIGKILL) }
                try await Self.waitForTLS(instance)
                for port in [instance.control, instance.data] {
                    let old = try await TestProcess.run(
                        "openssl",
                        ["s_client", "-connect", "127.0.0.1:\(port)", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
                    #expect(old.status != 0, "TLS 1.1 was spoken: \(old)")
                    let known = try await TestProcess.run(
                        "openssl", ["s_client", "-connect", "127.0.0.1:\(port)", "-tls1_2"])
                    #expect(known.status == 0, "\(known)")
                }
            }
        }

        @Test(arguments: ["control", "data"])
        func `plain HTTP on every address is refused at start`(listener: String) async throws {
            try await Site.with { site in
                let instance = try site.launch(["\(listener).host": "0.0.0.0"])
                defer { instance.process.kill(SIGKILL) }
                #expect(try await instance.process.exitStatus() == 78)
                #expect(instance.process.errors.contains("\(listener).tls.certificate_file"))
            }
        }

        @Test func `unless it is allowed`() async throws {
            try await Site.with { site in
                let allowed = [
                    "control.host": "0.0.0.0", "control.allow_plain_http": "true", "data.host": "0.0.0.0",
                    "data.allow_plain_http": "true",
                ]
                try await site.serving(allowed) { instance in
                    let status = try await instance.status(of: "/health/live", port: instance.control)
                    #expect(status == 200)
                }
            }
        }

        @Test func `a certificate that can't be used ends the start`() async throws {
            try await Site.with { site in
                let pair = CertificatePair(directory: site.directory)
                try await pair.make("a")
                let other = CertificatePair(directory: site.directory, name: "other")
                try await other.make("b")
                for (certificate, key) in [
                    (pair.certificate, "/nowhere"), ("/nowhere", pair.key), (pair.certificate, other.key),
                    (pair.key, pair.key),
                ] {
                    let instance = try site.launch([
                        "control.tls.certificate_file": certificate, "control.tls.key_file": key,
                    ])
                    defer { instance.process.kill(SIGKILL) }
                    #expect(try await instance.process.exitStatus() == 78, "\(certificate), \(key)")
                }
            }
        }

        private static func waitForTLS(_ instance: Instance) async throws {
            try await eventually(within: .seconds(60)) {
                guard instance.process.running() else { throw ProcessFailure(instance.process.errors) }
                guard try await Self.subject(instance.control) != nil else { return false }
                return try await Self.subject(instance.data) != nil
            }
        }

        /// The common name of the certificate that a new handshake shows.
        private static func subject(_ port: Int) async throws -> String? {
            let ending = try await TestProcess.run(
                "openssl", ["s_client", "-connect", "127.0.0.1:\(port)", "-showcerts"], within: .seconds(20))
            return ending.output.firstMatch(of: #/subject=.*?CN ?= ?(\w+)/#).map { String($0.output.1) }
        }
    }
}

/// A self-signed certificate and its key, made by OpenSSL's program.
struct CertificatePair: Sendable {
    let certificate: String
    let key: String

    init(directory: String, name: String = "server") {
        certificate = "\(directory)/\(name).crt"
        key = "\(directory)/\(name).key"
    }

    func make(_ commonName: String) async throws {
        let ending = try await TestProcess.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                "-subj", "/CN=\(commonName)", "-keyout", key, "-out", certificate,
            ])
        guard ending.status == 0 else { throw ProcessFailure("openssl req: \(ending)") }
        TextFiles.setMode(key, 0o600)
    }
}

/// A TLS connection that stays open between requests.
private struct OpenTLS {
    let process: TestProcess

    init(port: Int) throws {
        process = try TestProcess("openssl", ["s_client", "-quiet", "-connect", "127.0.0.1:\(port)"], input: .pipe)
    }

    /// Sends a request and waits for the answer of that number on this connection.
    func expectAnswer(number: Int) async throws {
        process.write("GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        try await eventually(within: .seconds(20)) {
            guard process.running() else { throw ProcessFailure("the connection ended: \(process.errors)") }
            return process.output.split(separator: "HTTP/1.1 200", omittingEmptySubsequences: false).count == number + 1
        }
    }
}
