package import Connections
package import Domain

package struct FakeAPIKeyStore: APIKeyStore {
    private let database: FakeDatabase
    package init(_ database: FakeDatabase) { self.database = database }

    package func create(_ key: APIKey, audit: AuditEvent) async throws(StoreError) {
        try database.perform(.apiKeyCreate) { (state) throws(StoreError) in
            guard state.environments[key.environmentID] != nil else { throw .notFound }
            if let tenantID = key.tenantID {
                guard state.tenants[tenantID]?.environmentID == key.environmentID else { throw .notFound }
            }
            state.apiKeys[key.id] = key
            state.events.append(audit)
        }
    }

    package func findForAuthentication(_ id: APIKeyID) async throws(StoreError) -> APIKey? {
        try database.perform(.apiKeyAuthenticate) { state in state.apiKeys[id] }
    }

    package func find(_ id: APIKeyID, in scope: ReadScope) async throws(StoreError) -> APIKey? {
        try database.perform(.apiKeyFind) { state in
            state.apiKeys[id].flatMap { scope.covers($0.environmentID, $0.tenantID) ? $0 : nil }
        }
    }

    package func list(in scope: ReadScope, page: PageRequest<APIKeyKind>) async throws(StoreError) -> Page<APIKey> {
        try database.perform(.apiKeyList) { state in
            Page.cut(state.apiKeys.values.filter { scope.covers($0.environmentID, $0.tenantID) }, page) { $0.id }
        }
    }

    package func revoke(
        _ id: APIKeyID, in scope: ReadScope, at: Timestamp, audit: AuditEvent
    ) async throws(StoreError) {
        try database.perform(.apiKeyRevoke) { (state) throws(StoreError) in
            guard let key = state.apiKeys[id], scope.covers(key.environmentID, key.tenantID) else { throw .notFound }
            guard key.revokedAt == nil else { return }
            state.apiKeys[id] = APIKey(
                id: key.id, environmentID: key.environmentID, tenantID: key.tenantID, name: key.name,
                permissions: key.permissions, secretHash: key.secretHash, createdAt: key.createdAt,
                expiresAt: key.expiresAt, revokedAt: at)
            state.events.append(audit)
            state.pendingAnnouncements.append(.apiKeyRevoked(id))
        }
    }
}

package struct FakeAuditStore: AuditStore {
    private let database: FakeDatabase
    package init(_ database: FakeDatabase) { self.database = database }

    package func append(_ events: [AuditEvent]) async throws(StoreError) {
        try database.perform(.auditAppend) { state in state.events += events }
    }

    package func list(
        in scope: ReadScope, action: AuditEvent.Action?, page: PageRequest<AuditEventKind>
    ) async throws(StoreError) -> Page<AuditEvent> {
        try database.perform(.auditList) { state in
            let seen = state.events.filter {
                scope.covers($0.environmentID, $0.tenantID) && (action == nil || action == $0.action)
            }
            return Page.cut(seen, page) { $0.id }
        }
    }
}

package struct FakeSigningKeyStore: SigningKeyStore {
    private let database: FakeDatabase
    package init(_ database: FakeDatabase) { self.database = database }

    package func all() async throws(StoreError) -> [StoredSigningKey] {
        try database.perform(.signingKeyAll) { state in state.signingKeys }
    }

    package func insertFirst(_ key: StoredSigningKey) async throws(StoreError) -> StoredSigningKey {
        try database.perform(.signingKeyInsert) { (state) throws(StoreError) in
            guard state.environments[key.environmentID] != nil else { throw .notFound }
            let active = state.signingKeys.first { $0.environmentID == key.environmentID && $0.state == .active }
            if let active { return active }
            state.signingKeys.append(key)
            return key
        }
    }
}

package struct FakeRevocationStore: RevocationStore {
    private let database: FakeDatabase
    package init(_ database: FakeDatabase) { self.database = database }

    package func apiKeysRevoked(since: Timestamp) async throws(StoreError) -> [APIKeyID] {
        try database.perform(.revocationList) { state in
            state.apiKeys.values.filter { $0.revokedAt.map { $0 > since } ?? false }.map(\.id).sorted()
        }
    }
}
