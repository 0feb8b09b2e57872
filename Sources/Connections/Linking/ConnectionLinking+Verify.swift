internal import Catalogue
package import Domain
internal import Sodium
internal import Vault

extension ConnectionLinking {
    /// Proves the stored credential with a real call now. Needs `connections:write`.
    ///
    /// Success makes a `pending`, `backing_off` or `reauth_required` connection `active`; a refused credential makes it
    /// `reauth_required`; any other failure changes nothing. A suspended connection stays suspended.
    ///
    /// - Throws: `.verificationFailed`, `.notFound(.connection)`, `.envelopeRefused`; `.stale` where the credential was
    ///   replaced meanwhile.
    package func verify(_ id: ConnectionID, _ context: CallContext) async throws(UseCaseError) -> Connection {
        try await gate.require(.writeConnections, for: .connectionVerified, object: id.description, context)
        let stored = try await load(id, context)
        guard let provider = catalogue.provider(stored.integration.provider) else { throw .notFound(.provider) }
        switch try await proveStored(stored, provider, context) {
        case .success:
            return try await write(.proved, stored, context)
        case .failure(let failure):
            if case .credentialRefused = failure {
                _ = try await write(.refused, stored, context)
            } else {
                await recordFailure(of: .connectionVerified, stored.connection, context)
            }
            throw .verificationFailed(failure)
        }
    }

    private enum Finding { case proved, refused }

    private func proveStored(
        _ stored: StoredConnection, _ provider: Provider, _ context: CallContext
    ) async throws(UseCaseError) -> Result<Void, VerificationFailure> {
        var accessToken: SecretBytes?
        var secrets: [String: SecretBytes] = [:]
        if provider.needsAccessToken {
            let token: OpenedTokenSet
            do throws(RefreshError) {
                token = try await refresher.refreshedTokenSet(of: stored, deadline: context.deadline)
            } catch {
                return .failure(try verificationFailure(error))
            }
            guard token.credentialVersion == stored.entered?.recordVersion else { throw .stale }
            accessToken = token.accessToken
        } else {
            secrets = try await gate.opening(stored.connection, context) { () async throws(SealingError) in
                try await sealer.openEntered(of: stored, for: .verification)
            }
        }
        let connection = stored.connection
        let account = AccountVerifier.Account(
            provider: provider, settings: stored.integration.settings, origin: connection.origin,
            fields: connection.fields, secrets: secrets, poolKey: connection.poolKey)
        do throws(VerificationFailure) {
            try await verifier.call(account, accessToken: accessToken, deadline: context.deadline)
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    /// What a token that could not be had says about the account, or why that is not known.
    private func verificationFailure(_ error: RefreshError) throws(UseCaseError) -> VerificationFailure {
        switch error {
        case .ended(.invalidClient), .ended(.credentialRefused), .ended(.invalidGrant):
            return .tokenEndpoint(.invalidClient)
        case .ended(.tokenEndpointUnreachable), .ended(.tokenEndpointRefused), .ended(.tokenEndpointMalformed),
            .ended(.rateLimited), .ended(.outcomeUnknown), .ended(.byOperator):
            return .tokenEndpoint(.refused)
        case .backingOff(.rateLimited, let remaining):
            return .tokenEndpoint(.rateLimited(retryAfter: remaining))
        case .backingOff(.tokenEndpointMalformed, _):
            return .tokenEndpoint(.malformed)
        case .backingOff(.invalidClient, _):
            return .tokenEndpoint(.invalidClient)
        case .backingOff(.tokenEndpointRefused, _):
            return .tokenEndpoint(.refusedWithoutReason)
        case .backingOff(_, let remaining):
            return .tokenEndpoint(.serverError(retryAfter: remaining))
        case .timedOut: return .tokenEndpoint(.timedOut)
        case .overloaded: return .tokenEndpoint(.overloaded)
        case .storeUnavailable: throw .unavailable
        case .envelopeRefused: throw .envelopeRefused
        case .notFound: throw .notFound(.connection)
        case .internalFailure: throw .internalFailure
        }
    }

    /// Writes what was found, as long as it is about the credential that is stored: another change of the connection
    /// meanwhile is read and kept.
    private func write(
        _ finding: Finding, _ proved: StoredConnection, _ context: CallContext
    ) async throws(UseCaseError) -> Connection {
        for _ in 0..<5 {
            let stored = try await load(proved.connection.id, context)
            guard stored.entered?.recordVersion == proved.entered?.recordVersion else { throw .stale }
            var connection = stored.connection
            Self.apply(finding, to: &connection, now: gate.wallClock.now())
            let changed = connection
            let event = gate.event(
                .connectionVerified, finding == .proved ? .success : .failure, tenant: connection.scope.tenantID,
                object: connection.id.description, reason: finding == .proved ? nil : .verificationFailed, context)
            do throws(StoreError) {
                try await connections.update(changed, entered: nil, tokenSet: nil, audit: event)
                return connection
            } catch .stale {
                continue
            } catch {
                throw gate.useCaseError(error, on: .connection)
            }
        }
        throw .stale
    }

    private static func apply(_ finding: Finding, to connection: inout Connection, now: Timestamp) {
        connection.version += 1
        connection.updatedAt = now
        switch (finding, connection.status) {
        case (.proved, .pending), (.proved, .active), (.proved, .backingOff), (.proved, .reauthRequired):
            connection.status = .active
            connection.statusReason = nil
            connection.verifiedAt = now
        case (.proved, .suspended):
            connection.verifiedAt = now
        case (.refused, .active), (.refused, .backingOff), (.refused, .reauthRequired):
            connection.status = .reauthRequired
            connection.statusReason = .credentialRefused
        case (.refused, .pending), (.refused, .suspended):
            break
        }
    }
}
