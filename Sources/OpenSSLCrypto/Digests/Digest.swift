internal import COpenSSL
package import class Sodium.SecretBytes

/// SHA-256 (FIPS 180-4) with the processor's own instructions where it has them, and HMAC over it (RFC 2104).
///
/// For many or long inputs; `Sodium.SHA256` does for a short one.
package enum Digest {
    package static func sha256(_ message: [UInt8]) throws(OpenSSLError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        guard unsafe sp_sha256(message, message.count, &digest) == 1 else { throw .libraryFailure }
        return digest
    }

    package static func sha256(_ message: RawSpan) throws(OpenSSLError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        let code = unsafe message.withUnsafeBytes { unsafe sp_sha256($0.baseAddress, $0.count, &digest) }
        guard code == 1 else { throw .libraryFailure }
        return digest
    }

    /// - Parameter key: any length; one longer than 64 bytes is hashed first, as the RFC says.
    package static func hmacSHA256(key: SecretBytes, message: [UInt8]) throws(OpenSSLError) -> [UInt8] {
        guard let keyLength = Int32(exactly: key.count) else { throw .unsupportedKey }
        var mac = [UInt8](repeating: 0, count: 32)
        let code = unsafe key.withUnsafeBytes { bytes in
            unsafe sp_hmac_sha256(bytes.baseAddress, keyLength, message, message.count, &mac)
        }
        guard code == 1 else { throw .libraryFailure }
        return mac
    }
}
