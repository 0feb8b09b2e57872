internal import CSodium

/// BLAKE2b, plain and keyed (RFC 7693).
package enum BLAKE2b {
    /// Output lengths in use: a fingerprint or MAC of 32 bytes, or 64 to be split into two keys.
    package enum Length: Int, Sendable {
        case bytes32 = 32
        case bytes64 = 64
    }

    /// - Throws: `.invalidKeyLength` if the key has not 16 to 64 bytes.
    package static func hash(
        _ message: RawSpan, key: SecretBytes? = nil, length: Length = .bytes32
    ) throws(SodiumError) -> [UInt8] {
        try check(key)
        var output = [UInt8](repeating: 0, count: length.rawValue)
        unsafe output.withMutableOctets { target, count in unsafe compute(message, key, target, count) }
        return output
    }

    /// As above, over an array.
    package static func hash(
        _ message: [UInt8], key: SecretBytes? = nil, length: Length = .bytes32
    ) throws(SodiumError) -> [UInt8] {
        try unsafe hash(message.span.bytes, key: key, length: length)
    }

    /// The unkeyed hash of 32 bytes as a value: several times faster than SHA-256 here, so the one for caches that
    /// nobody else reads.
    package static func digest(_ message: RawSpan) -> Digest32 {
        unsafe Digest32 { target in unsafe compute(message, nil, target, 32) }
    }

    package static func digest(_ message: [UInt8]) -> Digest32 {
        unsafe digest(message.span.bytes)
    }

    /// Of the text's UTF-8, without copying it.
    package static func digest(utf8 text: String) -> Digest32 {
        unsafe digest(text.utf8Span.span.bytes)
    }

    /// A key derived from another: the keyed hash of a message, in secret memory.
    ///
    /// - Throws: `.invalidKeyLength` if the key has not 16 to 64 bytes.
    package static func derive(
        from key: SecretBytes, message: [UInt8], length: Length = .bytes32
    ) throws(SodiumError) -> SecretBytes {
        try check(key)
        return SecretBytes(count: length.rawValue) { output in
            unsafe output.withMutableOctets { target, count in unsafe compute(message.span.bytes, key, target, count) }
        }
    }

    private static func check(_ key: SecretBytes?) throws(SodiumError) {
        guard let key else { return }
        let shortest = Int(crypto_generichash_blake2b_KEYBYTES_MIN)
        let longest = Int(crypto_generichash_blake2b_KEYBYTES_MAX)
        guard (shortest...longest).contains(key.count) else { throw .invalidKeyLength }
    }

    @unsafe
    private static func compute(
        _ message: RawSpan, _ key: SecretBytes?, _ target: UnsafeMutablePointer<UInt8>, _ count: Int
    ) {
        Library.ensureReady()
        let result: Int32 = unsafe message.withOctets { input, length in
            guard let key else {
                return unsafe crypto_generichash_blake2b(target, count, input, UInt64(length), nil, 0)
            }
            return unsafe key.withOctets { key, keyLength in
                unsafe crypto_generichash_blake2b(target, count, input, UInt64(length), key, keyLength)
            }
        }
        precondition(result == 0, "BLAKE2b refuses nothing but lengths that were checked")
    }
}
