package import Domain

/// What instances tell each other through the database (`NOTIFY`), so that caches end by event and not by expiry alone.
package enum Announcement: Hashable, Sendable {
    /// The connection, its credential or its status changed, or it was deleted.
    case connectionChanged(ConnectionID)
    /// The integration's settings or secret changed.
    case integrationChanged(IntegrationID)
    /// The tenant was deleted.
    case tenantChanged(TenantID)
    /// The API key was revoked; caller tokens issued to it end too.
    case apiKeyRevoked(APIKeyID)
    /// The listener was away for a while: anything may have changed; drop everything cached.
    case gap
}

package protocol AnnouncementSource: Sendable {
    /// One independent, bounded stream for each call; a subscriber that lags gets ``Announcement/gap``.
    func announcements() -> AsyncStream<Announcement>
}
