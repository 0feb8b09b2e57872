import OData
import Testing

@Suite("odatapy: pages of the server's own size")
struct ShopPagingTests {
    private static let products = Query("Products")

    @Test func `a sequence goes through all pages, in order and without doubles`() async throws {
        let client = try await Peers.client(Peers.pagedShop)
        var ids: [Int?] = []
        for try await product in client.entities(Self.products.select("ID")) { ids.append(product.whole("ID")) }
        #expect(ids == Array(1...100))
    }

    @Test func `pages are told one by one, with the count in each and a link in all but the last`() async throws {
        let client = try await Peers.client(Peers.pagedShop)
        var pages: [EntityCollection] = []
        for try await page in client.pages(Self.products.select("ID").count()) { pages.append(page) }
        #expect(pages.count == 15)
        #expect(pages.map(\.entities.count) == Array(repeating: 7, count: 14) + [2])
        #expect(pages.dropLast().allSatisfy { $0.nextLink != nil } && pages.last?.nextLink == nil)
        #expect(pages.first?.count == 100)
    }

    @Test(
        "pitfall 50: with $top, pages are followed until there are as many, and no further",
        arguments: [(3, 3), (7, 7), (8, 8), (20, 20), (500, 100)])
    func top(_ wanted: Int, _ found: Int) async throws {
        let client = try await Peers.client(Peers.pagedShop)
        #expect(try await client.entities(Self.products.top(wanted)).collect().count == found)
        #expect(try await client.first(Self.products.orderBy(.descending("ID")))?.whole("ID") == 100)
    }

    @Test func `a preferred page size is followed where the service does so, with the same rows`() async throws {
        let client = try await Peers.client(Peers.shop)
        var sizes: [Int] = []
        for try await page in client.pages(Self.products.select("ID"), RequestOptions(pageSize: 30)) {
            sizes.append(page.entities.count)
        }
        #expect(sizes == [30, 30, 30, 10])
        #expect(
            try await client.answer(to: .page(Self.products), RequestOptions(pageSize: 30)).appliedPreferences
                == "odata.maxpagesize=30")
    }

    @Test func `paging goes on after a page that was read before`() async throws {
        let client = try await Peers.client(Peers.pagedShop)
        let query = Self.products.select("ID").filter(.property("ID") > 80)
        let first = try await client.answer(to: .page(query)).value
        var rest = first.entities
        for try await page in try #require(try await client.pages(after: first, of: query)) { rest += page.entities }
        #expect(rest.map { $0.whole("ID") } == Array(81...100))
    }

    @Test func `more pages than the caller allows are an error`() async throws {
        var options = ClientOptions()
        options.paging = PagingLimits(maxPages: 3)
        let client = try await Peers.client(Peers.pagedShop, options: options)
        let error = try await failure { _ = try await client.entities(Self.products).collect() }
        #expect(error == .limit(.pages(3)))
        #expect(try await client.entities(Self.products.top(21)).collect().count == 21)
    }

    @Test func `leaving a sequence early ends it, and the client goes on`() async throws {
        let client = try await Peers.client(Peers.pagedShop)
        for try await product in client.entities(Self.products) where product.whole("ID") == 9 { break }
        #expect(try await client.count(Self.products) == 100)
    }

    @Test func `links of a navigation come through all pages`() async throws {
        let client = try await Peers.client(Peers.pagedShop)
        #expect(try await client.links("Products", of: Query("Categories").key(3)).count == 33)
    }
}
