internal import COpenSSL
package import class Sodium.SecretBytes

/// A signature algorithm of JOSE (RFC 7518 §3.1).
package enum SignatureAlgorithm: String, Sendable, CaseIterable {
    /// RSASSA-PKCS1-v1_5 with SHA-256, from 2048 to 8192 bits.
    case rs256 = "RS256"
    /// ECDSA on P-256 with SHA-256; the signature is r || s, 64 bytes (RFC 7518 §3.4).
    case es256 = "ES256"
}

/// An RSA or P-256 key that signs or verifies with the one algorithm that is its own.
package final class AsymmetricKey: Sendable {
    package let algorithm: SignatureAlgorithm
    package let isPrivate: Bool
    private let handle: KeyHandle

    /// PKCS #8 or the key's traditional PEM, unencrypted.
    ///
    /// - Throws: `.malformed`, `.unsupportedKey` for another kind, curve or size.
    package convenience init(privateKeyPEM pem: SecretBytes) throws(OpenSSLError) {
        try self.init(KeyHandle.privateKey(pem: pem), isPrivate: true)
    }

    /// A SubjectPublicKeyInfo PEM.
    package convenience init(publicKeyPEM pem: String) throws(OpenSSLError) {
        try self.init(KeyHandle.publicKey(pem: pem), isPrivate: false)
    }

    private init(_ handle: KeyHandle, isPrivate: Bool) throws(OpenSSLError) {
        if unsafe sp_key_is_p256(handle.key) == 1 {
            algorithm = .es256
        } else if unsafe sp_key_is_rsa(handle.key) == 1 {
            let bits = unsafe EVP_PKEY_get_bits(handle.key)
            guard (2048...8192).contains(bits) else { throw .unsupportedKey }
            algorithm = .rs256
        } else {
            throw .unsupportedKey
        }
        self.handle = handle
        self.isPrivate = isPrivate
    }

    /// Signs in the form that JOSE prescribes. Slow (RSA: a millisecond): not on an event loop.
    package func sign(_ message: [UInt8]) throws(OpenSSLError) -> [UInt8] {
        guard isPrivate else { throw .notPrivate }
        var signature = [UInt8](repeating: 0, count: 1024)
        let length = unsafe sp_sign(handle.key, message, message.count, &signature, signature.count)
        guard length > 0 else { throw .libraryFailure }
        switch algorithm {
        case .rs256: return Array(signature.prefix(length))
        case .es256:
            var raw = [UInt8](repeating: 0, count: 64)
            guard unsafe sp_ecdsa_to_raw(signature, length, &raw) == 1 else { throw .libraryFailure }
            return raw
        }
    }

    /// Whether the signature, in JOSE's form, is this key's over the message. Anything malformed is false.
    package func verify(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        switch algorithm {
        case .rs256:
            return unsafe sp_verify(handle.key, message, message.count, signature, signature.count) == 1
        case .es256:
            guard signature.count == 64 else { return false }
            var der = [UInt8](repeating: 0, count: 80)
            let length = unsafe sp_ecdsa_from_raw(signature, &der)
            guard length > 0 else { return false }
            return unsafe sp_verify(handle.key, message, message.count, der, Int(length)) == 1
        }
    }
}
