package import Domain

/// Where a connection goes, fixed when the account is linked.
package struct ResolvedConnection: Hashable, Sendable {
    package let origin: Origin
    /// Only with OAuth.
    package let tokenURL: URLParts?
    /// The plain fields with the entry's defaults filled in: what to store as ``Connection/fields``. The integration's
    /// client id is not among them, so that a later change of it reaches every connection.
    package let fields: [String: String]
}
