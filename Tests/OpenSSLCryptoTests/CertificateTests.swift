import Foundation
import OpenSSLCrypto
import Sodium
import Testing

@Suite("Reading certificates (RFC 5280)")
struct CertificateTests {
    private let key: String
    private let certificate: String

    init() throws {
        key = try OpenSSLProgram.run(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"])
        certificate = try Self.selfSigned(
            key: key, subject: "/O=Sally, Port/CN=sally.example",
            names: "DNS:sally.example,DNS:*.sally.example,IP:192.0.2.7,IP:2001:db8::7,email:a@b.example")
    }

    private static func selfSigned(key: String, subject: String, names: String) throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: "key-\(UUID().uuidString).pem")
        try key.write(to: file, atomically: true, encoding: .utf8)
        // A file that stays is in the system's temporary directory.
        defer { try? FileManager.default.removeItem(at: file) }
        return try OpenSSLProgram.run([
            "req", "-x509", "-key", file.path(percentEncoded: false), "-days", "90", "-subj", subject, "-addext",
            "subjectAltName=\(names)",
        ])
    }

    @Test func `tells names, times and fingerprint of a leaf`() throws {
        let info = try #require(try CertificateInfo.chain(pem: certificate).first)
        #expect(info.subject == "CN=sally.example,O=Sally\\, Port")
        #expect(info.issuer == info.subject)
        #expect(info.dnsNames == ["sally.example", "*.sally.example"])
        #expect(info.addresses == [[192, 0, 2, 7], [0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]])
        #expect(info.notAfter - info.notBefore == 90 * 86_400)
        #expect(abs(info.notBefore - Int64(Date().timeIntervalSince1970)) < 3600)
        let lines = certificate.split(separator: "\n").filter { !$0.hasPrefix("-----") }
        let der = try #require(Data(base64Encoded: lines.joined()))
        #expect(info.fingerprint == SHA256.hash(Array(der)))
    }

    @Test func `reads a chain in its order and passes over a key between`() throws {
        let other = try Self.selfSigned(key: key, subject: "/CN=second", names: "DNS:second.example")
        let chain = try CertificateInfo.chain(pem: certificate + key + other)
        #expect(chain.map(\.dnsNames.first) == ["sally.example", "second.example"])
    }

    @Test func `refuses a text without a certificate, a broken one and too many`() throws {
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        let cut = String(certificate.prefix(200))
        for pem in ["", "x", key, broken, cut, certificate + broken, String(repeating: certificate, count: 40)] {
            #expect(throws: OpenSSLError.malformed) { try CertificateInfo.chain(pem: pem) }
        }
    }

    @Test func `knows whether a key belongs to a certificate`() throws {
        let stranger = try OpenSSLProgram.run(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"])
        let rsa = try OpenSSLProgram.run(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
        #expect(try PrivateKeyPEM(SecretBytes(utf8: key)).matches(certificatePEM: certificate))
        #expect(try !PrivateKeyPEM(SecretBytes(utf8: stranger)).matches(certificatePEM: certificate))
        #expect(try !PrivateKeyPEM(SecretBytes(utf8: rsa)).matches(certificatePEM: certificate))
        #expect(throws: OpenSSLError.malformed) { try PrivateKeyPEM(SecretBytes(utf8: "x")) }
        #expect(throws: OpenSSLError.malformed) {
            try PrivateKeyPEM(SecretBytes(utf8: key)).matches(certificatePEM: "x")
        }
    }
}
