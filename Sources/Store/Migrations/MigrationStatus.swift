/// Where a database's schema stands beside the program's.
package struct MigrationStatus: Hashable, Sendable {
    /// Names of the files that were applied, first to last.
    package let applied: [String]
    /// Names of the files that `sallyport migrate` would apply, first to last; empty where the two don't fit.
    package let pending: [String]
    /// What keeps the schema from being brought up to date.
    package let problem: MigrationError?

    package var isCurrent: Bool { pending.isEmpty && problem == nil }
}
