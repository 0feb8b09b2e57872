import Domain
import Synchronization
import Testing

@Suite("A clock that follows a reference")
struct AlignedClockTests {
    /// Moved by hand.
    final class Machine: WallClock {
        private let wall = Mutex(Timestamp(seconds: 1_000_000))
        private let steady = Mutex(ContinuousClock.now)

        func now() -> Timestamp { wall.withLock { $0 } }
        func step(to instant: Timestamp) { wall.withLock { $0 = instant } }
        var instant: ContinuousClock.Instant { steady.withLock { $0 } }
        func pass(_ duration: Duration) {
            steady.withLock { $0 = $0.advanced(by: duration) }
            wall.withLock { $0 = $0 + duration }
        }
    }

    let machine = Machine()
    let clock: AlignedClock

    init() { clock = AlignedClock(machine: machine, steady: { [machine] in machine.instant }) }

    private func align(to reference: Timestamp, taking: Duration = .zero) {
        let asked = machine.instant
        machine.pass(taking)
        clock.align(to: reference, askedAt: asked, answeredAt: machine.instant)
    }

    @Test func `is the machine's clock until it knows better`() {
        #expect(clock.now() == machine.now() && clock.skew == nil)
        machine.pass(.seconds(5))
        #expect(clock.now() == Timestamp(seconds: 1_000_005))
    }

    @Test(arguments: [Int64(-600), -1, 0, 1, 600])
    func `follows the reference, however far off the machine is`(_ ahead: Int64) {
        align(to: Timestamp(seconds: 1_000_000 + ahead))
        #expect(clock.now() == Timestamp(seconds: 1_000_000 + ahead))
        #expect(clock.skew == .seconds(-ahead))
        machine.pass(.seconds(30))
        #expect(clock.now() == Timestamp(seconds: 1_000_030 + ahead))
    }

    @Test func `a step of the machine's clock moves nothing`() {
        align(to: Timestamp(seconds: 1_000_000))
        machine.step(to: Timestamp(seconds: 5))
        #expect(clock.now() == Timestamp(seconds: 1_000_000))
        machine.pass(.seconds(1))
        #expect(clock.now() == Timestamp(seconds: 1_000_001))
    }

    @Test func `takes the middle of a slow answer`() {
        align(to: Timestamp(seconds: 2_000_000), taking: .seconds(4))
        #expect(clock.now() == Timestamp(seconds: 2_000_002))
    }

    @Test func `a slow answer that agrees with a quick one changes nothing, one that doesn't is taken`() {
        align(to: Timestamp(seconds: 2_000_000))
        align(to: Timestamp(seconds: 2_000_001), taking: .seconds(4))
        #expect(clock.now() == Timestamp(seconds: 2_000_004), "within its own uncertainty of what is known")
        align(to: Timestamp(seconds: 3_000_000), taking: .seconds(4))
        #expect(clock.now() == Timestamp(seconds: 3_000_002), "the reference itself was set")
    }
}
