@testable import Edge
import Foundation
import NIOSSL
import Synchronization
import Testing

@Suite("TLS, with a certificate that can change while the service runs")
struct TLSTests {
    /// A self-signed certificate and its key, made by the openssl command.
    private static func makeContext(_ name: String, in folder: URL) async throws -> NIOSSLContext {
        let certificate = folder.appending(path: "\(name).pem").path
        let key = folder.appending(path: "\(name).key").path
        _ = try await run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
                "-subj",
                "/CN=\(name)", "-addext", "subjectAltName=DNS:\(name)", "-keyout", key, "-out", certificate,
            ])
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))))
    }

    /// What the command says; its exit status is not checked.
    private static func run(_ program: String, _ arguments: [String]) async throws -> String {
        try await RawHTTP.onThread {
            let process = Process()
            process.executableURL = URL(filePath: program)
            process.arguments = arguments
            let output = Pipe()
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            try process.run()
            let data = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return String(decoding: data, as: UTF8.self)
        }
    }

    /// Fetches over TLS and trusts exactly this certificate and its name.
    private static func fetch(_ rig: Rig, trusting name: String, in folder: URL) async throws -> String {
        try await run(
            "/usr/bin/curl",
            [
                "--silent", "--max-time", "10", "--noproxy", "*", "--cacert",
                folder.appending(path: "\(name).pem").path,
                "--resolve", "\(name):\(rig.port):127.0.0.1", "https://\(name):\(rig.port)/health/live",
            ])
    }

    @Test func `the next connection gets the new certificate, plain HTTP nothing`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "edge-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let current = CurrentContext(try await Self.makeContext("one.test", in: folder))
        try await Rig.run(tls: { current.value }) { rig in
            #expect(try await Self.fetch(rig, trusting: "one.test", in: folder) == #"{"status":"ok"}"#)
            current.set(try await Self.makeContext("two.test", in: folder))
            #expect(try await Self.fetch(rig, trusting: "two.test", in: folder) == #"{"status":"ok"}"#)
            #expect(try await Self.fetch(rig, trusting: "one.test", in: folder).isEmpty)
            let plain = try? await RawHTTP.exchange(
                Array("GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n".utf8), port: rig.port)
            #expect(plain?.status != 200)
            current.set(nil)
            #expect(try await Self.fetch(rig, trusting: "two.test", in: folder).isEmpty)
            current.set(try await Self.makeContext("three.test", in: folder))
            #expect(try await Self.fetch(rig, trusting: "three.test", in: folder) == #"{"status":"ok"}"#)
        }
    }
}

/// The certificate that the next connection gets.
private final class CurrentContext: Sendable {
    private let stored: Mutex<NIOSSLContext?>

    init(_ context: NIOSSLContext) { stored = Mutex(context) }

    var value: NIOSSLContext? { stored.withLock { $0 } }

    func set(_ context: NIOSSLContext?) { stored.withLock { $0 = context } }
}
