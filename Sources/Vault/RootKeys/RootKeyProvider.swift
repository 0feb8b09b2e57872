package import Sodium

/// Port: holder of a root key, which wraps tenant and environment keys and is never in the database.
package protocol RootKeyProvider: Sendable {
    /// Names the key, not the provider: the same key read from another place has the same id, another key another one.
    /// Stored beside each key that it wraps.
    var id: String { get }

    /// Seals a key for its owner and version under this root key; the result names both and this id.
    ///
    /// - Throws: `.rootKeyUnreachable` if the holder did not answer.
    func wrap(_ key: SecretBytes, owner: KeyOwner, version: Int32) async throws(VaultError) -> [UInt8]

    /// Opens what `wrap` returned for the same owner and version.
    ///
    /// - Throws: as `Envelope.open`; `.rootKeyUnreachable` if the holder did not answer.
    func unwrap(_ wrapped: [UInt8], owner: KeyOwner, version: Int32) async throws(VaultError) -> SecretBytes

    /// Seals a key of this process's own files under this root key; the result names the use and this id.
    ///
    /// - Throws: as the other `wrap`.
    func wrap(_ key: SecretBytes, for use: LocalUse) async throws(VaultError) -> [UInt8]

    /// Opens what `wrap` returned for the same use; what was wrapped for an owner does not open here.
    ///
    /// - Throws: as the other `unwrap`.
    func unwrap(_ wrapped: [UInt8], for use: LocalUse) async throws(VaultError) -> SecretBytes
}

/// The configured root keys: one wraps new keys, the others still open what they wrapped.
package struct RootKeys: Sendable {
    package let active: any RootKeyProvider
    private let byID: [String: any RootKeyProvider]

    package init(active: any RootKeyProvider, openingOnly others: [any RootKeyProvider] = []) {
        self.active = active
        var byID: [String: any RootKeyProvider] = [:]
        for provider in others { byID[provider.id] = provider }
        byID[active.id] = active
        self.byID = byID
    }

    /// - Throws: `.rootKeyUnavailable` if no configured key has that id.
    package func provider(_ id: String) throws(VaultError) -> any RootKeyProvider {
        guard let provider = byID[id] else { throw .rootKeyUnavailable }
        return provider
    }

    package var ids: [String] { byID.keys.sorted() }
}
