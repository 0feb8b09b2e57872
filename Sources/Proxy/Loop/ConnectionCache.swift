internal import Connections
internal import Domain

/// A loop's opened connections by identifier, bounded.
final class ConnectionCache {
    private var entries: [ConnectionID: CachedConnection] = [:]
    private let capacity: Int

    init(capacity: Int) { self.capacity = max(1, capacity) }

    var count: Int { entries.count }

    func find(_ id: ConnectionID) -> CachedConnection? { entries[id] }

    /// Keeps the entry instead of an older one of the same connection. At the bound one that wasn't used for long goes:
    /// the least recent of a handful, which costs the same however many there are.
    func insert(_ entry: CachedConnection, in loop: DataPlaneLoop) {
        if let older = entries[entry.usable.id] {
            if older.lane !== entry.lane { loop.lanes.retire(older.lane) }
        } else if entries.count >= capacity {
            let victim = entries.values.prefix(8).min { $0.usedAt < $1.usedAt }
            if let victim { discard(victim, in: loop) }
        }
        entries[entry.usable.id] = entry
    }

    func remove(_ id: ConnectionID, from loop: DataPlaneLoop) {
        if let entry = entries[id] { discard(entry, in: loop) }
    }

    func removeAll(in loop: DataPlaneLoop, where isStale: (CachedConnection) -> Bool) {
        for entry in entries.values where isStale(entry) { discard(entry, in: loop) }
    }

    func removeGrants(of key: APIKeyID) {
        for entry in entries.values { entry.removeGrant(of: key) }
    }

    private func discard(_ entry: CachedConnection, in loop: DataPlaneLoop) {
        entries[entry.usable.id] = nil
        loop.lanes.retire(entry.lane)
    }
}
