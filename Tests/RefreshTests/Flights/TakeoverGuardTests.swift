import Connections
import Domain
import Testing
import TestSupport

@testable import Refresh

@Suite("When an instance may take over what another one left without a word")
struct TakeoverGuardTests {
    private let clock = FakeClock()
    private let instance = InstanceID.numbered(1)

    private func takeovers(_ change: (inout RefreshSettings) -> Void = { _ in }) -> TakeoverGuard {
        var settings = RefreshSettings()
        change(&settings)
        return TakeoverGuard(instance: instance, settings: settings, clock: clock)
    }

    /// Time passes with answers of the database in between.
    private func pass(_ duration: Duration, _ takeovers: TakeoverGuard, step: Duration = .seconds(20)) {
        let end = clock.now.advanced(by: duration)
        takeovers.touched()
        while clock.now < end {
            clock.advance(by: min(step, end - clock.now))
            takeovers.touched()
        }
    }

    @Test func `an instance that has just begun waits for ever, until it has been in touch for the whole wait`() {
        let takeovers = takeovers()
        #expect(takeovers.terms.unresolvedWait == nil)
        clock.advance(by: .seconds(1_000))
        #expect(takeovers.terms.unresolvedWait == nil, "the database has not answered yet")
        pass(.seconds(299), takeovers)
        #expect(takeovers.terms.unresolvedWait == nil)
        pass(.seconds(1), takeovers)
        #expect(takeovers.terms.unresolvedWait == .seconds(300))
    }

    @Test func `one that was out of touch waits the whole time anew, from the first answer on`() {
        let takeovers = takeovers { $0.unresolvedWait = .seconds(60) }
        pass(.seconds(1_000), takeovers)
        #expect(takeovers.terms.unresolvedWait == .seconds(60))
        takeovers.lostTouch()
        #expect(takeovers.terms.unresolvedWait == nil)
        clock.advance(by: .seconds(59))
        pass(.seconds(59), takeovers)
        takeovers.lostTouch()
        pass(.seconds(59), takeovers)
        #expect(takeovers.terms.unresolvedWait == nil)
        pass(.seconds(1), takeovers)
        #expect(takeovers.terms.unresolvedWait == .seconds(60))
    }

    @Test func `a silence of more than half the wait counts as having been out of touch`() {
        let takeovers = takeovers { $0.unresolvedWait = .seconds(60) }
        pass(.seconds(1_000), takeovers, step: .seconds(30))
        #expect(takeovers.terms.unresolvedWait == .seconds(60))
        clock.advance(by: .seconds(31))
        #expect(takeovers.terms.unresolvedWait == nil)
        pass(.seconds(59), takeovers)
        #expect(takeovers.terms.unresolvedWait == nil)
    }

    @Test func `the terms are the instance's and the settings'`() {
        let terms = takeovers {
            $0.leaseDuration = .seconds(7)
            $0.maxAttemptsPerHour = 9
        }.terms
        #expect(terms.owner == instance && terms.duration == .seconds(7))
        #expect(terms.maxAttemptsPerHour == 9 && terms.ended.isEmpty)
    }

    @Test func `of instances that have ended the latest sixty-four are named, each once`() {
        let takeovers = takeovers()
        for number in 0..<70 {
            takeovers.hasEnded(.numbered(number))
            takeovers.hasEnded(.numbered(number))
        }
        #expect(takeovers.terms.ended == (6..<70).map { .numbered($0) })
        takeovers.hasEnded(.numbered(6))
        #expect(takeovers.terms.ended == (6..<70).map { .numbered($0) })
    }
}
