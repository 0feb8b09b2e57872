package import Domain
package import Sodium
package import Vault

/// Why a secret could not be sealed or opened, as its caller must act.
package enum SealingError: Error, Hashable, Sendable {
    /// The envelope was altered or moved, or names a key that its owner doesn't have: record it, never retry.
    case refused
    /// Key store or root key is away: repeat later.
    case unavailable
    /// A fault of ours.
    case failed
}

/// Seals and opens the secrets of connections and integrations, each bound to its place: environment, tenant, table,
/// connection, field, record version and kind of credential.
package struct CredentialSealer: Sendable {
    private static let table = "credentials"
    private static let field = "envelope"

    private let vault: Vault

    package init(vault: Vault) { self.vault = vault }

    /// Seals what an account's owner entered.
    package func sealEntered(
        _ secrets: [String: SecretBytes], of id: ConnectionID, in scope: TenantScope, recordVersion: Int64
    ) async throws(SealingError) -> SealedSecret {
        let place = Self.place(of: id, in: scope, .entered, recordVersion)
        return try await seal(
            CredentialPlaintext.encode(entered: secrets), owner: KeyOwner(scope), place, recordVersion)
    }

    /// Seals what a token endpoint granted.
    package func sealTokenSet(
        _ obtained: ObtainedToken, of id: ConnectionID, in scope: TenantScope, recordVersion: Int64
    ) async throws(SealingError) -> SealedSecret {
        let place = Self.place(of: id, in: scope, .tokenSet, recordVersion)
        return try await seal(CredentialPlaintext.encode(obtained), owner: KeyOwner(scope), place, recordVersion)
    }

    /// Opens what an account's owner entered; `.refused` where nothing is stored.
    package func openEntered(
        of stored: StoredConnection, for purpose: OpenPurpose
    ) async throws(SealingError) -> [String: SecretBytes] {
        guard let sealed = stored.entered else { throw .refused }
        let plaintext = try await open(sealed, of: stored.connection, .entered, for: purpose)
        do throws(VaultError) {
            return try CredentialPlaintext.decodeEntered(plaintext)
        } catch {
            throw .refused
        }
    }

    /// Opens the token set; nil where none is stored. Its times come from inside the envelope, where nobody can move them.
    package func openTokenSet(
        of stored: StoredConnection, for purpose: OpenPurpose
    ) async throws(SealingError) -> OpenedTokenSet? {
        guard let sealed = stored.tokenSet else { return nil }
        let plaintext = try await open(sealed, of: stored.connection, .tokenSet, for: purpose)
        do throws(VaultError) {
            return try CredentialPlaintext.decodeTokenSet(
                plaintext, refreshDueAt: stored.tokenTimes?.refreshDueAt, recordVersion: sealed.recordVersion,
                credentialVersion: stored.entered?.recordVersion ?? 0)
        } catch {
            throw .refused
        }
    }

    /// Seals an integration's client secret; its record version is the integration's version.
    package func sealClientSecret(
        _ secret: SecretBytes, of integration: Integration
    ) async throws(SealingError) -> SealedSecret {
        try await seal(
            secret, owner: .environment(integration.environmentID), Self.place(of: integration, integration.version),
            integration.version)
    }

    package func openClientSecret(
        _ sealed: SealedSecret, of integration: Integration, for purpose: OpenPurpose
    ) async throws(SealingError) -> SecretBytes {
        do throws(VaultError) {
            try Self.checkKeyVersion(sealed)
            return try await vault.open(
                sealed.envelope, owner: .environment(integration.environmentID),
                aad: Self.place(of: integration, sealed.recordVersion), purpose: purpose)
        } catch {
            throw SealingError(error)
        }
    }

    private static func place(
        of id: ConnectionID, in scope: TenantScope, _ kind: CredentialKind, _ recordVersion: Int64
    ) -> AAD {
        .credential(
            environment: scope.environmentID, tenant: scope.tenantID, table: table, recordID: id, field: field,
            recordVersion: recordVersion, credentialType: kind.rawValue)
    }

    private static func place(of integration: Integration, _ recordVersion: Int64) -> AAD {
        .integrationSecret(
            environment: integration.environmentID, integration: integration.id, field: "client_secret",
            recordVersion: recordVersion)
    }

    private func open(
        _ sealed: SealedSecret, of connection: Connection, _ kind: CredentialKind, for purpose: OpenPurpose
    ) async throws(SealingError) -> SecretBytes {
        do throws(VaultError) {
            try Self.checkKeyVersion(sealed)
            return try await vault.open(
                sealed.envelope, owner: KeyOwner(connection.scope),
                aad: Self.place(of: connection.id, in: connection.scope, kind, sealed.recordVersion), purpose: purpose)
        } catch {
            throw SealingError(error)
        }
    }

    /// The version in the column keeps a key from being retired while a secret needs it: it must be the envelope's own.
    private static func checkKeyVersion(_ sealed: SealedSecret) throws(VaultError) {
        guard try Envelope.Header(of: sealed.envelope).keyVersion == sealed.keyVersion else { throw .malformed }
    }

    /// Seals; an owner without a key (its creation was cut short) gets its first one here.
    private func seal(
        _ plaintext: SecretBytes, owner: KeyOwner, _ place: AAD, _ recordVersion: Int64
    ) async throws(SealingError) -> SealedSecret {
        do throws(VaultError) {
            let sealed: Sealed
            do throws(VaultError) {
                sealed = try await vault.seal(plaintext, owner: owner, aad: place)
            } catch .ownerHasNoKey {
                try await vault.prepareKey(for: owner)
                sealed = try await vault.seal(plaintext, owner: owner, aad: place)
            }
            return SealedSecret(
                envelope: sealed.bytes, keyVersion: sealed.keyVersion, recordVersion: recordVersion)
        } catch {
            throw SealingError(error)
        }
    }
}

extension SealingError {
    init(_ error: VaultError) {
        switch error {
        case .malformed, .unsupportedFormat, .wrongKind, .commitmentMismatch, .authenticationFailed:
            self = .refused
        // The version stands in the envelope's header: one that its owner doesn't have comes from elsewhere.
        case .keyUnavailable, .ownerHasNoKey:
            self = .refused
        case .rootKeyUnavailable, .rootKeyUnreachable, .keyStoreUnavailable:
            self = .unavailable
        case .ownerMismatch:
            self = .failed
        }
    }
}
