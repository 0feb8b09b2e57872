/// Environment and tenant together: what every statement on tenant-owned data takes first.
package struct TenantScope: Hashable, Sendable {
    package let environmentID: EnvironmentID
    package let tenantID: TenantID

    package init(environmentID: EnvironmentID, tenantID: TenantID) {
        self.environmentID = environmentID
        self.tenantID = tenantID
    }
}

/// What a read may see: one tenant, or (tenant nil) every tenant of the environment.
package struct ReadScope: Hashable, Sendable {
    package let environmentID: EnvironmentID
    package let tenantID: TenantID?

    package init(environmentID: EnvironmentID, tenantID: TenantID?) {
        self.environmentID = environmentID
        self.tenantID = tenantID
    }
}
