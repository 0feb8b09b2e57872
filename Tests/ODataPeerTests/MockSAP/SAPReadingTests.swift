import OData
import Testing

@Suite("mock-sap, version 2: reading")
struct SAPReadingTests {
    private func orders() async throws -> ODataClient { try await Peers.client(Peers.sap, SAPService.salesOrders) }
    private func sample() async throws -> ODataClient { try await Peers.client(Peers.sap, SAPService.sample) }

    /// Orders that the system begins with: nobody changes these.
    private static let seeded = QueryExpression.property("SalesOrder") <= "0000004730"

    @Test func `pitfall 02: decimals, dates and nulls of one entity come in exact types`() async throws {
        let order = try await orders().entity(Query("A_SalesOrder").key("0000004712"))
        #expect(order.text("SalesOrder") == "0000004712")
        let amount = try #require(order.number("TotalNetAmount"))
        #expect(amount.scale == 3)
        guard case .dateTime(let created) = order["CreationDate"] else {
            Issue.record("no date: \(String(describing: order["CreationDate"]))")
            return
        }
        #expect(created.time == .midnight)
        #expect(order["PricingDate"] == .null)
        #expect(order.type?.name == "A_SalesOrderType")
    }

    @Test func `pitfall 09: a navigation is deferred, expanded to many or to one, as asked`() async throws {
        let client = try await orders()
        let key = Query("A_SalesOrder").key("0000004712")
        guard case .deferred(let link) = try await client.entity(key)["to_Item"] else {
            Issue.record("expected a link")
            return
        }
        #expect(link.url?.hasSuffix("A_SalesOrder('0000004712')/to_Item") == true)
        let expanded = try await client.entity(key.expand("to_Item/to_SalesOrder"))
        let items = try #require(expanded.expanded("to_Item"))
        #expect(!items.isEmpty)
        for item in items {
            guard case .entity(let parent) = item["to_SalesOrder"] else {
                Issue.record("the way back was not expanded")
                return
            }
            #expect(parent.text("SalesOrder") == "0000004712")
        }
    }

    @Test func `pitfall 17: a selection keeps the navigation that is expanded, and brings nothing else`() async throws {
        let query = Query("A_SalesOrder").select("SalesOrder", "SoldToParty").expand("to_Item") {
            $0.select("Material")
        }
        .filter(Self.seeded).orderBy(.ascending("SalesOrder")).top(3)
        let found = try await orders().entities(query).collect()
        #expect(found.count == 3)
        for order in found {
            #expect(Set(order.properties.names) == ["SalesOrder", "SoldToParty", "to_Item"])
            #expect(order.expanded("to_Item")?.isEmpty == false)
        }
    }

    @Test func `what a navigation leads to is read by its path, to one and to many`() async throws {
        let client = try await orders()
        let items = try await client.entities(Query("A_SalesOrder").key("0000004712").navigate("to_Item")).collect()
        let first = try #require(items.first)
        let key: KeyValuePairs<String, ODataValue> = [
            "SalesOrder": "0000004712", "SalesOrderItem": try #require(first["SalesOrderItem"]),
        ]
        let item = Query("A_SalesOrderItem").key(key)
        #expect(try await client.entity(item) == first)
        #expect(try await client.entity(item.navigate("to_SalesOrder")).text("SalesOrder") == "0000004712")
    }

    @Test func `a property is read as a value, and as raw text`() async throws {
        let client = try await orders()
        let total = Query("A_SalesOrder").key("0000004712").property("TotalNetAmount")
        let value = try await client.value(total)
        let raw = try await client.content(total.rawValue()).collect(maxBytes: 100)
        #expect(value == (try .decimal(String(decoding: raw, as: UTF8.self))))
    }

    @Test func `pitfall 08: the count beside a page and the count alone are those of the filter`() async throws {
        let client = try await orders()
        let query = Query("A_SalesOrder").filter(Self.seeded)
        let page = try await client.answer(to: .page(query.count().top(2))).value
        #expect(page.entities.count == 2)
        #expect(page.count == 19)
        #expect(try await client.count(query) == 19)
        #expect(try await client.count(Query("A_SalesOrder").key("0000004712").navigate("to_Item")) >= 1)
    }

    @Test func `order, skip and top cut the same rows out of the whole`() async throws {
        let client = try await orders()
        let all = try await client.entities(
            Query("A_SalesOrder").filter(Self.seeded).orderBy(.descending("SalesOrder"))
        ).collect().map { $0.text("SalesOrder") }
        let some = try await client.entities(
            Query("A_SalesOrder").filter(Self.seeded).orderBy(.descending("SalesOrder")).skip(4).top(5)
        ).collect().map { $0.text("SalesOrder") }
        #expect(some == Array(all[4..<9]))
    }

    @Test func `pitfall 10: a complex property comes whole, and its parts can be filtered, ordered and selected`()
        async throws
    {
        let client = try await sample()
        let partner = try #require(try await client.first(Query("BusinessPartnerSet")))
        guard case .complex(let address) = partner["Address"], case .string(let city)? = address["City"] else {
            Issue.record("no address")
            return
        }
        #expect(address.type?.name == "CT_Address")
        let same = try await client.entities(
            Query("BusinessPartnerSet").filter(.property("Address/City") == city).orderBy(.ascending("Address/City"))
        ).collect()
        #expect(same.contains(partner))
        #expect(
            try partner.text("BusinessPartnerID") == #require(same.first).text("BusinessPartnerID") || same.count > 1)
    }

    @Test func `an entity that isn't there is nil, or an error with the code and text of the service`() async throws {
        let client = try await orders()
        let missing = Query("A_SalesOrder").key("nope")
        #expect(try await client.entityIfPresent(missing) == nil)
        let error = try await failure { _ = try await client.entity(missing) }
        guard case .service(let refusal) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(refusal.status == 404)
        #expect(refusal.code == "/IWBEP/CX_MGW_RESOURCE_NOT_FOUND")
        #expect(refusal.message?.text.contains("nope") == true)
        #expect(refusal.transactionID == "MOCK0000000000000000000000000000")
    }

    @Test func `a name that the metadata doesn't have is refused before anything is sent`() async throws {
        let client = try await orders()
        _ = try await client.metadata()
        let before = try await PeerControl(Peers.sap).requests("A_SalesOrderNope").count
        for query in [
            Query("A_SalesOrderNope"), Query("A_SalesOrder").select("A_SalesOrderNope"),
            Query("A_SalesOrder").filter(.property("A_SalesOrderNope") == 1), Query("A_SalesOrder").search("x"),
        ] {
            let error = try await failure { _ = try await client.entities(query).collect() }
            guard case .query = error else {
                Issue.record("\(error)")
                continue
            }
        }
        #expect(try await PeerControl(Peers.sap).requests("A_SalesOrderNope").count == before)
    }

    @Test func `pitfall 22: a key with leading zeros stays text, and one without them is another key`() async throws {
        let client = try await orders()
        #expect(try await client.entityIfPresent(Query("A_SalesOrder").key("0000004712")) != nil)
        #expect(try await client.entityIfPresent(Query("A_SalesOrder").key("4712")) == nil)
    }

    @Test func `pitfall 16: quotes, plus signs, ampersands, slashes and blanks in a literal arrive as they are`()
        async throws
    {
        let client = try await sample()
        for text in ["O'Neil & Söhne + 50%", "a/b c#d?e=f", "''", "%27", "1+1", "日本 語"] {
            // Nothing is called so: a filter that came apart would be refused, one that lost its shape would find all.
            let condition = QueryExpression.property("CompanyName") == .literal(.string(text))
            #expect(try await client.count(Query("BusinessPartnerSet").filter(condition)) == 0)
            #expect(try await client.count(Query("BusinessPartnerSet").filter(!condition)) > 0)
        }
        #expect(try await client.entityIfPresent(Query("BusinessPartnerSet").key("a'b/c d")) == nil)
    }
}
