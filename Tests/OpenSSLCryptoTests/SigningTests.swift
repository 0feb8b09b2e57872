import Foundation
import OpenSSLCrypto
import Sodium
import Testing

@Suite("Signing as JOSE does (RFC 7518 §3.3, §3.4)")
struct SigningTests {
    private static let rsaModulus =
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
    private static let rsaSignature =
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
    private static let payload =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    private static let rsaInput = Array("eyJhbGciOiJSUzI1NiJ9.\(payload)".utf8)
    private static let ecInput = Array("eyJhbGciOiJFUzI1NiJ9.\(payload)".utf8)
    private static let ecSignature =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    private static let ecX = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
    private static let ecY = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
    private static let ecD = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"

    private static func bytes(_ text: String) throws -> [UInt8] { try #require(Base64URL.decode(text)) }

    private static func pem(_ label: String, _ der: [UInt8]) -> String {
        "-----BEGIN \(label)-----\n\(Data(der).base64EncodedString(options: .lineLength64Characters))\n-----END \(label)-----\n"
    }

    private static func rsaPublic() throws -> AsymmetricKey {
        let key = DER.sequence(DER.integer(try bytes(rsaModulus)), DER.integer([1, 0, 1]))
        return try AsymmetricKey(publicKeyPEM: pem("PUBLIC KEY", DER.sequence(DER.rsaEncryption, DER.bitString(key))))
    }

    /// The private exponent and the values that go with it, in the order of PKCS #1.
    private static let rsaSecrets = [
        "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ",
        "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",
        "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc",
        "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0",
        "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU",
        "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U",
    ]

    private static func rsaPrivate() throws -> AsymmetricKey {
        let secrets = try rsaSecrets.flatMap { DER.integer(try bytes($0)) }
        let head = DER.tagged(0x02, [0]) + DER.integer(try bytes(rsaModulus)) + DER.integer([1, 0, 1])
        return try AsymmetricKey(
            privateKeyPEM: SecretBytes(utf8: pem("RSA PRIVATE KEY", DER.tagged(0x30, head + secrets))))
    }

    @Test func `makes the published RSA signature, byte for byte (RFC 7515 A.2)`() throws {
        #expect(try Self.rsaPrivate().sign(Self.rsaInput) == Self.bytes(Self.rsaSignature))
    }

    private static func ecPublic() throws -> AsymmetricKey {
        let point = [4] + (try bytes(ecX)) + (try bytes(ecY))
        return try AsymmetricKey(publicKeyPEM: pem("PUBLIC KEY", DER.sequence(DER.p256, DER.bitString(point))))
    }

    private static func ecPrivate() throws -> AsymmetricKey {
        let point = [4] + (try bytes(ecX)) + (try bytes(ecY))
        let der = DER.sequence(
            DER.integer([1]), DER.tagged(0x04, try bytes(ecD)),
            DER.tagged(0xA0, [6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7]), DER.tagged(0xA1, DER.bitString(point)))
        return try AsymmetricKey(privateKeyPEM: SecretBytes(utf8: pem("EC PRIVATE KEY", der)))
    }

    @Test func `verifies the published RSA signature and no other (RFC 7515 A.2)`() throws {
        let key = try Self.rsaPublic()
        let signature = try Self.bytes(Self.rsaSignature)
        #expect(key.algorithm == .rs256 && !key.isPrivate)
        #expect(key.verify(signature, of: Self.rsaInput))
        #expect(!key.verify(signature, of: Self.ecInput))
        #expect(!key.verify(Array(signature.dropLast()), of: Self.rsaInput))
        #expect(!key.verify([0] + signature, of: Self.rsaInput))
        #expect(!key.verify([], of: Self.rsaInput))
        #expect(!key.verify([UInt8](repeating: 0, count: 256), of: Self.rsaInput))
        #expect(!key.verify([UInt8](repeating: 0xFF, count: 256), of: Self.rsaInput))
        for index in stride(from: 0, to: signature.count, by: 17) {
            var changed = signature
            changed[index] ^= 1
            #expect(!key.verify(changed, of: Self.rsaInput))
        }
    }

    @Test func `verifies the published ECDSA signature and no other (RFC 7515 A.3)`() throws {
        let key = try Self.ecPublic()
        let signature = try Self.bytes(Self.ecSignature)
        #expect(key.algorithm == .es256)
        #expect(key.verify(signature, of: Self.ecInput))
        #expect(!key.verify(signature, of: Self.rsaInput))
        for index in signature.indices {
            var changed = signature
            changed[index] ^= 1
            #expect(!key.verify(changed, of: Self.ecInput))
        }
    }

    static let order: [UInt8] = [
        0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA, 0xAD,
        0xA7,
        0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
    ]

    @Test func `refuses ECDSA signatures of special values and of another form`() throws {
        let key = try Self.ecPublic()
        let good = try Self.bytes(Self.ecSignature)
        let (r, s) = (Array(good.prefix(32)), Array(good.suffix(32)))
        let zero = [UInt8](repeating: 0, count: 32)
        let one = Array(zero.dropLast()) + [1]
        let ones = [UInt8](repeating: 0xFF, count: 32)
        for (first, second) in [
            (zero, zero), (zero, s), (r, zero), (one, one), (Self.order, s), (r, Self.order), (ones, ones), (s, r),
            (Self.order, Self.order),
        ] {
            #expect(!key.verify(first + second, of: Self.ecInput))
        }
        for wrong in [[], r, r + [0] + s, Array(good.dropLast()), good + [0], [0] + r + [0] + s, good + good] {
            #expect(!key.verify(wrong, of: Self.ecInput))
        }
        let der = DER.sequence(DER.integer(r), DER.integer(s))
        #expect(!key.verify(der, of: Self.ecInput))
    }

    @Test func `signs what it verifies, 64 bytes a time`() throws {
        let (secret, open) = (try Self.ecPrivate(), try Self.ecPublic())
        for number in 0..<200 {
            let message = Array("\(number)".utf8)
            let signature = try secret.sign(message)
            #expect(signature.count == 64)
            #expect(open.verify(signature, of: message) && secret.verify(signature, of: message))
        }
    }

    @Test func `doesn't sign with a public key`() throws {
        #expect(throws: OpenSSLError.notPrivate) { try Self.ecPublic().sign([1]) }
    }

    @Test(arguments: ["", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
    func `refuses what is no key`(pem: String) {
        #expect(throws: OpenSSLError.malformed) { try AsymmetricKey(privateKeyPEM: SecretBytes(utf8: pem)) }
        #expect(throws: OpenSSLError.malformed) { try AsymmetricKey(publicKeyPEM: pem) }
    }

    @Test(
        arguments: [
            ("RSA", ["-pkeyopt", "rsa_keygen_bits:2048"], true), ("RSA", ["-pkeyopt", "rsa_keygen_bits:1024"], false),
            ("EC", ["-pkeyopt", "ec_paramgen_curve:P-256"], true),
            ("EC", ["-pkeyopt", "ec_paramgen_curve:P-384"], false),
            ("EC", ["-pkeyopt", "ec_paramgen_curve:secp256k1"], false), ("ED25519", [], false),
            ("RSA-PSS", ["-pkeyopt", "rsa_keygen_bits:2048"], false),
        ])
    func `takes keys of its two kinds only`(kind: String, options: [String], isTaken: Bool) throws {
        let text = try OpenSSLProgram.run(["genpkey", "-algorithm", kind] + options)
        let pem = SecretBytes(utf8: text)
        if isTaken {
            let key = try AsymmetricKey(privateKeyPEM: pem)
            #expect(key.verify(try key.sign([1, 2]), of: [1, 2]))
            #expect(key.isPrivate)
        } else {
            #expect(throws: OpenSSLError.unsupportedKey) { try AsymmetricKey(privateKeyPEM: pem) }
        }
    }

    @Test func `refuses an encrypted key without asking for a passphrase`() throws {
        let text = try OpenSSLProgram.run([
            "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes-128-cbc", "-pass", "pass:x",
        ])
        #expect(text.contains("ENCRYPTED"))
        #expect(throws: OpenSSLError.malformed) { try AsymmetricKey(privateKeyPEM: SecretBytes(utf8: text)) }
    }
}
