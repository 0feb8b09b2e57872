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
        case .proved:
            return try await write(.proved, stored, context)
        case .failed(let failure, _):
            if case .credentialRefused = failure {
                _ = try await write(.refused, stored, context)
            } else {
                await recordFailure(of: .connectionVerified, stored.connection, context)
            }
            throw .verificationFailed(failure)
        }
    }

    enum Proof: Sendable {
        case proved
        /// `endsGrant`: the token endpoint refused for good, so that trying again with the same is of no use.
        case failed(VerificationFailure, endsGrant: Bool)
    }

    enum Finding { case proved, refused }

    /// Obtains a token through the refresher where the provider needs one, then makes the verification call.
    func proveStored(
        _ stored: StoredConnection, _ provider: Provider, _ context: CallContext
    ) async throws(UseCaseError) -> Proof {
        var accessToken: SecretBytes?
        var secrets: [String: SecretBytes] = [:]
        if provider.needsAccessToken {
            let token: OpenedTokenSet
            do throws(RefreshError) {
                token = try await refresher.refreshedTokenSet(of: stored, isForced: true, deadline: context.deadline)
            } catch {
                return try Self.proof(error)
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
            return .proved
        } catch {
            return .failed(error, endsGrant: false)
        }
    }

    /// What a token that could not be had says about the account, or why that is not known.
    private static func proof(_ error: RefreshError) throws(UseCaseError) -> Proof {
        switch error {
        case .ended(let reason): return .failed(.tokenEndpoint(.init(ended: reason)), endsGrant: true)
        case .backingOff(let reason, let remaining):
            return .failed(.tokenEndpoint(.init(backingOff: reason, remaining)), endsGrant: false)
        case .timedOut: return .failed(.tokenEndpoint(.timedOut), endsGrant: false)
        case .overloaded: return .failed(.tokenEndpoint(.overloaded), endsGrant: false)
        case .storeUnavailable: throw .unavailable
        case .envelopeRefused: throw .envelopeRefused
        case .notFound: throw .notFound(.connection)
        case .internalFailure: throw .internalFailure
        }
    }

    /// Writes what was found, as long as it is about the credential that is stored: another change of the connection
    /// meanwhile is read and kept.
    func write(
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
                try await connections.update(changed, entered: nil, tokenSet: nil, facts: nil, audit: event)
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
        switch finding {
        case .proved:
            connection.apply(.verified)
            connection.verifiedAt = now
        case .refused:
            connection.apply(.credentialRefused)
        }
    }
}

extension TokenEndpointFailure {
    /// What the end of a grant says about the token endpoint.
    fileprivate init(ended reason: StatusReason) {
        switch reason {
        case .invalidClient, .credentialRefused: self = .invalidClient
        case .invalidGrant, .answerLost: self = .invalidGrant
        case .tokenEndpointUnreachable, .tokenEndpointRefused, .tokenEndpointMalformed, .tokenEndpointMisconfigured,
            .rateLimited, .outcomeUnknown, .attemptsExhausted, .byOperator:
            self = .refused
        }
    }

    /// What a refresh that failed for now says about it.
    fileprivate init(backingOff reason: StatusReason, _ remaining: Duration) {
        switch reason {
        case .rateLimited, .attemptsExhausted: self = .rateLimited(retryAfter: remaining)
        case .tokenEndpointMalformed: self = .malformed
        case .tokenEndpointMisconfigured: self = .misconfigured
        case .invalidClient: self = .invalidClient
        case .invalidGrant, .answerLost: self = .invalidGrant
        case .tokenEndpointRefused: self = .refusedWithoutReason
        case .outcomeUnknown: self = .outcomeUnknown
        case .tokenEndpointUnreachable, .credentialRefused, .byOperator: self = .serverError(retryAfter: remaining)
        }
    }
}
