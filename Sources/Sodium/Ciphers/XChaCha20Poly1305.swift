internal import CSodium

/// XChaCha20-Poly1305 with a 24-byte nonce (draft-irtf-cfrg-xchacha-03 §2.3).
///
/// Not key-committing: who stores its output adds a commitment, as the vault's envelope does.
package enum XChaCha20Poly1305 {
    package static let keyLength = 32
    package static let nonceLength = 24
    package static let tagLength = 16

    /// Encrypts and authenticates.
    ///
    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - nonce: 24 bytes, never used twice with one key; random ones are long enough.
    /// - Returns: the ciphertext, as long as the plaintext, then the tag of 16 bytes.
    /// - Throws: `.invalidKeyLength`, `.invalidNonceLength`.
    package static func seal(
        _ plaintext: SecretBytes, key: SecretBytes, nonce: [UInt8], aad: [UInt8]
    ) throws(SodiumError) -> [UInt8] {
        try check(key, nonce.count)
        Library.ensureReady()
        var output = [UInt8](repeating: 0, count: plaintext.count + tagLength)
        unsafe plaintext.withOctets { input, count in
            unsafe key.withOctets { key, _ in
                _ = unsafe crypto_aead_xchacha20poly1305_ietf_encrypt(
                    &output, nil, input, UInt64(count), aad, UInt64(aad.count), nil, nonce, key)
            }
        }
        return output
    }

    /// Authenticates and decrypts what `seal` returned.
    ///
    /// - Throws: `.authenticationFailed` for any other key, nonce, additional data or bytes; `.invalidKeyLength`,
    ///   `.invalidNonceLength`.
    package static func open(
        _ sealed: RawSpan, key: SecretBytes, nonce: RawSpan, aad: RawSpan
    ) throws(SodiumError) -> SecretBytes {
        try check(key, nonce.byteCount)
        guard sealed.byteCount >= tagLength else { throw .authenticationFailed }
        Library.ensureReady()
        return try SecretBytes(count: sealed.byteCount - tagLength) { (output) throws(SodiumError) in
            guard decrypt(sealed, key, nonce, aad, into: &output) == 0 else { throw .authenticationFailed }
        }
    }

    /// As above, over arrays.
    package static func open(
        _ sealed: [UInt8], key: SecretBytes, nonce: [UInt8], aad: [UInt8]
    ) throws(SodiumError) -> SecretBytes {
        try unsafe open(sealed.span.bytes, key: key, nonce: nonce.span.bytes, aad: aad.span.bytes)
    }

    private static func check(_ key: SecretBytes, _ nonceCount: Int) throws(SodiumError) {
        guard key.count == keyLength else { throw .invalidKeyLength }
        guard nonceCount == nonceLength else { throw .invalidNonceLength }
    }

    private static func decrypt(
        _ sealed: RawSpan, _ key: SecretBytes, _ nonce: RawSpan, _ aad: RawSpan, into output: inout MutableRawSpan
    ) -> Int32 {
        unsafe output.withMutableOctets { target, _ in
            unsafe sealed.withOctets { input, count in
                unsafe nonce.withOctets { nonce, _ in
                    unsafe aad.withOctets { aad, aadCount in
                        unsafe key.withOctets { key, _ in
                            unsafe crypto_aead_xchacha20poly1305_ietf_decrypt(
                                target, nil, nil, input, UInt64(count), aad, UInt64(aadCount), nonce, key)
                        }
                    }
                }
            }
        }
    }
}
