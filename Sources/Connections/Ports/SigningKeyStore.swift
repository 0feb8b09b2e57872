package import Domain

/// A caller-token signing key of an environment, its seed sealed under the environment key.
package struct StoredSigningKey: Sendable {
    package enum State: String, Sendable, CaseIterable {
        /// Published, not used yet; becomes `active`.
        case next
        /// Signs; becomes `verify`.
        case active
        /// Only verifies, until the last token that it signed has expired.
        case verify
    }

    package let environmentID: EnvironmentID
    /// RFC 7638 thumbprint of the public key.
    package let kid: String
    package let state: State
    /// The raw Ed25519 public key, 32 bytes (RFC 8037 §2).
    package let publicKey: [UInt8]
    package let seed: SealedSecret
    package let notBefore: Timestamp
    package let createdAt: Timestamp

    package init(
        environmentID: EnvironmentID, kid: String, state: State, publicKey: [UInt8], seed: SealedSecret,
        notBefore: Timestamp, createdAt: Timestamp
    ) {
        self.environmentID = environmentID
        self.kid = kid
        self.state = state
        self.publicKey = publicKey
        self.seed = seed
        self.notBefore = notBefore
        self.createdAt = createdAt
    }
}

package protocol SigningKeyStore: Sendable {
    /// Every key of every environment that may still verify: what an instance loads at start and on a change.
    func all() async throws(StoreError) -> [StoredSigningKey]
    /// Inserts where the environment has no active key yet; returns the key that is active afterwards.
    func insertFirst(_ key: StoredSigningKey) async throws(StoreError) -> StoredSigningKey
}

/// The callers whose tokens ended before they expired.
package protocol RevocationStore: Sendable {
    /// API keys revoked after the given instant: what a starting instance (or one that was cut off) must know.
    func apiKeysRevoked(since: Timestamp) async throws(StoreError) -> [APIKeyID]
}
