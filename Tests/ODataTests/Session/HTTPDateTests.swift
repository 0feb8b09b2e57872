import Testing

@testable import OData

@Suite("Dates of HTTP (RFC 9110 §5.6.7)")
struct SessionHTTPDateTests {
    @Test(arguments: [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
        ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Thu, 29 Feb 2024 23:59:60 GMT", 1_709_251_200), ("Wed, 09-Jun-2100 10:18:14 GMT", 4_116_219_494),
        ("Wed, 31 Dec 1969 23:59:59 GMT", -1), ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
    ])
    func `all three forms, and cookies' one, are read`(text: String, seconds: Int64) {
        #expect(HTTPDate.seconds(text) == seconds)
    }

    @Test(arguments: [
        "", "now", "Thu, 29 Feb 2023 00:00:00 GMT", "Thu, 01 Foo 2023 00:00:00 GMT", "Thu, 01 Jan 2023 24:00:00 GMT",
        "Thu, 01 Jan 2023 00:60:00 GMT", "Thu, 01 Jan 2023", "Jan", "01 Jan", "Thu, 01 Jan 2023 00:00 GMT",
        "Thu, 01 Jan 99999 00:00:00 GMT", "Thu, 01 Jan 0 00:00:00 GMT", ", , ,", "- - -",
        "Thu, 01 Jan 99999999999999999999 00:00:00 GMT", "Jan Jan Jan Jan Jan",
    ])
    func `other texts are no date`(text: String) {
        #expect(HTTPDate.seconds(text) == nil)
    }

    @Test func `no text of random pieces traps`() {
        let pieces = [
            "Jan", "31", "-", ",", " ", ":", "2026", "00", "99999999999999999999", "GMT", "é", "+", "Feb", "0",
        ]
        var random = SessionSplitMix64(seed: 7)
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...12, using: &random)
            let text = (0..<count).compactMap { _ in pieces.randomElement(using: &random) }.joined()
            if let seconds = HTTPDate.seconds(text) { #expect(abs(seconds) < 400_000_000_000) }
        }
    }
}
