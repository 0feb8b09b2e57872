/// When a transfer that is past its deadline is given up: once its socket was asked after the deadline and had nothing more.
///
/// A process that was stopped over the deadline (a paused machine, a starved one) may find the whole answer in the kernel's
/// buffer when it goes on, and with it a refresh token that nobody can have again. libcurl's own time-out looks at the clock
/// before it looks at the socket, so it is not used.
package struct LastLook: Sendable {
    /// A peer that keeps dripping ends here all the same.
    package static let maxLooks = 100

    private var received: Int?
    private var looks = 0

    package init() {}

    /// - Parameters:
    ///   - polledAt: before the sockets were asked whose readiness has been seen to.
    ///   - received: bytes of the answer so far.
    package mutating func isOver(
        deadline: ContinuousClock.Instant, polledAt: ContinuousClock.Instant, received: Int
    ) -> Bool {
        guard polledAt >= deadline else { return false }
        looks += 1
        defer { self.received = received }
        return self.received == received || looks > Self.maxLooks
    }
}
