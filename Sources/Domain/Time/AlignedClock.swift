internal import Synchronization

/// A wall clock that follows a reference: what all instances of an installation share is the database's clock, so that a
/// machine whose own is minutes off neither serves an expired token nor takes every good one for expired.
///
/// Until the first alignment it is the machine's clock. After it, time passes by the steady clock, so that a step of the
/// machine's clock moves nothing.
package final class AlignedClock: WallClock {
    private struct Anchor {
        let reference: Timestamp
        let at: ContinuousClock.Instant
        /// Half of the time that the question took: the reference is not known better than that.
        let uncertainty: Duration
    }

    private let machine: any WallClock
    private let steady: @Sendable () -> ContinuousClock.Instant
    private let anchor = Mutex<Anchor?>(nil)

    package init(
        machine: any WallClock = SystemWallClock(),
        steady: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.machine = machine
        self.steady = steady
    }

    package func now() -> Timestamp {
        guard let anchor = anchor.withLock({ $0 }) else { return machine.now() }
        return anchor.reference + (steady() - anchor.at)
    }

    /// Takes an answer of the reference clock.
    ///
    /// - Parameters:
    ///   - reference: what the reference said at some instant between the two others.
    ///   - askedAt, answeredAt: on the steady clock.
    package func align(
        to reference: Timestamp, askedAt: ContinuousClock.Instant, answeredAt: ContinuousClock.Instant
    ) {
        let uncertainty = (answeredAt - askedAt) / 2
        let taken = Anchor(reference: reference + uncertainty, at: answeredAt, uncertainty: uncertainty)
        anchor.withLock { anchor in
            // A slow answer that agrees with what is known better changes nothing.
            if let known = anchor {
                let expected = known.reference + (answeredAt - known.at)
                let difference = expected > taken.reference ? expected - taken.reference : taken.reference - expected
                if uncertainty > known.uncertainty, difference <= uncertainty { return }
            }
            anchor = taken
        }
    }

    /// How far the machine's clock is ahead of the reference (negative: behind); nil before the first alignment.
    package var skew: Duration? {
        anchor.withLock { $0 } == nil ? nil : machine.now() - now()
    }
}
