import Domain
import Grants
import Testing

@Suite("Retry-After (RFC 9110 §10.2.3)")
struct RetryAfterTests {
    /// The instant of every date in RFC 9110 §5.6.7: Sun, 06 Nov 1994 08:49:37 GMT.
    private static let example = Timestamp(seconds: 784_111_777)

    @Test(arguments: [
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    ])
    func `reads the three forms of a date`(_ text: String) {
        #expect(RetryAfter.duration(text, now: Self.example - .seconds(90)) == .seconds(90))
        #expect(RetryAfter.duration(text, now: Self.example + .seconds(90)) == .zero)
    }

    @Test func `knows leap days and the turn of a century`() {
        let leap = Timestamp(seconds: 951_782_400)
        #expect(RetryAfter.duration("Tue, 29 Feb 2000 00:00:10 GMT", now: leap) == .seconds(10))
        let later = Timestamp(seconds: 1_709_164_800)
        #expect(RetryAfter.duration("Fri, 01 Mar 2024 00:00:00 GMT", now: later) == .seconds(86_400))
    }

    @Test(arguments: [
        "", "-1", "+1", "1.5", "soon", "12345678901", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT", "Sun, 6 Nov 1994 08:49:37 GMT", "٣",
    ])
    func `takes nothing else`(_ text: String) {
        #expect(RetryAfter.duration(text, now: Self.example) == nil)
    }

    @Test func `takes seconds, none too`() {
        #expect(RetryAfter.duration("0", now: Self.example) == .zero)
        #expect(RetryAfter.duration("120", now: Self.example) == .seconds(120))
    }
}
