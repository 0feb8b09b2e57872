internal import CSodium

/// libsodium must be initialised before its first call, or the process aborts.
enum Library {
    /// 10.3 is release 1.0.18. Before 1.0.16 verifying took public keys that are not canonical.
    private static let minimum: (Int32, Int32) = (10, 3)

    /// Evaluated once, before the first call into the library from anywhere.
    static let isReady: Bool =
        sodium_init() >= 0 && (sodium_library_version_major(), sodium_library_version_minor()) >= minimum

    /// Call first in every function that enters the library.
    ///
    /// Stops the process if the library has no source of randomness or is older than 1.0.18: no secret can be kept
    /// then. `SecretMemory.harden()` reports the same as an error, at start.
    @inline(__always)
    static func ensureReady() {
        precondition(isReady, "libsodium did not start")
    }
}

/// Why a cryptographic operation was refused. Holds no input.
package enum SodiumError: Error, Equatable, Sendable {
    /// A key or seed has not the length that the algorithm prescribes.
    case invalidKeyLength
    /// A nonce has not the length that the algorithm prescribes.
    case invalidNonceLength
    /// The tag does not fit ciphertext, nonce, additional data and key, or the input is shorter than a tag.
    case authenticationFailed
    /// The library did not start: no randomness, or a version older than needed.
    case libraryUnavailable
    /// The kernel refused to switch dumps off or to forbid new privileges.
    case hardeningRefused
}
