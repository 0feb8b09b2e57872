internal import CSodium

/// HMAC with SHA-256 (RFC 2104, RFC 4231), keys of any length.
package enum HMACSHA256 {
    package static let length = 32

    package static func authenticate(_ message: RawSpan, key: SecretBytes) -> [UInt8] {
        Library.ensureReady()
        var code = [UInt8](repeating: 0, count: length)
        var state = crypto_auth_hmacsha256_state()
        unsafe key.withOctets { key, count in
            _ = unsafe crypto_auth_hmacsha256_init(&state, key, count)
        }
        unsafe message.withOctets { input, count in
            _ = unsafe crypto_auth_hmacsha256_update(&state, input, UInt64(count))
        }
        _ = unsafe crypto_auth_hmacsha256_final(&state, &code)
        // The state holds the padded key.
        unsafe sodium_memzero(&state, MemoryLayout<crypto_auth_hmacsha256_state>.size)
        return code
    }

    package static func authenticate(_ message: [UInt8], key: SecretBytes) -> [UInt8] {
        unsafe authenticate(message.span.bytes, key: key)
    }

    /// Compares in constant time.
    package static func isValid(_ code: [UInt8], for message: RawSpan, key: SecretBytes) -> Bool {
        ConstantTime.equals(authenticate(message, key: key), code)
    }

    package static func isValid(_ code: [UInt8], for message: [UInt8], key: SecretBytes) -> Bool {
        unsafe isValid(code, for: message.span.bytes, key: key)
    }
}
