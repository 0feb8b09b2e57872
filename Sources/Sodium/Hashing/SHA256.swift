internal import CSodium

/// SHA-256 (FIPS 180-4).
package enum SHA256 {
    package static func hash(_ message: RawSpan) -> [UInt8] {
        digest(message).bytes
    }

    package static func hash(_ message: [UInt8]) -> [UInt8] {
        digest(message).bytes
    }

    package static func digest(_ message: RawSpan) -> Digest32 {
        Library.ensureReady()
        return unsafe Digest32 { target in
            unsafe message.withOctets { input, length in
                _ = unsafe crypto_hash_sha256(target, input, UInt64(length))
            }
        }
    }

    package static func digest(_ message: [UInt8]) -> Digest32 {
        unsafe digest(message.span.bytes)
    }

    package static func digest(_ secret: SecretBytes) -> Digest32 {
        secret.withBytes { digest($0) }
    }

    /// Of the text's UTF-8, without copying it.
    package static func digest(utf8 text: String) -> Digest32 {
        unsafe digest(text.utf8Span.span.bytes)
    }
}
