/// Bounded map that gives up what was used longest ago. Every operation takes constant time, but for removing by a
/// condition or everything, which looks at each entry.
struct LRUCache<Key: Hashable, Value> {
    private struct Node {
        let key: Key
        var value: Value
        /// Towards more recent use; -1 at the newest.
        var newer: Int
        /// Towards older use; -1 at the oldest.
        var older: Int
    }

    private let capacity: Int
    private var nodes: [Node?] = []
    private var places: [Key: Int] = [:]
    private var unused: [Int] = []
    private var newest = -1
    private var oldest = -1

    /// - Parameter capacity: at least 1.
    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    var count: Int { places.count }

    /// Counts as a use.
    mutating func value(_ key: Key) -> Value? {
        guard let place = places[key], let value = nodes[place]?.value else { return nil }
        if place != newest {
            unlink(place)
            linkAsNewest(place)
        }
        return value
    }

    mutating func insert(_ key: Key, _ value: Value) {
        if let place = places[key] {
            nodes[place]?.value = value
            unlink(place)
            linkAsNewest(place)
            return
        }
        if places.count >= capacity, let last = oldest >= 0 ? nodes[oldest]?.key : nil { remove(last) }
        let node = Node(key: key, value: value, newer: -1, older: -1)
        let place: Int
        if let free = unused.popLast() {
            place = free
            nodes[place] = node
        } else {
            place = nodes.count
            nodes.append(node)
        }
        places[key] = place
        linkAsNewest(place)
    }

    mutating func remove(_ key: Key) {
        guard let place = places.removeValue(forKey: key) else { return }
        unlink(place)
        nodes[place] = nil
        unused.append(place)
    }

    mutating func removeAll(where matches: (Key) -> Bool) {
        for key in places.keys where matches(key) { remove(key) }
    }

    mutating func removeAll() {
        self = LRUCache(capacity: capacity)
    }

    private mutating func unlink(_ place: Int) {
        guard let node = nodes[place] else { return }
        if node.newer >= 0 { nodes[node.newer]?.older = node.older } else { newest = node.older }
        if node.older >= 0 { nodes[node.older]?.newer = node.newer } else { oldest = node.newer }
    }

    private mutating func linkAsNewest(_ place: Int) {
        nodes[place]?.newer = -1
        nodes[place]?.older = newest
        if newest >= 0 { nodes[newest]?.newer = place } else { oldest = place }
        newest = place
    }
}
