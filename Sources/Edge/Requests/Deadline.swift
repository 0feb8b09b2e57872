/// Time limits of a request.
enum Deadline {
    /// The result of `work`, or `fallback` once the time is over.
    ///
    /// When the time is over, `work` is cancelled and awaited: everything it may wait for observes cancellation, or has a
    /// deadline of its own that is no later.
    static func race<T: Sendable>(
        _ limit: Duration, orElse fallback: T, _ work: @escaping @Sendable () async -> T
    ) async -> T {
        await withTaskGroup(of: T?.self) { group in
            group.addTask { await work() }
            group.addTask {
                // Cancelled when the work is done first: nothing to tell then.
                try? await ContinuousClock().sleep(for: limit)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? fallback
        }
    }
}
