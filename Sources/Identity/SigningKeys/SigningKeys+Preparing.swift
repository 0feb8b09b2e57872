package import Connections
package import Domain

extension SigningKeys: SigningKeyPreparing {
    package func prepareSigningKey(of environment: EnvironmentID) async throws(UseCaseError) {
        do {
            try await prepare(environment)
        } catch {
            switch error {
            case .storeUnavailable, .vaultUnavailable: throw .unavailable
            case .seedRefused: throw .envelopeRefused
            case .noUsableKey: throw .internalFailure
            }
        }
    }
}
