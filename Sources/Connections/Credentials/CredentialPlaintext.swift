internal import Domain
internal import Grants
internal import Sodium
internal import Vault

/// What stands inside the envelopes of a connection, as ``SecretFields``.
enum CredentialPlaintext {
    private enum Name {
        static let accessToken = "access_token"
        static let tokenType = "token_type"
        static let refreshToken = "refresh_token"
        static let obtainedAt = "obtained_at"
        static let expiresAt = "expires_at"
    }

    /// Fields in the order of their names, so that equal credentials give equal plaintexts.
    static func encode(entered secrets: [String: SecretBytes]) -> SecretBytes {
        let sorted = secrets.sorted { $0.key < $1.key }
        return SecretFields(sorted.map { (name: $0.key, value: $0.value) }).encoded()
    }

    static func decodeEntered(_ plaintext: SecretBytes) throws(VaultError) -> [String: SecretBytes] {
        let fields = try SecretFields(decoding: plaintext)
        return Dictionary(fields.fields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    static func encode(_ obtained: ObtainedToken) -> SecretBytes {
        var fields = [
            (name: Name.accessToken, value: obtained.tokenSet.accessToken),
            (name: Name.tokenType, value: SecretBytes(utf8: obtained.tokenSet.tokenType)),
            (name: Name.obtainedAt, value: encode(obtained.obtainedAt)),
        ]
        if let expiresAt = obtained.times.expiresAt { fields.append((Name.expiresAt, encode(expiresAt))) }
        if let refreshToken = obtained.tokenSet.refreshToken { fields.append((Name.refreshToken, refreshToken)) }
        return SecretFields(fields).encoded()
    }

    static func decodeTokenSet(
        _ plaintext: SecretBytes, refreshDueAt: Timestamp?, recordVersion: Int64, credentialVersion: Int64
    ) throws(VaultError) -> OpenedTokenSet {
        let fields = try SecretFields(decoding: plaintext)
        guard let accessToken = fields[Name.accessToken],
            let tokenType = fields[Name.tokenType]?.revealUTF8(for: .tokenResponse),
            let obtainedAt = try fields[Name.obtainedAt].map(decodeTimestamp)
        else { throw .malformed }
        let expiresAt = try fields[Name.expiresAt].map(decodeTimestamp)
        return OpenedTokenSet(
            accessToken: accessToken, tokenType: tokenType, refreshToken: fields[Name.refreshToken],
            obtainedAt: obtainedAt, times: TokenTimes(expiresAt: expiresAt, refreshDueAt: refreshDueAt),
            recordVersion: recordVersion, credentialVersion: credentialVersion)
    }

    /// Microseconds since the epoch, eight bytes, big-endian.
    private static func encode(_ instant: Timestamp) -> SecretBytes {
        let bits = UInt64(bitPattern: instant.microseconds)
        return SecretBytes(copying: (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * UInt64($0))) })
    }

    private static func decodeTimestamp(_ bytes: SecretBytes) throws(VaultError) -> Timestamp {
        guard bytes.count == 8 else { throw .malformed }
        let bits = bytes.withBytes { span in
            span.byteOffsets.reduce(UInt64(0)) { $0 << 8 | UInt64(span[$1]) }
        }
        return Timestamp(microseconds: Int64(bitPattern: bits))
    }
}
