/// Why something could not be sealed or opened. Codes and versions only: never a key, a text or a row's content.
package enum VaultError: Error, Hashable, Sendable {
    /// Not an envelope: too short, another magic, or a header that contradicts itself.
    case malformed
    /// An envelope of a format or algorithm that this version does not know; a newer one may have written it.
    case unsupportedFormat
    /// An envelope of another kind of record than the one that was asked for.
    case wrongKind
    /// The additional data names another owner than the key's: a mistake of the caller.
    case ownerMismatch
    /// The owner has no key yet; `prepareKey` makes the first.
    case ownerHasNoKey
    /// The owner has no key of that version any more, or never had.
    case keyUnavailable(version: Int32)
    /// Another key or another place than the one that it was sealed for. Nothing was decrypted.
    case commitmentMismatch
    /// The content was altered.
    case authenticationFailed
    /// No configured root key wraps this key; install the one whose id the row names.
    case rootKeyUnavailable
    /// The root-key provider did not answer; repeat later.
    case rootKeyUnreachable
    /// The store of wrapped keys did not answer; repeat later.
    case keyStoreUnavailable

    /// Whether the same call may succeed later, though nobody mends anything.
    package var isTransient: Bool {
        switch self {
        case .rootKeyUnreachable, .keyStoreUnavailable: true
        case .malformed, .unsupportedFormat, .wrongKind, .ownerMismatch, .ownerHasNoKey, .keyUnavailable,
            .commitmentMismatch, .authenticationFailed, .rootKeyUnavailable:
            false
        }
    }

    /// Whether the envelope itself was refused: altered, moved to another place, or put back from an older state.
    package var isTampering: Bool {
        switch self {
        case .malformed, .unsupportedFormat, .wrongKind, .commitmentMismatch, .authenticationFailed: true
        case .ownerMismatch, .ownerHasNoKey, .keyUnavailable, .rootKeyUnavailable, .rootKeyUnreachable,
            .keyStoreUnavailable:
            false
        }
    }
}
