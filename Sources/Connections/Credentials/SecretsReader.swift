package import Catalogue
package import Domain
package import Sodium
package import Vault

/// Why a connection's secrets could not be read.
package enum SecretsError: Error, Hashable, Sendable {
    case sealing(SealingError)
    case store(StoreError)
}

/// Opens the secret that a connection's token request needs besides its own: the integration's client secret, where the
/// connection has none and the provider lets one stand in.
package struct SecretsReader: Sendable {
    private let sealer: CredentialSealer
    private let integrations: any IntegrationStore

    package init(sealer: CredentialSealer, integrations: any IntegrationStore) {
        self.sealer = sealer
        self.integrations = integrations
    }

    /// The given secrets, with the integration's client secret where it stands in.
    package func completing(
        _ own: [String: SecretBytes], with integration: Integration, for provider: Provider, purpose: OpenPurpose
    ) async throws(SecretsError) -> [String: SecretBytes] {
        guard let field = provider.clientSecretField, own[field] == nil, integration.hasClientSecret,
            provider.allowsSharedClientSecret(integration.settings)
        else { return own }
        let sealed: SealedSecret?
        do throws(StoreError) {
            sealed = try await integrations.clientSecret(of: integration.id, in: integration.environmentID)
        } catch {
            throw .store(error)
        }
        guard let sealed else { return own }
        var secrets = own
        do throws(SealingError) {
            secrets[field] = try await sealer.openClientSecret(sealed, of: integration, for: purpose)
        } catch {
            throw .sealing(error)
        }
        return secrets
    }
}
