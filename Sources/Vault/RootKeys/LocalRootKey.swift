package import Sodium

/// A root key held in this process's secret memory, wherever it was read from.
package struct LocalRootKey: RootKeyProvider {
    package static let length = 32

    package let id: String
    private let key: SecretBytes

    /// Nil unless the key has 32 bytes that are not all the same: an emptied or blanked key is no key.
    package init?(_ key: SecretBytes) {
        guard key.count == Self.length, !Self.isBlank(key) else { return nil }
        // Cannot throw: the length was just checked.
        guard let fingerprint = try? BLAKE2b.hash(Array("sallyport root key id/1".utf8), key: key) else { return nil }
        self.key = key
        id = Hex.encode(Array(fingerprint.prefix(16)))
    }

    package func wrap(_ key: SecretBytes, owner: KeyOwner, version: Int32) async throws(VaultError) -> [UInt8] {
        let aad = AAD.wrappedKey(of: owner, version: version, rootID: id)
        return try Envelope.seal(key, key: self.key, keyVersion: version, aad: aad, nonce: Random.bytes(24))
    }

    package func unwrap(_ wrapped: [UInt8], owner: KeyOwner, version: Int32) async throws(VaultError) -> SecretBytes {
        guard try Envelope.Header(of: wrapped).keyVersion == version else { throw .malformed }
        let aad = AAD.wrappedKey(of: owner, version: version, rootID: id)
        return try Envelope.open(wrapped, key: key, aad: aad)
    }

    package func wrap(_ key: SecretBytes, for use: LocalUse) async throws(VaultError) -> [UInt8] {
        try Envelope.seal(
            key, key: self.key, keyVersion: LocalUse.keyVersion, aad: .localKey(use, rootID: id),
            nonce: Random.bytes(24))
    }

    package func unwrap(_ wrapped: [UInt8], for use: LocalUse) async throws(VaultError) -> SecretBytes {
        try Envelope.open(wrapped, key: key, aad: .localKey(use, rootID: id))
    }

    /// A key for one stated use of this process that every instance with the same root key derives alike.
    package func derive(_ use: DerivedUse) -> SecretBytes? {
        // Nil never happens with a key of 32 bytes; the caller refuses to start rather than go on without.
        try? BLAKE2b.derive(from: key, message: Array(("sallyport derived/1 " + use.rawValue).utf8), length: .bytes32)
    }

    private static func isBlank(_ key: SecretBytes) -> Bool {
        key.withBytes { bytes in
            var differences: UInt8 = 0
            for offset in bytes.byteOffsets { differences |= bytes[offset] ^ bytes[0] }
            return differences == 0
        }
    }
}

/// What keys are derived for, besides wrapping.
package enum DerivedUse: String, Sendable, CaseIterable {
    /// Authenticates list cursors.
    case listCursors = "list cursors"
}
