/// What a role can do that it must not.
package struct RoleReport: Hashable, Sendable {
    package let name: String
    package let isSuperuser: Bool
    package let bypassesRowSecurity: Bool
    package let mayCreateRoles: Bool
    package let mayCreateDatabases: Bool
    /// Objects that it owns, over all databases of the cluster; an owner could switch row-level security off.
    package let ownedObjects: Int
    /// Whether it may create objects in the schema.
    package let mayCreateInSchema: Bool

    /// Whether the service may run with it.
    package var isSafe: Bool {
        !isSuperuser && !bypassesRowSecurity && !mayCreateRoles && !mayCreateDatabases && ownedObjects == 0
            && !mayCreateInSchema
    }
}

/// A table that must be guarded by row-level security.
package struct GuardedTable: Hashable, Sendable {
    package let name: String
    package let isEnabled: Bool
    /// Whether it holds for the table's owner too.
    package let isForced: Bool
    /// Without a policy no row is visible at all.
    package let policies: Int

    package var isGuarded: Bool { isEnabled && isForced && policies > 0 }
}

/// The database as `sallyport doctor` sees it.
package struct DatabaseReport: Hashable, Sendable {
    /// As `server_version_num`: 150005 is 15.5.
    package let serverVersion: Int
    /// A replica, or set to read-only.
    package let isReadOnly: Bool
    package let role: RoleReport
    /// Every table of the schema but those that hold nothing of an environment; empty before the first migration.
    package let tables: [GuardedTable]
    /// The database's clock less ours; uncertain by half the round trip.
    package let clockDifference: Duration

    /// The lowest version that the schema works with.
    package static let minimumServerVersion = 150_000
}
