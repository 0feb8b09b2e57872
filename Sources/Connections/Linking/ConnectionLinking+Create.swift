internal import Catalogue
package import Domain
internal import Sodium
internal import Vault

extension ConnectionLinking {
    /// Links an account. Needs `connections:write`.
    ///
    /// Checks the fields against the provider, proves the account with a real call (for OAuth client credentials: obtains
    /// a token, then calls with it), then stores connection, credential and token set together.
    ///
    /// A refresh token is stored first, because proving it spends it; see ``createByGrant(_:_:_:_:_:)``.
    ///
    /// - Throws: `.notFound(.tenant)`; `.invalid` at `/integration`, `/display_name`, `/fields/…`, `/secrets/…`;
    ///   `.verificationFailed` (nothing is stored, and the failure is recorded).
    package func create(_ draft: NewConnection, _ context: CallContext) async throws(UseCaseError) -> Connection {
        try await requireCreating(context)
        let tenant = try await tenant(draft.tenantID, context)
        let integration = try await integration(draft.integration, context)
        guard let provider = catalogue.provider(integration.provider) else { throw .notFound(.provider) }
        let given = draft.secrets.filter { $0.value.count > 0 }
        let resolved = try resolve(
            provider, integration, fields: draft.fields, secrets: given, displayName: draft.displayName)
        let id: ConnectionID = gate.identifiers.next()
        let scope = TenantScope(environmentID: tenant.environmentID, tenantID: tenant.id)
        let now = gate.wallClock.now()
        var connection = Connection(
            id: id, scope: scope, integrationID: integration.id, displayName: draft.displayName, status: .pending,
            statusReason: nil, origin: resolved.origin, fields: resolved.fields, version: 1, createdAt: now,
            updatedAt: now, verifiedAt: nil)
        guard draft.verify else {
            try await store(connection, integration, provider, given, nil, context)
            return connection
        }
        if provider.isProvedBySpending {
            return try await createByGrant(connection, integration, provider, given, context)
        }
        let obtained = try await prove(connection, integration, provider, given, .connectionCreated, context)
        connection.apply(.verified)
        connection.verifiedAt = gate.wallClock.now()
        try await store(connection, integration, provider, given, obtained, context)
        return connection
    }

    private func requireCreating(_ context: CallContext) async throws(UseCaseError) {
        try await gate.require(.writeConnections, for: .connectionCreated, context)
        // A caller that is held to certain connections can't make itself another.
        guard context.principal.restriction?.connections.isEmpty ?? true else {
            await gate.recordDenial(of: .connectionCreated, object: nil, reason: .restricted, context)
            throw .denied([])
        }
    }

    private func tenant(_ id: TenantID, _ context: CallContext) async throws(UseCaseError) -> Tenant {
        let scope = try context.narrowedScope(to: id)
        let found = try await gate.storing(.tenant) { () async throws(StoreError) in
            try await tenants.find(id, in: scope)
        }
        guard let found else { throw .notFound(.tenant) }
        return found
    }

    private func integration(
        _ reference: IntegrationReference, _ context: CallContext
    ) async throws(UseCaseError) -> Integration {
        let environment = context.principal.environmentID
        let found = try await gate.storing(.integration) { () async throws(StoreError) in
            switch reference {
            case .id(let id): try await integrations.find(id, in: environment)
            case .name(let name): try await integrations.find(name: name, in: environment)
            }
        }
        guard let found else { throw .invalid([InputProblem("/integration", .unknown)]) }
        return found
    }

    func store(
        _ connection: Connection, _ integration: Integration, _ provider: Provider, _ given: [String: SecretBytes],
        _ obtained: ObtainedToken?, _ context: CallContext
    ) async throws(UseCaseError) {
        let (entered, tokenSet) = try await seal(connection, given, obtained, enteredVersion: 1, tokenVersion: 1)
        let event = gate.event(
            .connectionCreated, tenant: connection.scope.tenantID, object: connection.id.description, context)
        let facts = Self.facts(of: obtained, connection, integration, provider)
        try await gate.storing(.tenant) { () async throws(StoreError) in
            try await connections.create(connection, entered: entered, tokenSet: tokenSet, facts: facts, audit: event)
        }
    }
}

// What creating and changing share.
extension ConnectionLinking {
    /// Every problem with name and fields, or where the connection goes.
    func resolve(
        _ provider: Provider, _ integration: Integration, fields: [String: String], secrets: [String: SecretBytes],
        displayName: String?
    ) throws(UseCaseError) -> ResolvedConnection {
        var problems = [TextRules.problem(of: displayName, at: "/display_name")].compactMap(\.self)
        do throws(ProviderFieldProblems) {
            let resolved = try provider.resolve(
                fields: fields, secrets: secrets, settings: integration.settings,
                integrationHasClientSecret: integration.hasClientSecret)
            if problems.isEmpty { return resolved }
        } catch {
            problems += error.problems.map { problem in
                Self.inputProblem(problem, provider, wasSecret: secrets[problem.field] != nil)
            }
        }
        throw .invalid(problems)
    }

    /// Points to where the value was given, or where it is missing.
    private static func inputProblem(
        _ problem: ProviderFieldProblem, _ provider: Provider, wasSecret: Bool
    ) -> InputProblem {
        let isAmongSecrets: Bool
        switch problem.reason {
        case .secretExpected: isAmongSecrets = false
        case .plainExpected: isAmongSecrets = true
        case .unknown: isAmongSecrets = wasSecret
        case .missing, .tooLong, .malformed, .patternMismatch, .plainHTTPRefused, .urlRefused, .notApplicable:
            isAmongSecrets = provider.field(problem.field)?.isSecret ?? wasSecret
        }
        return InputProblem(
            in: isAmongSecrets ? "secrets" : "fields", member: problem.field, InputProblemCode(problem.reason))
    }

    /// Proves an account as it would be stored; a failure is recorded under the action that it ends.
    func prove(
        _ connection: Connection, _ integration: Integration, _ provider: Provider, _ given: [String: SecretBytes],
        _ action: AuditEvent.Action, _ context: CallContext
    ) async throws(UseCaseError) -> ObtainedToken? {
        let all: [String: SecretBytes]
        do throws(SecretsError) {
            all = try await secrets.completing(given, with: integration, for: provider, purpose: .verification)
        } catch {
            throw await gate.useCaseError(error, of: connection, context)
        }
        let account = AccountVerifier.Account(
            provider: provider, settings: integration.settings, origin: connection.origin, fields: connection.fields,
            secrets: all, poolKey: connection.poolKey)
        do throws(VerificationFailure) {
            return try await verifier.prove(account, deadline: context.deadline)
        } catch {
            await recordFailure(of: action, connection, context)
            throw .verificationFailed(error)
        }
    }

    /// What is kept in plain beside the token set, or beside a credential whose first token is still to come.
    static func facts(
        of obtained: ObtainedToken?, _ connection: Connection, _ integration: Integration, _ provider: Provider
    ) -> TokenSetFacts? {
        if let obtained { return obtained.facts }
        let endpoint = provider.tokenEndpoint(fields: connection.fields, settings: integration.settings)
        return endpoint.map {
            TokenSetFacts(endpoint: $0, spendsRefreshToken: provider.isProvedBySpending, isScopeMissing: false)
        }
    }

    func recordFailure(
        of action: AuditEvent.Action, _ connection: Connection, _ context: CallContext
    ) async {
        await gate.record(
            gate.event(
                action, .failure, tenant: connection.scope.tenantID, object: connection.id.description,
                reason: .verificationFailed, context))
    }

    /// - Parameter tokenVersion: ``StoredConnection/tokenSetVersion`` plus one; 1 for a new connection.
    func seal(
        _ connection: Connection, _ given: [String: SecretBytes], _ obtained: ObtainedToken?, enteredVersion: Int64,
        tokenVersion: Int64
    ) async throws(UseCaseError) -> (SealedSecret, (SealedSecret, TokenTimes)?) {
        do throws(SealingError) {
            let entered = try await sealer.sealEntered(
                given, of: connection.id, in: connection.scope, recordVersion: enteredVersion)
            guard let obtained else { return (entered, nil) }
            let sealed = try await sealer.sealTokenSet(
                obtained, of: connection.id, in: connection.scope, recordVersion: tokenVersion)
            return (entered, (sealed, obtained.times))
        } catch {
            throw gate.useCaseError(error)
        }
    }
}

extension Connection {
    /// Names the connection to the outbound client: no kept-alive connection is shared with another.
    package var poolKey: String { "\(scope.tenantID)/\(id)" }
}
