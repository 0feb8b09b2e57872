import OData
import Testing

/// A condition, and how many of the hundred products it holds for.
struct ShopFilter: Sendable, CustomTestStringConvertible {
    let condition: QueryExpression
    let holds: @Sendable (Int) -> Bool

    init(_ condition: QueryExpression, _ holds: @escaping @Sendable (Int) -> Bool) {
        (self.condition, self.holds) = (condition, holds)
    }

    var testDescription: String { (try? condition.text(.v401)) ?? "unwritable" }
    var expected: [Int] { (1...100).filter(holds) }
}

@Suite("odatapy: filters, search, computed and aggregated values")
struct ShopQueryTests {
    private static let products = Query("Products")

    private static func color(_ members: String) -> EnumerationValue {
        EnumerationValue(members, of: QualifiedName("Shop", "Color"))
    }

    /// Product n costs n.1234567890, is of color n % 4 and category (n - 1) % 3 + 1, with the tags "t(n % 3)" and "all".
    static let filters: [ShopFilter] = [
        ShopFilter(.property("ID").isIn([1, 50, 99])) { [1, 50, 99].contains($0) },
        ShopFilter(.property("ID") % 7 == 0) { $0 % 7 == 0 },
        ShopFilter(.property("ID") * 2 + 1 > 190) { $0 * 2 + 1 > 190 },
        ShopFilter(.property("Price") < "10.123456789") { $0 < 10 },
        ShopFilter(.property("Stock") > 9_007_199_254_741_000) { $0 > 7 },
        ShopFilter(.property("Stock") == 9_007_199_254_740_995) { $0 == 2 },
        ShopFilter(.property("Name").endsWith("7")) { $0 % 10 == 7 },
        ShopFilter(.property("Name").matches(pattern: "0.5$")) { $0 < 100 && $0 % 10 == 5 },
        ShopFilter(.call(.substring, [.property("Name"), 8]) == "042") { $0 == 42 },
        ShopFilter(.property("Name").toUpper().contains("T 00")) { $0 < 10 },
        ShopFilter(.property("Color").has(color("Red"))) { $0 % 4 == 0 || $0 % 4 == 3 },
        ShopFilter(.property("Color") == .literal(.enumeration(color("Green")))) { $0 % 4 == 1 },
        ShopFilter(.property("Tags").any { $0 == "t1" }) { $0 % 3 == 1 },
        ShopFilter(.property("Tags").all { $0 != "t1" }) { $0 % 3 != 1 },
        ShopFilter(.property("Size/Width") == "1.5") { _ in true },
        ShopFilter(.property("Size/Unit") != "m") { _ in false },
        ShopFilter(.property("Category/ID") == 2) { $0 % 3 == 2 },
        ShopFilter(!(.property("ID") > 3) || .property("ID") == 9 && .property("Name").startsWith("P")) {
            $0 <= 3 || $0 == 9
        },
        ShopFilter(.call(.round, [.property("Price")]) == 12) { $0 == 12 },
        ShopFilter(.property("Released") == nil && .property("ID") < 3) { $0 < 3 },
    ]

    @Test("each operator and function finds the rows that it should", arguments: filters)
    func finds(_ filter: ShopFilter) async throws {
        let client = try await Peers.client(Peers.shop)
        let query = Self.products.filter(filter.condition).select("ID").orderBy(.ascending("ID"))
        #expect(try await client.entities(query).collect().compactMap { $0.whole("ID") } == filter.expected)
        #expect(try await client.count(Self.products.filter(filter.condition)) == filter.expected.count)
    }

    @Test func `a lambda over a navigation, and a count of one, find the rows that they should`() async throws {
        let client = try await Peers.client(Peers.shop)
        let categories = Query("Categories")
        let any = categories.filter(
            .property("Products").any { $0.property("ID") == 4 && $0.property("Color").has(Self.color("Red")) })
        #expect(try await client.entities(any).collect().map { $0.whole("ID") } == [1])
        let all = categories.filter(.property("Products").all { $0.property("ID") > 1 })
        #expect(try await client.entities(all).collect().map { $0.whole("ID") } == [2, 3])
        let nested = categories.filter(
            .property("Products").any { product in product.property("Tags").any("tag") { tag in tag == "t2" } })
        #expect(try await client.entities(nested).collect().map { $0.whole("ID") } == [2])
        let counted = categories.filter(.property("Products").count > 33)
        let found = try await client.entities(counted).collect().map { $0.whole("ID") }
        #expect(found == [1])
    }

    @Test func `a parameter alias stands for its value`() async throws {
        let client = try await Peers.client(Peers.shop)
        let query = Self.products.filter(.property("Name") == .alias("name")).alias("name", "Product 010")
        #expect(try await client.entities(query).collect().map { $0.whole("ID") } == [10])
    }

    @Test func `search finds words, phrases and their combinations`() async throws {
        let client = try await Peers.client(Peers.shop)
        func ids(_ search: SearchExpression) async throws -> [Int?] {
            try await client.entities(Self.products.search(search).orderBy(.ascending("ID"))).collect().map {
                $0.whole("ID")
            }
        }
        #expect(try await ids(.phrase("Product 001")) == [1])
        #expect(try await ids(.or([.phrase("Product 001"), .phrase("Product 002")])) == [1, 2])
        #expect(try await ids(.and([.word("Product"), .word("042")])) == [42])
        #expect(try await ids(.not(.word("Product"))).isEmpty)
        // Text that a person types is no operator.
        #expect(try await client.count(Self.products.search("Product OR 001")) == 0)
    }

    /// odatapy names no types of computed values, so that strings, which decimals and 64-bit integers are by default,
    /// would stay strings: asked for numbers, it gives exact ones.
    private func computing() async throws -> ODataClient {
        var options = ClientOptions()
        options.isIEEE754Compatible = false
        return try await Peers.client(Peers.shop, options: options)
    }

    @Test func `computed properties come beside others, and can be filtered and ordered by`() async throws {
        let client = try await computing()
        let query = Self.products.compute(.property("Price") * 2, as: "Twice").select("ID", "Twice")
            .filter(.property("Twice") > 190).orderBy(.descending("Twice"))
        let rows = try await client.entities(query).collect()
        #expect(rows.map { $0.whole("ID") } == [100, 99, 98, 97, 96, 95])
        let twice = try #require(rows.first?["Twice"])
        #expect(try ODataDecimal(odataValue: twice) == ODataDecimal("200.246913578"))
    }

    @Test func `an aggregation groups, filters, computes and sums`() async throws {
        let client = try await computing()
        let byColor = Self.products.apply(
            .filter(.property("ID") <= 40),
            .groupBy(
                ["Color"],
                [
                    .aggregate([
                        .count(as: "Count"), .sum("ID", as: "Total"),
                        AggregateItem(.property("Stock"), with: .max, as: "Most"),
                        AggregateItem(.property("ID"), with: .average, as: "Mean"),
                        AggregateItem(.property("Category/ID"), with: .countDistinct, as: "Categories"),
                    ])
                ]))
        let rows = try await client.entities(byColor).collect()
        #expect(rows.count == 4)
        for row in rows {
            guard case .enumeration(let color)? = row["Color"],
                let rest = ["Red": 0, "Green": 1, "Blue": 2, "Red,Blue": 3][color.members]
            else {
                Issue.record("\(row.properties)")
                continue
            }
            let numbers = (1...40).filter { $0 % 4 == rest }
            #expect(row.whole("Count") == numbers.count)
            #expect(row.whole("Total") == numbers.reduce(0, +))
            #expect(
                row["Most"].flatMap { try? Int64(odataValue: $0) } == 9_007_199_254_740_993 + Int64(numbers.max() ?? 0))
            #expect(row.whole("Categories") == 3)
        }
        let total = Self.products.apply(
            .filter(.property("ID") <= 10), .compute([ComputeItem(.property("ID") * 2, as: "Double")]),
            .aggregate([.sum("Double", as: "Total")]))
        #expect(try await client.entities(total).collect().map { $0.whole("Total") } == [110])
        let largest = Self.products.apply(.limit(.topCount, 2, by: .property("Price")))
        #expect(Set(try await client.entities(largest).collect().map { $0.whole("ID") }) == [99, 100])
    }

    @Test func `a query read back from its own URL asks for the same rows`() async throws {
        let client = try await Peers.client(Peers.shop)
        let metadata = try await client.metadata()
        let query = Self.products.filter(.property("Tags").any { $0 == "t1" } && .property("Price") < 50)
            .select("ID", "Name").orderBy(.descending("ID")).skip(2).top(5).count()
        let url = try query.encoded(.v401, metadata: metadata).relativeURL
        let read = try Query(parsing: url, version: .v401, metadata: metadata)
        let (left, right) = (try await client.entities(query).collect(), try await client.entities(read).collect())
        #expect(left.count == 5 && left == right)
    }

    /// odatapy takes `$query` for a key, so that `POST …/$query` can't be tried; a batch can.
    @Test func `a URL that is too long goes by a batch`() async throws {
        for format in [BatchFormat.multipart, .json] {
            var options = ClientOptions()
            options.maxURLLength = 300
            options.longURLs = .batch
            options.batchFormat = format
            let client = try await Peers.client(Peers.shop, options: options)
            let names = (1...60).map {
                QueryExpression.literal(.string($0 < 10 ? "Product 00\($0)" : "Product 0\($0)"))
            }
            #expect(
                try await client.entities(Self.products.filter(.property("Name").isIn(names))).collect().count == 60)
        }
    }
}
