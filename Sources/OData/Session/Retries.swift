/// What is tried again, how often, and after which wait.
///
/// Tried again are: requests that didn't reach the service, whatever they are; and requests that may be sent twice
/// (``SessionRequest/isRepeatable``), after a broken connection, 429, 502, 503 and 504. A write that the service may
/// have seen is sent once. Waits grow by doubling and are drawn from the whole range (full jitter); `Retry-After` is
/// the least. A wait that the deadline doesn't leave room for is not begun: the failure is told at once.
public struct Retries: Sendable, Hashable {
    /// The first one included; 1 repeats nothing.
    public var maxAttempts: Int
    /// The most that is waited after the first failure without `Retry-After`.
    public var firstDelay: Duration
    public var maxDelay: Duration

    public init(
        maxAttempts: Int = 4, firstDelay: Duration = .milliseconds(500), maxDelay: Duration = .seconds(20)
    ) {
        (self.maxAttempts, self.firstDelay, self.maxDelay) = (maxAttempts, firstDelay, maxDelay)
    }

    public static let none = Retries(maxAttempts: 1)

    /// How long to wait after a failure; nil: it is final.
    ///
    /// - Parameters:
    ///   - attempts: how many have failed, this one included.
    ///   - remaining: until the deadline.
    ///   - random: 0..<1.
    func delay(
        after failure: AttemptFailure, attempts: Int, isRepeatable: Bool, remaining: Duration, random: Double
    ) -> Duration? {
        guard attempts < maxAttempts, failure.mayRepeat(isRepeatable: isRepeatable) else { return nil }
        let jitter = bound(after: attempts) * min(max(random, 0), 1)
        let wait = failure.retryAfter.map { $0 + min(jitter, .seconds(1)) } ?? jitter
        return wait < remaining ? wait : nil
    }

    private func bound(after attempts: Int) -> Duration {
        min(maxDelay, firstDelay * (1 << min(max(attempts - 1, 0), 30)))
    }
}

/// Why an attempt failed, as far as repeating goes.
enum AttemptFailure: Sendable, Hashable {
    case transport(TransportError)
    case status(Int, retryAfter: Duration?)

    var retryAfter: Duration? {
        switch self {
        case .status(_, let retryAfter): retryAfter
        case .transport(.refused(let problem)): problem.retryAfter
        case .transport: nil
        }
    }

    func mayRepeat(isRepeatable: Bool) -> Bool {
        switch self {
        case .status(let status, _): isRepeatable && [429, 502, 503, 504].contains(status)
        case .transport(let error): error.isWorthRepeating && (!error.isSent || isRepeatable)
        }
    }
}

extension TransportError {
    /// Whether another attempt may end otherwise: a deadline, a cancellation and a certificate stay what they are.
    var isWorthRepeating: Bool {
        switch self {
        case .unreachable, .broken, .overloaded: true
        case .untrusted, .timedOut, .cancelled, .malformed: false
        case .refused(let problem): problem.passes
        }
    }
}
