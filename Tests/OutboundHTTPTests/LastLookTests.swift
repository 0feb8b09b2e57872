import OutboundHTTP
import Testing

@Suite("The last look at a transfer that is past its deadline")
struct LastLookTests {
    /// What looks say that ask the socket `after` the deadline, and have received so many bytes each time.
    private func verdicts(after: Duration, received: [Int]) -> [Bool] {
        let deadline = ContinuousClock.now
        var look = LastLook()
        return received.map { look.isOver(deadline: deadline, polledAt: deadline + after, received: $0) }
    }

    @Test func `doesn't give up what was asked before the deadline`() {
        #expect(verdicts(after: .nanoseconds(-1), received: [0, 0, 0]) == [false, false, false])
    }

    @Test func `asks once more after the deadline, and gives up where nothing came`() {
        #expect(verdicts(after: .seconds(9), received: [0, 0]) == [false, true])
    }

    @Test func `goes on reading while bytes come`() {
        #expect(verdicts(after: .zero, received: [10, 20, 30, 30]) == [false, false, false, true])
    }

    @Test func `gives up a peer that drips for ever`() {
        let looks = LastLook.maxLooks
        #expect(verdicts(after: .seconds(1), received: Array(0...looks)).firstIndex(of: true) == looks)
    }
}
