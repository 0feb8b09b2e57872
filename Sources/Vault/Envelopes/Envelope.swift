package import Sodium

/// The stored form of a secret: bound to its place, committed to its key.
///
/// ```
/// magic 2 | format 1 | kind 1 | algorithm 1 | key version 4 | nonce 24 | commitment 32 | ciphertext | tag 16
/// ```
/// A key of its own for each record version comes from the owner's key, the place and the nonce:
/// `BLAKE2b-512(key, "rec/1" || LP(aad) || nonce)`; the first half encrypts (XChaCha20-Poly1305 with header and place as
/// additional data), the second is stored and compared before anything is decrypted. The cipher alone would not commit:
/// one ciphertext can be made to open under two keys.
///
/// Keys are chosen by the version in the header, never by trial.
package enum Envelope {
    package static let format: UInt8 = 1
    static let magic: [UInt8] = [0x53, 0x50]
    static let algorithm: UInt8 = 1
    static let headerLength = 65
    /// Bytes that an envelope is longer than its plaintext.
    package static let overhead = headerLength + XChaCha20Poly1305.tagLength

    private static let keyVersionRange = 5..<9
    private static let nonceRange = 9..<33
    private static let commitmentRange = 33..<65

    /// What can be told without a key. Nothing here is authentic until the envelope has opened.
    package struct Header: Equatable, Sendable {
        package let kind: EnvelopeKind
        package let keyVersion: Int32

        /// - Throws: `.malformed`, `.unsupportedFormat`.
        package init(of sealed: [UInt8]) throws(VaultError) {
            guard sealed.count >= Envelope.overhead, sealed.starts(with: Envelope.magic) else { throw .malformed }
            guard sealed[2] == Envelope.format, sealed[4] == Envelope.algorithm else { throw .unsupportedFormat }
            let version = sealed[Envelope.keyVersionRange].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            guard let kind = EnvelopeKind(rawValue: sealed[3]), let version = Int32(exactly: version), version > 0
            else {
                throw .malformed
            }
            self.kind = kind
            self.keyVersion = version
        }
    }

    /// - Parameters:
    ///   - key: 32 bytes: the owner's key, or a root key for a key.
    ///   - keyVersion: the version of that key, at least 1; for a wrapped key, its own version.
    ///   - nonce: 24 random bytes.
    /// - Throws: `.malformed` if a key, version or nonce is not of that shape.
    package static func seal(
        _ plaintext: SecretBytes, key: SecretBytes, keyVersion: Int32, aad: AAD, nonce: [UInt8]
    ) throws(VaultError) -> [UInt8] {
        guard keyVersion > 0, key.count == 32, nonce.count == nonceRange.count else { throw .malformed }
        let place = aad.encoded(format: format, keyVersion: keyVersion)
        let derived = try derive(key, place, nonce)
        var header = magic + [format, aad.kind.rawValue, algorithm]
        header += AAD.bytes(UInt32(bitPattern: keyVersion))
        header += nonce
        header += derived.commitment
        do throws(SodiumError) {
            return header
                + (try XChaCha20Poly1305.seal(plaintext, key: derived.key, nonce: nonce, aad: header + place))
        } catch {
            throw .malformed
        }
    }

    /// - Throws: `.malformed`, `.unsupportedFormat`, `.wrongKind`; `.commitmentMismatch` for another key or place;
    ///   `.authenticationFailed` for altered content.
    package static func open(_ sealed: [UInt8], key: SecretBytes, aad: AAD) throws(VaultError) -> SecretBytes {
        let header = try Header(of: sealed)
        guard header.kind == aad.kind else { throw .wrongKind }
        guard key.count == 32 else { throw .malformed }
        let place = aad.encoded(format: format, keyVersion: header.keyVersion)
        let derived = try derive(key, place, Array(sealed[nonceRange]))
        guard ConstantTime.equals(derived.commitment, Array(sealed[commitmentRange])) else {
            throw .commitmentMismatch
        }
        do throws(SodiumError) {
            return try decrypt(sealed, key: derived.key, bound: Array(sealed[..<headerLength]) + place)
        } catch {
            throw .authenticationFailed
        }
    }

    private static func derive(
        _ key: SecretBytes, _ place: [UInt8], _ nonce: [UInt8]
    ) throws(VaultError) -> (key: SecretBytes, commitment: [UInt8]) {
        let derived: SecretBytes
        do throws(SodiumError) {
            derived = try BLAKE2b.derive(from: key, message: Array("rec/1".utf8) + place + nonce, length: .bytes64)
        } catch {
            throw .malformed
        }
        let commitment = derived.withBytes { [UInt8](copying: $0.extracting(32..<64)) }
        return (derived.slice(0..<32), commitment)
    }

    private static func decrypt(
        _ sealed: [UInt8], key: SecretBytes, bound: [UInt8]
    ) throws(SodiumError) -> SecretBytes {
        try sealed.withBytes { (bytes) throws(SodiumError) in
            try bound.withBytes { (bound) throws(SodiumError) in
                try XChaCha20Poly1305.open(
                    bytes.extracting(headerLength..<bytes.byteCount), key: key, nonce: bytes.extracting(nonceRange),
                    aad: bound)
            }
        }
    }
}
