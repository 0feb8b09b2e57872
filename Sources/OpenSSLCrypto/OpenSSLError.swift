/// Why OpenSSL refused. Codes only; its own texts may quote the input.
package enum OpenSSLError: Error, Hashable, Sendable {
    /// Not PEM, or its content is not what it says; an encrypted private key too.
    case malformed
    /// A key of another kind, curve or size than the algorithm takes.
    case unsupportedKey
    /// A public key was asked to sign.
    case notPrivate
    /// The library failed for want of memory or randomness.
    case libraryFailure
}
