import Testing

/// Waits for a condition by giving way to other tasks, not by sleeping; with a bound.
enum Waiting {
    static func until(
        _ condition: @Sendable () async -> Bool, sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        let deadline = ContinuousClock.now.advanced(by: .seconds(20))
        while ContinuousClock.now < deadline {
            if await condition() { return }
            await Task.yield()
        }
        Issue.record("the condition did not come to hold in time", sourceLocation: sourceLocation)
    }
}
