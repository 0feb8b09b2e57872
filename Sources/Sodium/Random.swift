internal import CSodium

/// The kernel's randomness, for nonces, identifiers and jitter. Secrets come from `SecretBytes.random`.
package enum Random {
    package static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        fill(&bytes)
        return bytes
    }

    package static func fill(_ bytes: inout [UInt8]) {
        Library.ensureReady()
        unsafe bytes.withMutableOctets { target, count in unsafe randombytes_buf(target, count) }
    }

    package static func uint64() -> UInt64 {
        Library.ensureReady()
        return UInt64(randombytes_random()) << 32 | UInt64(randombytes_random())
    }
}

/// `Random` for the standard library's `random(in:using:)` and `shuffled(using:)`.
package struct SodiumRandomGenerator: RandomNumberGenerator, Sendable {
    package init() {}

    package mutating func next() -> UInt64 { Random.uint64() }
}
