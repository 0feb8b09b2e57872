package import Connections
package import Postgres

/// Announcements by `LISTEN`. Each stream has a queue of its own in the client, bounded there; one that lags, and a
/// connection that was away, give ``Announcement/gap``.
package struct PostgresAnnouncementSource: AnnouncementSource {
    private let client: PostgresClient

    package init(client: PostgresClient) {
        self.client = client
    }

    /// The first element is a ``Announcement/gap``: from there on nothing is missed in silence. The stream ends with
    /// the client.
    package func announcements() -> AsyncStream<Announcement> {
        let notifications = client.notifications(channel: AnnouncementPayload.channel)
        return AsyncStream(unfolding: {
            // Iterators of one stream share its queue, and this stream asks for one element at a time.
            var iterator = notifications.makeAsyncIterator()
            switch await iterator.next() {
            case .notified(let payload): return AnnouncementPayload.announcement(payload)
            case .reconnected: return .gap
            case nil: return nil
            }
        })
    }
}
