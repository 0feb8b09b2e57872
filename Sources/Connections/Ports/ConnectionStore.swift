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

    package init(
        connection: Connection, integration: Integration, entered: SealedSecret?, tokenSet: SealedSecret?,
        tokenTimes: TokenTimes?
    ) {
        self.connection = connection
        self.integration = integration
        self.entered = entered
        self.tokenSet = tokenSet
        self.tokenTimes = tokenTimes
    }
}

package protocol ConnectionStore: Sendable {
    /// Stores connection, credentials and audit event together. `.notFound` where tenant or integration don't exist in
    /// the environment.
    func create(
        _ connection: Connection, entered: SealedSecret, tokenSet: (SealedSecret, TokenTimes)?, audit: AuditEvent
    ) async throws(StoreError)
    func find(_ id: ConnectionID, in scope: ReadScope) async throws(StoreError) -> Connection?
    /// Connection, integration and sealed credentials for one use; nil outside the scope.
    func load(_ id: ConnectionID, in scope: ReadScope) async throws(StoreError) -> StoredConnection?
    func list(
        in scope: ReadScope, integration: IntegrationID?, status: ConnectionStatus?, page: PageRequest<ConnectionKind>
    ) async throws(StoreError) -> Page<Connection>
    /// Compare-and-set: writes where the stored version is `connection.version - 1`, else `.stale` (or `.notFound`).
    /// A new `entered` credential replaces the old one, removes the token set, ends the back-off and outdates every lease;
    /// `tokenSet` sets a new one. The new record versions are larger than those that they replace.
    /// Announces the change to every instance in the same transaction.
    func update(
        _ connection: Connection, entered: SealedSecret?, tokenSet: (SealedSecret, TokenTimes)?, audit: AuditEvent
    ) async throws(StoreError)
    func delete(_ id: ConnectionID, in scope: TenantScope, audit: AuditEvent) async throws(StoreError)
}
