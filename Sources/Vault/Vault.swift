package import Sodium

/// What a secret is opened for. Closed, so that one search finds every reader.
package enum OpenPurpose: String, Sendable, CaseIterable {
    /// To sign a caller's request on its way through the proxy.
    case proxy
    /// To give its caller an access token.
    case tokenFetch
    /// To obtain or refresh a token set.
    case tokenRequest
    /// To prove the account with a real call.
    case verification
    /// To link again, keeping what was not entered anew.
    case linking
    /// To sign caller tokens.
    case callerTokenSigning
    /// To seal it again under another key.
    case resealing
    /// To look whether it opens at all.
    case inspection
}

/// A sealed secret and the version of the key that it refers to.
package struct Sealed: Hashable, Sendable {
    package let bytes: [UInt8]
    package let keyVersion: Int32
}

/// Seals secrets for their place and opens them there, with the key of the tenant or environment that owns them.
package struct Vault: Sendable {
    package let keys: KeyRing

    package init(keys: KeyRing) {
        self.keys = keys
    }

    /// Seals under the owner's active key.
    ///
    /// - Throws: `.ownerHasNoKey` before `prepareKey`; `.ownerMismatch` if `aad` belongs to another owner; transient
    ///   ones when the key must be fetched and cannot be.
    package func seal(
        _ plaintext: SecretBytes, owner: KeyOwner, aad: AAD
    ) async throws(VaultError) -> Sealed {
        guard aad.owner == owner else { throw .ownerMismatch }
        let active = try await keys.activeKey(for: owner)
        let bytes = try Envelope.seal(
            plaintext, key: active.key, keyVersion: active.version, aad: aad, nonce: Random.bytes(24))
        return Sealed(bytes: bytes, keyVersion: active.version)
    }

    /// Opens what was sealed for exactly this owner and place. The only way from a stored secret to its plaintext.
    ///
    /// - Throws: where `isTampering` is true the envelope was altered or moved: record it, never retry; `.keyUnavailable`
    ///   if the key version is gone; `.ownerMismatch`; transient ones when the key cannot be fetched.
    package func open(
        _ sealed: [UInt8], owner: KeyOwner, aad: AAD, purpose: OpenPurpose
    ) async throws(VaultError) -> SecretBytes {
        guard aad.owner == owner else { throw .ownerMismatch }
        let header = try Envelope.Header(of: sealed)
        guard header.kind == aad.kind else { throw .wrongKind }
        let key = try await keys.key(for: owner, version: header.keyVersion)
        return try Envelope.open(sealed, key: key, aad: aad)
    }

    /// Makes the owner's first key if it has none, and returns the active version. Safe to repeat and to race.
    @discardableResult
    package func prepareKey(for owner: KeyOwner) async throws(VaultError) -> Int32 {
        try await keys.prepareKey(for: owner)
    }
}
