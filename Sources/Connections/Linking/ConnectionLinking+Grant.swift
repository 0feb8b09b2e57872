internal import Catalogue
internal import Domain
internal import Logging
internal import Observability
internal import Sodium

// Accounts whose proof spends what was entered: a refresh token that a server rotates is good for one request, and the answer
// holds the only one that is good after it. So the connection is stored before it is proved, and the proof runs where every
// answer is kept: under the lease, through the spool, into the row.
extension ConnectionLinking {
    /// Stores the connection as `pending`, proves it through the refresher and the verification call, and makes it `active`.
    ///
    /// Where the token endpoint refuses for good, the connection is removed again. After any other failure it stays `pending`:
    /// its grant may be spent and its successor stored, so that only ``verify(_:_:)`` can go on.
    ///
    /// - Throws: `.verificationFailed`; `.unproved` where it stays; `.outcomeUnknown` where the connection is stored and its proof could not be had or
    ///   written.
    func createByGrant(
        _ connection: Connection, _ integration: Integration, _ provider: Provider, _ given: [String: SecretBytes],
        _ context: CallContext
    ) async throws(UseCaseError) -> Connection {
        try await store(connection, integration, provider, given, nil, context)
        return try await proveByGrant(connection, .connectionCreated, context)
    }

    /// Proves what was just stored.
    ///
    /// - Parameters:
    ///   - connection: as it was written.
    ///   - action: the one that a failure ends; a new connection whose grant is over is removed.
    func proveByGrant(
        _ connection: Connection, _ action: AuditEvent.Action, _ context: CallContext
    ) async throws(UseCaseError) -> Connection {
        do throws(UseCaseError) {
            let stored = try await load(connection.id, context)
            guard let provider = catalogue.provider(stored.integration.provider) else { throw .notFound(.provider) }
            switch try await proveStored(stored, provider, context) {
            case .proved: return try await write(.proved, stored, context)
            case .failed(let failure, let endsGrant):
                await recordFailure(of: action, connection, context)
                guard action == .connectionCreated else { throw .verificationFailed(failure) }
                guard endsGrant else { throw .unproved(connection.id, failure) }
                await remove(stored, context)
                throw .verificationFailed(failure)
            }
        } catch .unavailable {
            // "Nothing was stored" would have the caller send the same refresh token again, in a second connection.
            throw .outcomeUnknown
        }
    }

    /// Removes a connection that was just made, as long as nobody has entered another credential meanwhile.
    private func remove(_ made: StoredConnection, _ context: CallContext) async {
        let connection = made.connection
        let event = gate.event(
            .connectionDeleted, tenant: connection.scope.tenantID, object: connection.id.description, context)
        do throws(StoreError) {
            let stored = try await connections.load(connection.id, in: context.principal.readScope)
            guard stored?.entered?.recordVersion == made.entered?.recordVersion else { return }
            try await connections.delete(connection.id, in: connection.scope, audit: event)
        } catch {
            // It stays pending and unusable, and is listed as such.
            gate.logger.warning(
                "a connection whose grant was refused could not be removed",
                metadata: .facts([.connection: connection.id.description, .reason: "\(error)"]))
        }
    }
}

extension Provider {
    /// Whether proving an account spends what was entered for it.
    var isProvedBySpending: Bool {
        switch grantInput {
        case .none, .clientCredentials: false
        case .refreshToken: true
        }
    }
}
