/// A digest of 32 bytes (SHA-256, BLAKE2b) as a value of four words, made without an allocation: the key of a cache of
/// tokens, so that no token itself is kept.
package struct Digest32: Hashable, Sendable {
    private var first: UInt64 = 0
    private var second: UInt64 = 0
    private var third: UInt64 = 0
    private var fourth: UInt64 = 0

    /// The digest that a C call writes: exactly 32 bytes.
    @unsafe
    init(filling body: (UnsafeMutablePointer<UInt8>) -> Void) {
        unsafe withUnsafeMutableBytes(of: &self) { output in
            var span = unsafe output.mutableBytes
            unsafe span.withMutableOctets { target, _ in unsafe body(target) }
        }
    }

    /// The 32 bytes of a digest, as stored; nil for any other length.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        unsafe withUnsafeMutableBytes(of: &self) { target in
            unsafe target.copyBytes(from: bytes)
        }
    }

    package var bytes: [UInt8] {
        unsafe withUnsafeBytes(of: self) { unsafe Array($0) }
    }

    /// One word is enough: the digest is uniform already, and the hasher is seeded.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(first)
    }
}
