internal import Catalogue
package import Domain
internal import Sodium
internal import Vault

extension ConnectionLinking {
    /// Changes name, fields, secrets or suspension. Needs `connections:write`.
    ///
    /// Changed fields or secrets are verified again before they are stored. A field that moves the destination (host, token
    /// URL) needs every secret again, so that a stored one is never sent to a new place. With a refresh token any change of
    /// fields or secrets needs a new one: the entered one was spent by the first refresh, and the one in the token set may be
    /// on its way at this moment. It is stored first, as `pending`, and proved then.
    ///
    /// - Throws: as ``create(_:_:)``, and `.notFound(.connection)`, `.stale`, `.envelopeRefused`; with a refresh token,
    ///   `.verificationFailed` leaves the change stored, and the connection `pending`.
    package func update(
        _ id: ConnectionID, _ change: ConnectionChange, _ context: CallContext
    ) async throws(UseCaseError) -> Connection {
        try await gate.require(.writeConnections, for: .connectionUpdated, object: id.description, context)
        let stored = try await load(id, context)
        var connection = stored.connection
        if let expected = change.expectedVersion, expected != connection.version { throw .stale }
        if case .set(let name) = change.displayName { connection.displayName = name }
        if let problem = TextRules.problem(of: connection.displayName, at: "/display_name") {
            throw .invalid([problem])
        }
        if connection == stored.connection, await repeatsGrant(of: stored, change) {
            return change.verify ? try await proveByGrant(connection, .connectionUpdated, context) : connection
        }
        let credential = try await changeCredential(of: stored, &connection, change, context)
        if let suspended = change.suspended {
            let wasVerified = connection.verifiedAt != nil
            connection.apply(suspended ? .suspendedByOperator : .resumedByOperator(wasVerified: wasVerified))
        }
        guard credential != nil || connection != stored.connection else { return connection }
        connection.version += 1
        connection.updatedAt = gate.wallClock.now()
        let (changed, event) = (
            connection,
            gate.event(.connectionUpdated, tenant: connection.scope.tenantID, object: id.description, context)
        )
        try await gate.storing(.connection) { () async throws(StoreError) in
            try await connections.update(
                changed, entered: credential?.entered, tokenSet: credential?.tokenSet, facts: credential?.facts,
                audit: event)
        }
        guard let credential, credential.isToBeProved else { return connection }
        return try await proveByGrant(changed, .connectionUpdated, context)
    }

    /// Whether the change enters once more exactly what is entered already, refresh token included: a request that was repeated
    /// because its answer was lost or told of a failure. That token is spent by now, and its successor is stored: were it
    /// entered anew, the successor would be dropped and the spent one sent.
    private func repeatsGrant(
        of stored: StoredConnection, _ change: ConnectionChange
    ) async -> Bool {
        guard let provider = catalogue.provider(stored.integration.provider),
            case .refreshToken(let field) = provider.grantInput, change.secrets[field] != nil, change.suspended == nil,
            // What doesn't open can't be compared, and an account whose envelope is broken is linked anew.
            let entered = try? await sealer.openEntered(of: stored, for: .linking)
        else { return false }
        return change.secrets.allSatisfy { entered[$0.key]?.constantTimeEquals($0.value) ?? false }
            && change.fields.allSatisfy { stored.connection.fields[$0.key] == $0.value }
    }

    func load(_ id: ConnectionID, _ context: CallContext) async throws(UseCaseError) -> StoredConnection {
        try context.requireWithinRestriction(id)
        let found = try await gate.storing(.connection) { () async throws(StoreError) in
            try await connections.load(id, in: context.principal.readScope)
        }
        guard let found else { throw .notFound(.connection) }
        return found
    }

    private struct SealedCredential {
        let entered: SealedSecret
        let tokenSet: (SealedSecret, TokenTimes)?
        let facts: TokenSetFacts?
        /// Proving it spends it, and so comes after storing it.
        let isToBeProved: Bool
    }

    /// Nil where neither fields nor secrets change.
    private func changeCredential(
        of stored: StoredConnection, _ connection: inout Connection, _ change: ConnectionChange,
        _ context: CallContext
    ) async throws(UseCaseError) -> SealedCredential? {
        guard !change.fields.isEmpty || !change.secrets.isEmpty else { return nil }
        guard let provider = catalogue.provider(stored.integration.provider) else { throw .notFound(.provider) }
        let given = change.secrets.filter { $0.value.count > 0 }
        try Self.requireRefreshToken(given, provider)
        let kept = try await keptSecrets(of: stored, provider, given, context)
        let all = kept.merging(given) { _, new in new }
        let fields = connection.fields.merging(change.fields.compactMapValues(\.self)) { _, new in new }
            .filter { field in change.fields[field.key].map { $0 != nil } ?? true }
        let resolved = try resolve(
            provider, stored.integration, fields: fields, secrets: all, displayName: connection.displayName)
        try requireSecretsForNewDestination(resolved, stored, provider, kept: kept, given: given)
        connection.origin = resolved.origin
        connection.fields = resolved.fields
        connection.verifiedAt = nil
        var obtained: ObtainedToken?
        if change.verify, !provider.isProvedBySpending {
            obtained = try await prove(connection, stored.integration, provider, all, .connectionUpdated, context)
            connection.verifiedAt = gate.wallClock.now()
            connection.apply(.verified)
        } else {
            connection.apply(.linkedUnverified)
        }
        let (entered, tokenSet) = try await seal(
            connection, all, obtained, enteredVersion: (stored.entered?.recordVersion ?? 0) + 1,
            tokenVersion: stored.tokenSetVersion + 1)
        return SealedCredential(
            entered: entered, tokenSet: tokenSet,
            facts: Self.facts(of: obtained, connection, stored.integration, provider),
            isToBeProved: change.verify && provider.isProvedBySpending)
    }

    /// Were the entered one kept, the next refresh would send a token that is spent, which some servers answer by ending the
    /// whole grant.
    private static func requireRefreshToken(
        _ given: [String: SecretBytes], _ provider: Provider
    ) throws(UseCaseError) {
        guard case .refreshToken(let field) = provider.grantInput, given[field] == nil else { return }
        throw .invalid([InputProblem(in: "secrets", member: field, .missing)])
    }

    /// The stored secrets that stay; none are opened where all are given again, so that an account whose envelope doesn't
    /// open can be linked again.
    private func keptSecrets(
        of stored: StoredConnection, _ provider: Provider, _ given: [String: SecretBytes], _ context: CallContext
    ) async throws(UseCaseError) -> [String: SecretBytes] {
        let isComplete = provider.fields.allSatisfy { !$0.isSecret || given[$0.name] != nil }
        if isComplete || stored.entered == nil { return [:] }
        return try await gate.opening(stored.connection, context) { () async throws(SealingError) in
            try await sealer.openEntered(of: stored, for: .linking)
        }
    }

    /// Who may change a connection need not know its secrets: were a stored one sent wherever a new host says, it would be
    /// handed to him.
    private func requireSecretsForNewDestination(
        _ resolved: ResolvedConnection, _ stored: StoredConnection, _ provider: Provider,
        kept: [String: SecretBytes], given: [String: SecretBytes]
    ) throws(UseCaseError) {
        // What no longer resolves went elsewhere before, as far as anybody can tell.
        let before = try? provider.resolve(
            fields: stored.connection.fields, secrets: kept.merging(given) { old, _ in old },
            settings: stored.integration.settings, integrationHasClientSecret: stored.integration.hasClientSecret)
        let isSame = resolved.origin == stored.connection.origin && resolved.tokenURL == before?.tokenURL
        guard !isSame else { return }
        let missing = kept.keys.filter { given[$0] == nil }.sorted()
        guard missing.isEmpty else {
            throw .invalid(
                missing.map { InputProblem(in: "secrets", member: $0, .secretRequiredForNewDestination) })
        }
    }
}
