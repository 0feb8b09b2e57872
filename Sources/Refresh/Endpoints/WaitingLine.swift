internal import Domain

/// Callers that wait at one endpoint, in the order in which they came. Whoever leaves gives the place back at once.
struct WaitingLine: Sendable {
    struct Waiter: Sendable {
        let integration: IntegrationID?
        /// Wakes it to look again.
        let signal: AsyncStream<Void>.Continuation
    }

    private var waiters: [UInt64: Waiter] = [:]
    /// Numbers in order of coming, from `first` on; those that have left are passed over.
    private var order: [UInt64] = []
    private var first = 0

    var count: Int { waiters.count }
    var isEmpty: Bool { waiters.isEmpty }
    var head: UInt64? { first < order.count ? order[first] : nil }
    var headSignal: AsyncStream<Void>.Continuation? { head.flatMap { waiters[$0]?.signal } }
    var signals: [AsyncStream<Void>.Continuation] { waiters.values.map(\.signal) }

    subscript(_ id: UInt64) -> Waiter? { waiters[id] }

    mutating func append(_ id: UInt64, _ waiter: Waiter) {
        waiters[id] = waiter
        order.append(id)
    }

    mutating func remove(_ id: UInt64) {
        guard waiters.removeValue(forKey: id) != nil else { return }
        while first < order.count, waiters[order[first]] == nil { first += 1 }
        // Each element is moved a bounded number of times: what is thrown away is more than what stays.
        guard order.count > 2 * waiters.count + 16 else { return }
        order = order[first...].filter { waiters[$0] != nil }
        first = 0
    }
}
