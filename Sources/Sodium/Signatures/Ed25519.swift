internal import CSodium

/// Ed25519 signatures (RFC 8032 §5.1).
package enum Ed25519 {
    package static let seedLength = 32
    package static let publicKeyLength = 32
    package static let signatureLength = 64

    /// A signing key, made of its seed.
    package struct PrivateKey: Sendable {
        /// 32 bytes, may be published.
        package let publicKey: [UInt8]
        /// Seed and public key in a row, the form that the library signs with.
        private let secretKey: SecretBytes

        /// - Throws: `.invalidKeyLength` unless the seed has 32 bytes.
        package init(seed: SecretBytes) throws(SodiumError) {
            guard seed.count == seedLength else { throw .invalidKeyLength }
            Library.ensureReady()
            var publicKey = [UInt8](repeating: 0, count: publicKeyLength)
            secretKey = SecretBytes(count: Int(crypto_sign_ed25519_SECRETKEYBYTES)) { output in
                unsafe output.withMutableOctets { target, _ in
                    unsafe seed.withOctets { seed, _ in
                        _ = unsafe crypto_sign_ed25519_seed_keypair(&publicKey, target, seed)
                    }
                }
            }
            self.publicKey = publicKey
        }

        /// 64 bytes, the same for the same message.
        package func sign(_ message: RawSpan) -> [UInt8] {
            var signature = [UInt8](repeating: 0, count: signatureLength)
            unsafe message.withOctets { input, count in
                unsafe secretKey.withOctets { key, _ in
                    _ = unsafe crypto_sign_ed25519_detached(&signature, nil, input, UInt64(count), key)
                }
            }
            return signature
        }

        package func sign(_ message: [UInt8]) -> [UInt8] {
            unsafe sign(message.span.bytes)
        }
    }

    /// Whether the signature is of this message by this key.
    ///
    /// Signatures that are not canonical, keys of small order and wrong lengths are false, not errors.
    package static func isValid(_ signature: RawSpan, for message: RawSpan, publicKey: RawSpan) -> Bool {
        guard signature.byteCount == signatureLength, publicKey.byteCount == publicKeyLength else { return false }
        Library.ensureReady()
        return unsafe signature.withOctets { signature, _ in
            unsafe message.withOctets { input, count in
                unsafe publicKey.withOctets { key, _ in
                    unsafe crypto_sign_ed25519_verify_detached(signature, input, UInt64(count), key) == 0
                }
            }
        }
    }

    package static func isValid(_ signature: [UInt8], for message: [UInt8], publicKey: [UInt8]) -> Bool {
        unsafe isValid(signature.span.bytes, for: message.span.bytes, publicKey: publicKey.span.bytes)
    }
}
