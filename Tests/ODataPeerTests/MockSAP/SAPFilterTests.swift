import OData
import Testing

/// A filter, and the same condition in Swift.
struct FilterCase: Sendable, CustomTestStringConvertible {
    let set: String
    let condition: QueryExpression
    let holds: @Sendable (Entity) -> Bool

    init(_ set: String, _ condition: QueryExpression, _ holds: @escaping @Sendable (Entity) -> Bool) {
        (self.set, self.condition, self.holds) = (set, condition, holds)
    }

    var testDescription: String { (try? condition.text(.v2)) ?? "unwritable" }
}

/// mock-sap has no properties of the types Guid, Int64, Double, Single, Binary, Time and DateTimeOffset in version 2, and
/// its filters know no literals of them; their forms are held by the unit tests.
@Suite("mock-sap, version 2: filters")
struct SAPFilterTests {
    private static let amount = ODataDecimal("956.00")
    private static let day = LocalDateTime("1970-01-01T00:00:00")

    static let cases: [FilterCase] = [
        FilterCase("ProductSet", .property("Price") > .literal(amount.map { .decimal($0) } ?? .null)) { entity in
            entity.number("Price").map { $0 > (amount ?? .zero) } ?? false
        },
        FilterCase("ProductSet", .property("Price") == .literal(amount.map { .decimal($0) } ?? .null)) { entity in
            entity.number("Price") == amount
        },
        FilterCase("ProductSet", .property("TaxTarifCode") + 1 == 2 && .property("Category") == "Mice") { entity in
            entity.whole("TaxTarifCode") == 1 && entity.text("Category") == "Mice"
        },
        FilterCase("ProductSet", .property("Category") == "Notebooks") { $0.text("Category") == "Notebooks" },
        FilterCase("ProductSet", .property("Category").isOneOf(["Notebooks", "Printers"])) { entity in
            ["Notebooks", "Printers"].contains(entity.text("Category"))
        },
        FilterCase("ProductSet", .property("Name").contains("Basic")) { $0.text("Name")?.contains("Basic") == true },
        FilterCase("ProductSet", .property("Name").startsWith("Notebook")) {
            $0.text("Name")?.hasPrefix("Notebook") == true
        },
        FilterCase("ProductSet", .property("Name").endsWith("15")) { $0.text("Name")?.hasSuffix("15") == true },
        FilterCase("ProductSet", .property("Name").toUpper() == "NOTEBOOK BASIC 15") { entity in
            entity.text("Name")?.uppercased() == "NOTEBOOK BASIC 15"
        },
        FilterCase("ProductSet", .property("Name").length == 17) { $0.text("Name")?.count == 17 },
        FilterCase("ProductSet", .call(.substring, [.property("ProductID"), 3]) == "1000") { entity in
            entity.text("ProductID")?.dropFirst(3) == "1000"
        },
        FilterCase("ProductSet", !(.property("Category") == "Notebooks" || .property("Category") == "Mice")) { entity in
            !(entity.text("Category") == "Notebooks" || entity.text("Category") == "Mice")
        },
        FilterCase("ContactSet", .property("DateOfBirth") < .literal(day.map { .dateTime($0) } ?? .null)) { entity in
            guard case .dateTime(let born) = entity["DateOfBirth"], let day else { return false }
            return born < day
        },
        FilterCase("ContactSet", .call(.year, [.property("DateOfBirth")]) >= 1980) { entity in
            guard case .dateTime(let born) = entity["DateOfBirth"] else { return false }
            return born.date.year >= 1_980
        },
        FilterCase("BusinessPartnerSet", .property("Address/Country") == "DE") { entity in
            guard case .complex(let address) = entity["Address"] else { return false }
            return address["Country"] == "DE"
        },
    ]

    @Test("pitfall 15: each literal and function finds the rows that it should", arguments: cases)
    func finds(_ filter: FilterCase) async throws {
        let client = try await Peers.client(Peers.sap, SAPService.sample)
        let all = try await client.entities(Query(filter.set)).collect()
        let found = try await client.entities(Query(filter.set).filter(filter.condition)).collect()
        // By their ids: other tests change who supplies a product.
        #expect(found.map(\.id) == all.filter(filter.holds).map(\.id))
        // A condition that nothing or everything fulfils would prove nothing.
        #expect(found.count < all.count, "\(filter.testDescription) holds for all")
        #expect(!found.isEmpty, "\(filter.testDescription) holds for none")
    }

    @Test func `a whole number, a string literal and a decimal with other digits are taken in the property's type`()
        async throws
    {
        let client = try await Peers.client(Peers.sap, SAPService.sample)
        let exact = try await client.count(
            Query("ProductSet").filter(.property("Price") == .literal(try .decimal("956.000"))))
        #expect(exact == 1)
        #expect(try await client.count(Query("ProductSet").filter(.property("Price") == 956)) == exact)
    }

    @Test func `a comparison with null and with a boolean finds the rows that it should`() async throws {
        let client = try await Peers.client(Peers.sap, SAPService.salesOrders)
        let seeded = QueryExpression.property("SalesOrder") <= "0000004730"
        #expect(try await client.count(Query("A_SalesOrder").filter(seeded && .property("PricingDate") == nil)) == 19)
        #expect(try await client.count(Query("A_SalesOrder").filter(seeded && .property("PricingDate") != nil)) == 0)
        let items = Query("A_SalesOrderItem").filter(seeded && .property("UnlimitedOverdeliveryIsAllowed") == true)
        #expect(try await client.count(items) == 0)
    }
}
