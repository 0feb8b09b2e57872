/// What a store can answer besides data. Another tenant's object is absent, never "forbidden".
package enum StoreError: Error, Hashable, Sendable {
    /// The database can't be reached or is over its bound; nothing was stored; repeat later.
    case unavailable
    /// The deadline passed or the connection was lost after a write was sent: it may or may not be stored.
    case outcomeUnknown
    /// A unique name or key is taken.
    case conflict(StoreConflict)
    /// The object changed since it was read, or a fence is older than the stored one: nothing was written.
    case stale
    /// The object, or one that it refers to, doesn't exist in this scope.
    case notFound
    /// What the database holds doesn't fit the types (an unknown status, a bad origin): a newer version wrote it, or
    /// somebody else did.
    case corrupt
    /// The database refused for a reason that no caller can mend; the SQLSTATE is in the log.
    case failed
}

package enum StoreConflict: String, Hashable, Sendable {
    case environmentName = "environment_name"
    case tenantExternalID = "tenant_external_id"
    case integrationName = "integration_name"
    /// The object still has others that refer to it (an integration with connections, …).
    case stillReferenced = "still_referenced"
}
