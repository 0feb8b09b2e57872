import OData
import Testing

@testable import odata

@Suite("What the command shows")
struct OutputTests {
    @Test func `a table is as wide as its widest cells, numbers to the right`() {
        var table = Table(["name", "price"], rightAligned: [1])
        table.add(["Apple", "1.50"])
        table.add(["Kiwi", "10.25"])
        #expect(table.lines(width: 80) == ["name   price", "-----  -----", "Apple   1.50", "Kiwi   10.25"])
    }

    @Test func `a table never is wider than the terminal, as long as eight characters a column fit`() {
        var table = Table(["a", "b", "c"])
        table.add([String(repeating: "x", count: 200), "short", String(repeating: "y", count: 90)])
        for width in [30, 40, 61, 100] { #expect(table.lines(width: width).allSatisfy { $0.count <= width }) }
        #expect(table.lines(width: 40)[2].contains("…"))
    }

    @Test func `a line break in a value stays in its row`() {
        var table = Table(["text"])
        table.add(["one\ntwo\r\nthree"])
        #expect(table.lines(width: 80).last == "one two three")
    }

    @Test func `values of version 2 alone have a text as well`() throws {
        var entity = Entity()
        let date = try #require(CalendarDate(year: 2026, month: 1, day: 31))
        let time = try #require(TimeOfDay(hour: 10, minute: 11, second: 12))
        entity["At"] = .dateTime(LocalDateTime(date, time))
        entity["For"] = .time(try #require(ODataDuration(seconds: 61)))
        entity["Later"] = .deferred(DeferredLink(url: "x"))
        #expect(try EntityJSON.line(entity) == #"{"At":"2026-01-31T10:11:12","For":"PT1M1S"}"#)
    }

    @Test func `a decimal and a large integer lose nothing in JSON`() throws {
        var entity = Entity()
        entity["Price"] = .decimal(try #require(ODataDecimal("12345678901234567890.0000000001")))
        entity["Stock"] = .int64(9_007_199_254_740_993)
        #expect(
            try EntityJSON.line(entity)
                == #"{"Price":"12345678901234567890.0000000001","Stock":"9007199254740993"}"#)
    }

    @Test func `what the service said is shown with its details, and the exit code tells who is to blame`() {
        var refusal = ServiceError(status: 400)
        refusal.code = "M7/021"
        refusal.message = ServiceMessage(text: "Deficit of stock", severity: .error)
        refusal.details = [ServiceMessage(text: "5 ST short", severity: .error)]
        refusal.transactionID = "4711"
        let failure = Failure(of: ODataError.service(refusal))
        #expect(failure.code == .refused)
        for part in ["HTTP 400", "M7/021", "Deficit of stock", "5 ST short", "4711"] {
            #expect(failure.description.contains(part))
        }
        #expect(Failure(of: ODataError.transport(.unreachable)).code == .unreachable)
        #expect(Failure(of: ODataError.query(.syntax(offset: 3))).code == .data)
    }

    @Test func `a terminal is given no control characters of a service's texts`() {
        #expect(Terminal.harmless("a\u{1B}[2Jb\u{7}\u{9B}1m") == "a\u{FFFD}[2Jb\u{FFFD}\u{FFFD}1m")
        #expect(Terminal.harmless("c\td\ne\r") == "c\td\ne\u{FFFD}")
        #expect(Terminal.harmless("Größe 漢字") == "Größe 漢字")
    }

    @Test func `an outcome that is open is said to be open`() {
        #expect(Failure(of: ODataError.transport(.timedOut(isSent: true))).description.contains("may have done"))
        #expect(Failure(of: ODataError.transport(.timedOut(isSent: false))).description.contains("nothing was sent"))
    }
}
