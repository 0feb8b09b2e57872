internal import Domain
internal import Logging
internal import Observability
internal import Vault

extension CallGate {
    /// Makes the owner's first key where it has none.
    func prepareKey(for owner: KeyOwner, in vault: Vault) async throws(UseCaseError) {
        do throws(VaultError) {
            try await vault.prepareKey(for: owner)
        } catch {
            logger.error("a first key could not be made", metadata: .facts([.code: "\(error)"]))
            throw error.isTransient || error == .rootKeyUnavailable ? .unavailable : .internalFailure
        }
    }

    func useCaseError(_ error: SealingError) -> UseCaseError {
        switch error {
        case .refused: .envelopeRefused
        case .unavailable: .unavailable
        case .failed: .internalFailure
        }
    }

    /// Opens something; an envelope that is refused is recorded before the error goes out.
    func opening<T: Sendable>(
        _ connection: Connection, _ context: CallContext, _ body: () async throws(SealingError) -> T
    ) async throws(UseCaseError) -> T {
        do throws(SealingError) {
            return try await body()
        } catch {
            if error == .refused { await recordRefusedEnvelope(of: connection, context) }
            throw useCaseError(error)
        }
    }

    func recordRefusedEnvelope(of connection: Connection, _ context: CallContext) async {
        await record(
            event(
                .envelopeRefused, .failure, tenant: connection.scope.tenantID, object: connection.id.description,
                reason: .envelopeRefused, context))
    }

    func useCaseError(_ error: SecretsError, of connection: Connection, _ context: CallContext) async -> UseCaseError {
        switch error {
        case .store(let error): return useCaseError(error, on: .integration)
        case .sealing(let error):
            if error == .refused { await recordRefusedEnvelope(of: connection, context) }
            return useCaseError(error)
        }
    }
}
