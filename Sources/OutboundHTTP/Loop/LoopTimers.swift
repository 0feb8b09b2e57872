internal import CCurl

/// What the loop must do at which instant, earliest first. An entry is not taken out when its reason goes: whoever meets it
/// looks whether it still holds. So each operation costs the logarithm of their number, however many transfers are under way.
final class LoopTimers {
    enum Reason {
        /// libcurl wants to be called for the pool of that number.
        case pool(UInt32)
        /// A transfer's time is up.
        case deadline(ObjectIdentifier)
    }

    struct Entry {
        let at: ContinuousClock.Instant
        let reason: Reason
    }

    private var heap: [Entry] = []

    /// The earliest instant.
    var first: ContinuousClock.Instant? { heap.first?.at }

    func add(_ reason: Reason, at instant: ContinuousClock.Instant) {
        heap.append(Entry(at: instant, reason: reason))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].at < heap[parent].at else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the earliest entry if its instant has come.
    func take(until instant: ContinuousClock.Instant) -> Entry? {
        guard let first = heap.first, first.at <= instant else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return first
    }

    private func sink() {
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].at < heap[smallest].at { smallest = child }
            }
            guard smallest != parent else { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}

/// Pools without a transfer, the one that has been idle longest first. A pool that was used since, or is gone, leaves an entry
/// that no longer holds.
struct IdlePools {
    struct Entry {
        let number: UInt32
        let since: ContinuousClock.Instant
    }

    private var entries: [Entry] = []
    private var head = 0

    var first: Entry? { head < entries.count ? entries[head] : nil }

    mutating func add(_ entry: Entry) { entries.append(entry) }

    mutating func removeFirst() {
        guard head < entries.count else { return }
        head += 1
        if head > 64, head * 2 > entries.count {
            entries.removeFirst(head)
            head = 0
        }
    }
}
