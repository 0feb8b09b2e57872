package import Connections
import Domain
package import Logging
package import Postgres
package import Vault

/// Wrapped tenant and environment keys.
package struct PostgresWrappedKeyStore: WrappedKeyStore {
    private let database: Database

    package init(client: PostgresClient, logger: Logger) {
        database = Database(client: client, logger: logger)
    }

    package func activeKey(for owner: KeyOwner) async throws(StoreError) -> WrappedKey? {
        let statement = Self.active(owner)
        return try await database.read(statement, in: owner.scope).atMostOne { (row) throws(StoreError) in
            try row.wrappedKey(of: owner)
        }
    }

    package func key(for owner: KeyOwner, version: Int32) async throws(StoreError) -> WrappedKey? {
        let statement = Statement(
            owner.isTenant ? Self.tenantKey : Self.environmentKey, owner.parameters + [.int(Int64(version))])
        return try await database.read(statement, in: owner.scope).atMostOne { (row) throws(StoreError) in
            try row.wrappedKey(of: owner)
        }
    }

    /// Throws ``StoreError/notFound`` where the owner doesn't exist.
    package func insertFirstKey(_ key: WrappedKey) async throws(StoreError) -> WrappedKey {
        let owner = key.owner
        let insert = Statement(
            owner.isTenant ? Self.insertTenantKey : Self.insertEnvironmentKey,
            owner.parameters + [.text(key.rootID), .bytes(key.wrapped)])
        // The second statement sees what another instance committed while the first one waited for it.
        let results = try await database.write([insert, Self.active(owner)], in: owner.scope)
        let stored = try results.last?.atMostOne { (row) throws(StoreError) in try row.wrappedKey(of: owner) }
        guard let stored else { throw .stale }
        return stored
    }

    private static func active(_ owner: KeyOwner) -> Statement {
        Statement(owner.isTenant ? activeTenantKey : activeEnvironmentKey, owner.parameters)
    }
}

extension KeyOwner {
    fileprivate var scope: RowScope {
        switch self {
        case .environment(let environment): .environment(environment)
        case .tenant(let environment, let tenant):
            .tenant(TenantScope(environmentID: environment, tenantID: tenant))
        }
    }

    fileprivate var parameters: [PostgresValue] {
        switch self {
        case .environment(let environment): [environment.value]
        case .tenant(let environment, let tenant): [environment.value, tenant.value]
        }
    }

    fileprivate var isTenant: Bool {
        switch self {
        case .environment: false
        case .tenant: true
        }
    }
}

extension RowReader {
    fileprivate mutating func wrappedKey(of owner: KeyOwner) throws(StoreError) -> WrappedKey {
        guard let version = Int32(exactly: try int()) else { throw .corrupt }
        return WrappedKey(
            owner: owner, version: version, rootID: try text(), wrapped: try bytes(), state: try code())
    }
}

extension PostgresWrappedKeyStore {
    private static let activeTenantKey: StaticString = """
        SELECT version, root_id, wrapped, state FROM sallyport.tenant_keys
        WHERE environment_id = $1 AND tenant_id = $2 AND state = 'active'
        """

    private static let activeEnvironmentKey: StaticString = """
        SELECT version, root_id, wrapped, state FROM sallyport.environment_keys
        WHERE environment_id = $1 AND state = 'active'
        """

    private static let tenantKey: StaticString = """
        SELECT version, root_id, wrapped, state FROM sallyport.tenant_keys
        WHERE environment_id = $1 AND tenant_id = $2 AND version = $3
        """

    private static let environmentKey: StaticString = """
        SELECT version, root_id, wrapped, state FROM sallyport.environment_keys
        WHERE environment_id = $1 AND version = $2
        """

    private static let insertTenantKey: StaticString = """
        INSERT INTO sallyport.tenant_keys (environment_id, tenant_id, version, root_id, wrapped, state)
        SELECT $1, $2, 1, $3, $4, 'active'
        WHERE NOT EXISTS (SELECT FROM sallyport.tenant_keys WHERE environment_id = $1 AND tenant_id = $2)
        ON CONFLICT DO NOTHING
        """

    private static let insertEnvironmentKey: StaticString = """
        INSERT INTO sallyport.environment_keys (environment_id, version, root_id, wrapped, state)
        SELECT $1, 1, $2, $3, 'active'
        WHERE NOT EXISTS (SELECT FROM sallyport.environment_keys WHERE environment_id = $1)
        ON CONFLICT DO NOTHING
        """
}
