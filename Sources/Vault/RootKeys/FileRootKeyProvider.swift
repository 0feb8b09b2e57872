package import Sodium

/// Why a root-key file was refused.
package enum RootKeyFileError: Error, Equatable, Sendable {
    /// The file itself: missing, open to others, a link, of another owner, there already.
    case file(SecretFileError)
    /// Neither 32 raw bytes nor 32 bytes in hexadecimal or base64, with at most one line end.
    case notAKey
    /// All bytes are the same: a file that was blanked.
    case blank
}

/// The root key in a file of mode 0600: 32 raw bytes, or the same in hexadecimal or base64 on one line.
package struct FileRootKeyProvider: RootKeyProvider {
    private let key: LocalRootKey

    package var id: String { key.id }

    /// Reads the key once; the file is not touched again.
    package init(path: String) throws(RootKeyFileError) {
        let contents: SecretBytes
        do throws(SecretFileError) {
            contents = try SecretFile.read(path, maxBytes: 128)
        } catch {
            throw .file(error)
        }
        guard let bytes = Self.decode(contents) else { throw .notAKey }
        guard let key = LocalRootKey(bytes) else { throw .blank }
        self.key = key
    }

    /// Makes a new random key and writes it, raw, mode 0600; durable on return. An existing file is an error.
    @discardableResult
    package static func create(at path: String) throws(RootKeyFileError) -> FileRootKeyProvider {
        do throws(SecretFileError) {
            try SecretFile.create(path, contents: SecretBytes.random(count: LocalRootKey.length))
        } catch {
            throw .file(error)
        }
        return try FileRootKeyProvider(path: path)
    }

    package func wrap(_ key: SecretBytes, owner: KeyOwner, version: Int32) async throws(VaultError) -> [UInt8] {
        try await self.key.wrap(key, owner: owner, version: version)
    }

    package func unwrap(_ wrapped: [UInt8], owner: KeyOwner, version: Int32) async throws(VaultError) -> SecretBytes {
        try await key.unwrap(wrapped, owner: owner, version: version)
    }

    package func wrap(_ key: SecretBytes, for use: LocalUse) async throws(VaultError) -> [UInt8] {
        try await self.key.wrap(key, for: use)
    }

    package func unwrap(_ wrapped: [UInt8], for use: LocalUse) async throws(VaultError) -> SecretBytes {
        try await key.unwrap(wrapped, for: use)
    }

    /// As ``LocalRootKey/derive(_:)``.
    package func derive(_ use: DerivedUse) -> SecretBytes? { key.derive(use) }

    /// The form follows from the length alone: 32 raw bytes, 64 digits, 44 characters of base64.
    private static func decode(_ contents: SecretBytes) -> SecretBytes? {
        guard contents.count != LocalRootKey.length else { return contents }
        let line = contents.slice(0..<contents.count - lineEndLength(contents))
        let bytes: SecretBytes? =
            switch line.count {
            case 64: Hex.decode(line)
            case 44: Base64.decode(line)
            default: nil
            }
        return bytes?.count == LocalRootKey.length ? bytes : nil
    }

    private static func lineEndLength(_ contents: SecretBytes) -> Int {
        contents.withBytes { bytes in
            let count = bytes.byteCount
            guard count >= 1, bytes[count - 1] == UInt8(ascii: "\n") else { return 0 }
            return count >= 2 && bytes[count - 2] == UInt8(ascii: "\r") ? 2 : 1
        }
    }
}
