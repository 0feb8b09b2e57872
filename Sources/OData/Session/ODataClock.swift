/// The time that waits and deadlines are counted by.
public struct ODataClock: Sendable {
    public var now: @Sendable () -> ContinuousClock.Instant
    /// Returns at the instant, or throws `CancellationError` when the task is cancelled before.
    public var sleep: @Sendable (_ deadline: ContinuousClock.Instant) async throws -> Void

    public init(
        now: @escaping @Sendable () -> ContinuousClock.Instant,
        sleep: @escaping @Sendable (_ deadline: ContinuousClock.Instant) async throws -> Void
    ) {
        (self.now, self.sleep) = (now, sleep)
    }

    /// The system's own.
    public static let continuous = ODataClock(
        now: { .now }, sleep: { try await Task.sleep(until: $0, clock: .continuous) })
}
