import Domain
import Testing

@Suite("Cutting a page out of a list")
struct PageTests {
    private static let ids = (1...5).map { TenantID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0000 + $0) }
    private static let newestFirst = Array(ids.reversed())

    private func cut(_ start: PageStart<TenantKind>, _ limit: Int) throws -> ([Int], older: Bool, newer: Bool) {
        let page = try #require(PageRequest(start: start, limit: limit)).cut(Self.newestFirst) { $0 }
        let numbers = page.elements.map { id in (Self.ids.firstIndex(of: id) ?? -1) + 1 }
        return (numbers, page.hasOlder, page.hasNewer)
    }

    @Test func `begins with the newest`() throws {
        #expect(try cut(.first, 2) == ([5, 4], older: true, newer: false))
        #expect(try cut(.first, 5) == ([5, 4, 3, 2, 1], older: false, newer: false))
    }

    @Test func `goes on after, and back before, an identifier`() throws {
        #expect(try cut(.after(Self.ids[3]), 2) == ([3, 2], older: true, newer: true))
        #expect(try cut(.after(Self.ids[1]), 2) == ([1], older: false, newer: true))
        #expect(try cut(.before(Self.ids[1]), 2) == ([4, 3], older: true, newer: true))
        #expect(try cut(.before(Self.ids[3]), 2) == ([5], older: true, newer: false))
    }

    @Test func `is empty beyond either end`() throws {
        #expect(try cut(.after(Self.ids[0]), 2) == ([], older: false, newer: true))
        #expect(try cut(.before(Self.ids[4]), 2) == ([], older: true, newer: false))
    }
}
