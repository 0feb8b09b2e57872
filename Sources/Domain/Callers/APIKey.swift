/// A backend's long-lived key. Only a hash of its secret is stored.
package struct APIKey: Hashable, Sendable {
    package let id: APIKeyID
    package let environmentID: EnvironmentID
    /// Binds the key to one tenant; nil for every tenant of the environment.
    package let tenantID: TenantID?
    /// For people; 1 to 200 characters.
    package let name: String
    package let permissions: PermissionSet
    /// BLAKE2b-256 of the key's id and secret part, under a context of its own; 32 bytes.
    package let secretHash: [UInt8]
    package let createdAt: Timestamp
    package let expiresAt: Timestamp?
    package let revokedAt: Timestamp?

    package init(
        id: APIKeyID, environmentID: EnvironmentID, tenantID: TenantID?, name: String, permissions: PermissionSet,
        secretHash: [UInt8], createdAt: Timestamp, expiresAt: Timestamp?, revokedAt: Timestamp?
    ) {
        self.id = id
        self.environmentID = environmentID
        self.tenantID = tenantID
        self.name = name
        self.permissions = permissions
        self.secretHash = secretHash
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
    }
}
