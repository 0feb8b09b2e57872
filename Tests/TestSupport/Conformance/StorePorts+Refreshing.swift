import Connections
import Domain

// What the suites on refreshing do again and again.
extension StorePorts {
    /// A token endpoint that spends refresh tokens, or doesn't.
    func facts(spending: Bool = false, scopeMissing: Bool = false) throws -> TokenSetFacts {
        guard let endpoint = TokenEndpointKey("https://login.example.com/token") else {
            throw ConformanceFailure("not an endpoint")
        }
        return TokenSetFacts(endpoint: endpoint, spendsRefreshToken: spending, isScopeMissing: scopeMissing)
    }

    func create(
        _ connection: Connection, times: TokenTimes? = nil, facts: TokenSetFacts? = nil
    ) async throws {
        var tokenSet: (SealedSecret, TokenTimes)?
        if let times { tokenSet = (try await self.tokenSet(connection, 1), times) }
        try await connections.create(
            connection, entered: try await entered(connection, 1), tokenSet: tokenSet, facts: facts,
            audit: event(.connectionCreated, connection.scope.environmentID, tenant: connection.scope.tenantID))
    }

    /// Replaces what was entered, and the token set where times are given.
    func relink(
        _ connection: Connection, entered: Int64, times: TokenTimes? = nil, tokenSetVersion: Int64 = 0,
        facts: TokenSetFacts? = nil
    ) async throws(StoreError) -> Connection {
        var changed = connection
        changed.version += 1
        do {
            var tokenSet: (SealedSecret, TokenTimes)?
            if let times { tokenSet = (try await self.tokenSet(changed, tokenSetVersion), times) }
            try await connections.update(
                changed, entered: try await self.entered(changed, entered), tokenSet: tokenSet, facts: facts,
                audit: event(.connectionUpdated, changed.scope.environmentID, tenant: changed.scope.tenantID))
        } catch {
            throw error as? StoreError ?? .failed
        }
        return changed
    }

    func terms(
        _ owner: InstanceID? = nil, wait: Duration? = .seconds(300), ended: [InstanceID] = [], cap: Int = 100
    ) -> LeaseTerms {
        LeaseTerms(
            owner: owner ?? instance(), duration: .seconds(40), unresolvedWait: wait, ended: ended,
            maxAttemptsPerHour: cap)
    }

    func answer(
        _ connection: Connection, _ terms: LeaseTerms? = nil, ignoringBackoff: Bool = false,
        in scope: TenantScope? = nil
    ) async throws -> LeaseAnswer {
        let request = LeaseRequest(
            connectionID: connection.id, scope: scope ?? connection.scope, ignoresBackoff: ignoringBackoff)
        let answers = try await refreshes.acquireLeases([request], on: terms ?? self.terms())
        try require(answers.count == 1, "one answer for each request")
        return answers[0]
    }

    func lease(
        _ connection: Connection, _ terms: LeaseTerms? = nil, ignoringBackoff: Bool = false
    ) async throws -> Lease {
        let answer = try await answer(connection, terms, ignoringBackoff: ignoringBackoff)
        guard case .granted(let lease, _) = answer else { throw ConformanceFailure("a lease, not \(answer)") }
        return lease
    }

    func completion(_ lease: Lease, _ result: RefreshResult) -> RefreshCompletion {
        RefreshCompletion(
            lease: lease, result: result,
            audit: event(.credentialRefreshed, lease.scope.environmentID, tenant: lease.scope.tenantID))
    }

    @discardableResult
    func complete(_ lease: Lease, _ result: RefreshResult) async throws -> CompletionAnswer {
        let answers = try await refreshes.complete([completion(lease, result)])
        try require(answers.count == 1, "one answer for each completion")
        return answers[0]
    }

    /// Writes a result that must be written.
    func write(_ lease: Lease, _ result: RefreshResult) async throws {
        let answer = try await complete(lease, result)
        try require(answer == .written, "written, not \(answer)")
    }

    func load(_ connection: Connection) async throws -> StoredConnection {
        guard let stored = try await connections.load(connection.id, in: ReadScope(connection.scope)) else {
            throw ConformanceFailure("the connection is there")
        }
        return stored
    }

    func state(_ connection: Connection) async throws -> RefreshState {
        guard let state = try await connections.refreshState(of: connection.id, in: ReadScope(connection.scope)) else {
            throw ConformanceFailure("the connection is there")
        }
        return state
    }

    /// The next token set of a connection, as a refresh would bring it.
    func next(
        _ connection: Connection, validFor lifetime: Duration? = .seconds(600), facts: TokenSetFacts? = nil
    ) async throws -> RefreshResult {
        let version = try await load(connection).tokenSetVersion + 1
        return .obtained(
            try await tokenSet(connection, version), times(validFor: lifetime), try facts ?? self.facts())
    }
}

extension ReadScope {
    init(_ scope: TenantScope) { self.init(environmentID: scope.environmentID, tenantID: scope.tenantID) }
}
