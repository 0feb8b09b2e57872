internal import Domain
internal import Synchronization

/// API keys by id, each for a while and for one revocation epoch. Unknown ids are not kept: there is no end of them.
final class APIKeyCache: Sendable {
    private struct Entry {
        let key: APIKey
        let until: Timestamp
        let epoch: UInt64
    }

    private let capacity: Int
    private let entries = Mutex<[APIKeyID: Entry]>([:])

    init(capacity: Int) { self.capacity = capacity }

    func key(_ id: APIKeyID, now: Timestamp, epoch: UInt64) -> APIKey? {
        entries.withLock { entries in
            guard let entry = entries[id] else { return nil }
            guard now < entry.until, entry.epoch == epoch else {
                entries[id] = nil
                return nil
            }
            return entry.key
        }
    }

    /// At the bound the outdated entries go, or all of them where none is: a rare reading again is cheaper than order.
    func insert(_ key: APIKey, until: Timestamp, epoch: UInt64) {
        entries.withLock { entries in
            if entries.count >= capacity, entries[key.id] == nil {
                entries = entries.filter { $0.value.epoch == epoch && $0.value.until >= until - .seconds(30) }
                if entries.count >= capacity { entries.removeAll(keepingCapacity: true) }
            }
            entries[key.id] = Entry(key: key, until: until, epoch: epoch)
        }
    }
}
