package import Domain

// Every mutating call writes its audit event in the same transaction as the change.

package protocol EnvironmentStore: Sendable {
    func create(_ environment: Environment, audit: AuditEvent) async throws(StoreError)
    func find(name: Slug) async throws(StoreError) -> Environment?
    func find(_ id: EnvironmentID) async throws(StoreError) -> Environment?
    /// All of them, oldest first: an installation has a handful.
    func list() async throws(StoreError) -> [Environment]
}

package protocol TenantStore: Sendable {
    func create(_ tenant: Tenant, audit: AuditEvent) async throws(StoreError)
    /// Nil where the tenant is outside the scope.
    func find(_ id: TenantID, in scope: ReadScope) async throws(StoreError) -> Tenant?
    func list(in scope: ReadScope, page: PageRequest<TenantKind>) async throws(StoreError) -> Page<Tenant>
    /// Replaces name and external id; throws `.notFound`.
    func update(_ tenant: Tenant, audit: AuditEvent) async throws(StoreError)
    /// Deletes the tenant, its connections, credentials and keys; its audit events stay. Throws `.notFound`.
    func delete(_ scope: TenantScope, audit: AuditEvent) async throws(StoreError)
}

package protocol IntegrationStore: Sendable {
    func create(_ integration: Integration, clientSecret: SealedSecret?, audit: AuditEvent) async throws(StoreError)
    func find(_ id: IntegrationID, in environment: EnvironmentID) async throws(StoreError) -> Integration?
    func find(name: Slug, in environment: EnvironmentID) async throws(StoreError) -> Integration?
    func list(
        in environment: EnvironmentID, page: PageRequest<IntegrationKind>
    ) async throws(StoreError) -> Page<Integration>
    /// Writes settings (and a new client secret, if given) where the stored version is still `integration.version - 1`;
    /// throws `.stale` or `.notFound`.
    func update(_ integration: Integration, clientSecret: SealedSecret?, audit: AuditEvent) async throws(StoreError)
    /// Throws `.conflict(.stillReferenced)` while connections use it.
    func delete(_ id: IntegrationID, in environment: EnvironmentID, audit: AuditEvent) async throws(StoreError)
    /// The sealed client secret, with the record version that its AAD binds.
    func clientSecret(of id: IntegrationID, in environment: EnvironmentID) async throws(StoreError) -> SealedSecret?
}

package protocol APIKeyStore: Sendable {
    func create(_ key: APIKey, audit: AuditEvent) async throws(StoreError)
    /// For authentication: by id alone, before any scope is known. Revoked and expired keys are returned too.
    func findForAuthentication(_ id: APIKeyID) async throws(StoreError) -> APIKey?
    func find(_ id: APIKeyID, in scope: ReadScope) async throws(StoreError) -> APIKey?
    func list(in scope: ReadScope, page: PageRequest<APIKeyKind>) async throws(StoreError) -> Page<APIKey>
    /// Sets `revokedAt` once and tells every instance; throws `.notFound`. Revoking again changes nothing.
    func revoke(_ id: APIKeyID, in scope: ReadScope, at: Timestamp, audit: AuditEvent) async throws(StoreError)
}

package protocol AuditStore: Sendable {
    /// Appends all or none.
    func append(_ events: [AuditEvent]) async throws(StoreError)
    func list(
        in scope: ReadScope, action: AuditEvent.Action?, page: PageRequest<AuditEventKind>
    ) async throws(StoreError) -> Page<AuditEvent>
}

/// A sealed value with the version of its record, which its AAD binds.
package struct SealedSecret: Hashable, Sendable {
    package let envelope: [UInt8]
    /// The key version inside the envelope's header, kept beside it for the foreign key to the wrapped key.
    package let keyVersion: Int32
    package let recordVersion: Int64

    package init(envelope: [UInt8], keyVersion: Int32, recordVersion: Int64) {
        self.envelope = envelope
        self.keyVersion = keyVersion
        self.recordVersion = recordVersion
    }
}
