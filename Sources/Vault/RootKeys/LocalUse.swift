/// What a root key wraps besides the keys of tenants and environments: keys of files beside the process, never in the
/// database.
package enum LocalUse: String, Sendable, CaseIterable {
    /// The key of one file set of the refresh spool.
    case refreshSpool = "refresh spool"

    /// Such a key is made once, used by one process and never followed by another: its envelope says version 1.
    static let keyVersion: Int32 = 1
}
