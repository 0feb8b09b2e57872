internal import Synchronization

extension FakeClock {
    /// Moves the time in steps, with some turns for everybody in between, until the work is done.
    package func moving<T: Sendable>(
        by step: Duration = .milliseconds(500), _ work: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                for _ in 0..<100_000 where !Task.isCancelled {
                    self.advance(by: step)
                    for _ in 0..<20 { await Task.yield() }
                }
                return nil
            }
            while let finished = try await group.next() {
                if let finished {
                    group.cancelAll()
                    return finished
                }
            }
            throw ConformanceFailure("the work never ended")
        }
    }

    /// Lets time pass as it would: from one sleeper's instant to the next, each time once those who woke have done what
    /// there was to do.
    ///
    /// Nothing tells when tasks have come to rest, so that this looks for signs: nobody is busy, and `activity` and the
    /// number of sleeps stay the same over several turns. What it misses is late by one step, so that what a test expects
    /// needs a few seconds' grace.
    ///
    /// - Parameters:
    ///   - largestStep: no step is longer, whoever sleeps.
    ///   - isBusy: something is under way that needs no time, such as a task that should sleep on this clock and doesn't
    ///     yet. Time stands still as long, for ten seconds of the machine's clock at most.
    ///   - activity: a number that grows with what is done.
    ///   - onStep: called before each step; the time passes on once it returns. False ends the drive.
    package func drive(
        for duration: Duration, largestStep: Duration = .seconds(1), isBusy: () -> Bool, activity: () -> Int,
        onStep: () async -> Bool = { true }
    ) async {
        let end = now.advanced(by: duration)
        while now < end, !Task.isCancelled {
            await rest(isBusy, activity)
            guard await onStep() else { return }
            let next = min(state.withLock { $0.nextWaking } ?? end, now.advanced(by: largestStep), end)
            advance(by: max(next - now, .zero))
        }
        await rest(isBusy, activity)
    }

    private func rest(_ isBusy: () -> Bool, _ activity: () -> Int) async {
        let limit = ContinuousClock.now + .seconds(10)
        var (quiet, seen) = (0, -1)
        while quiet < 3 || (isBusy() && ContinuousClock.now < limit) {
            for _ in 0..<8 { await Task.yield() }
            let number = activity() + state.withLock { Int($0.nextID) }
            quiet = number == seen ? quiet + 1 : 0
            seen = number
        }
    }
}

extension FakeClock.State {
    fileprivate var nextWaking: ContinuousClock.Instant? {
        sleepers.values.map(\.until).min()
    }
}
