package import Domain

/// A credential of a connection: which secret state it is.
package enum CredentialKind: String, Sendable, CaseIterable {
    /// What the account's owner entered: password, API key, client secret.
    case entered
    /// What a token endpoint answered: access token, its expiry, a refresh token.
    case tokenSet = "token_set"
}

/// Where an access token stands in time; beside the sealed token set, so that due work is found without opening it.
package struct TokenTimes: Hashable, Sendable {
    /// Counted from the moment the request was sent; nil where the server named no lifetime.
    package let expiresAt: Timestamp?
    /// When to obtain the next one: expiry less a jittered margin; nil where nothing is due by itself.
    package let refreshDueAt: Timestamp?

    package init(expiresAt: Timestamp?, refreshDueAt: Timestamp?) {
        self.expiresAt = expiresAt
        self.refreshDueAt = refreshDueAt
    }
}

/// Everything that a use of a connection reads, in one statement.
package struct StoredConnection: Sendable {
    package let connection: Connection
    package let integration: Integration
    package let entered: SealedSecret?
    package let tokenSet: SealedSecret?
    package let tokenTimes: TokenTimes?
    /// Record version of the last token set that this connection had, whether or not it still has one: the next one has the
    /// next number, so that no envelope of before ever fits its place again. 0 for none ever.
    package let tokenSetVersion: Int64

    package init(
        connection: Connection, integration: Integration, entered: SealedSecret?, tokenSet: SealedSecret?,
        tokenTimes: TokenTimes?, tokenSetVersion: Int64
    ) {
        self.connection = connection
        self.integration = integration
        self.entered = entered
        self.tokenSet = tokenSet
        self.tokenTimes = tokenTimes
        self.tokenSetVersion = tokenSetVersion
    }
}

/// How the refreshes of a connection stand, for people and products.
package struct RefreshState: Hashable, Sendable {
    package let tokenExpiresAt: Timestamp?
    package let lastSuccessAt: Timestamp?
    /// When the next one is due, or repeated after a failure; nil where nothing is due by itself.
    package let nextRefreshAt: Timestamp?
    /// Since the last success.
    package let consecutiveFailures: Int
    package let lastError: StatusReason?
    package let isScopeMissing: Bool

    package init(
        tokenExpiresAt: Timestamp?, lastSuccessAt: Timestamp?, nextRefreshAt: Timestamp?, consecutiveFailures: Int,
        lastError: StatusReason?, isScopeMissing: Bool
    ) {
        self.tokenExpiresAt = tokenExpiresAt
        self.lastSuccessAt = lastSuccessAt
        self.nextRefreshAt = nextRefreshAt
        self.consecutiveFailures = consecutiveFailures
        self.lastError = lastError
        self.isScopeMissing = isScopeMissing
    }
}

package protocol ConnectionStore: Sendable {
    /// Stores connection, credentials, audit event and (where it is active at once) `connection.linked` together. `.notFound`
    /// where tenant or integration don't exist in the environment.
    ///
    /// - Parameter facts: of the token set, or of the one that the first refresh will bring; nil where the provider has no
    ///   token endpoint.
    func create(
        _ connection: Connection, entered: SealedSecret, tokenSet: (SealedSecret, TokenTimes)?, facts: TokenSetFacts?,
        audit: AuditEvent
    ) async throws(StoreError)
    func find(_ id: ConnectionID, in scope: ReadScope) async throws(StoreError) -> Connection?
    /// Connection, integration and sealed credentials for one use; nil outside the scope.
    func load(_ id: ConnectionID, in scope: ReadScope) async throws(StoreError) -> StoredConnection?
    func list(
        in scope: ReadScope, integration: IntegrationID?, status: ConnectionStatus?, page: PageRequest<ConnectionKind>
    ) async throws(StoreError) -> Page<Connection>
    /// Compare-and-set: writes where the stored version is `connection.version - 1`, else `.stale` (or `.notFound`).
    /// A new `entered` credential replaces the old one, removes the token set, ends the back-off and outdates every lease;
    /// `tokenSet` sets a new one; its record version is ``StoredConnection/tokenSetVersion`` plus one. `facts` goes with
    /// them, and is nil where neither changes. Writes the lifecycle events that follow from the stored status and the new
    /// one (``ConnectionLifecycle``), and announces the change to every instance, in the same transaction.
    func update(
        _ connection: Connection, entered: SealedSecret?, tokenSet: (SealedSecret, TokenTimes)?, facts: TokenSetFacts?,
        audit: AuditEvent
    ) async throws(StoreError)
    /// How its refreshes stand; nil outside the scope.
    func refreshState(of id: ConnectionID, in scope: ReadScope) async throws(StoreError) -> RefreshState?
    /// Writes `connection.deleted` too.
    func delete(_ id: ConnectionID, in scope: TenantScope, audit: AuditEvent) async throws(StoreError)
}
