import HTTPTypes
import OData
import ODataCurl
import Testing

/// What "Getting started" says of version 4, and the articles on paging and batches, against mock-sap's service of version 4.
@Suite("tutorial, version 4")
struct TutorialVersion4Tests {
    private func connected() async throws -> ODataClient {
        let port = try await TutorialPeer.port()
        let transport = try CurlTransport()
        let service = "/sap/opu/odata4/sap/api_salesorder/srvd_a2x/sap/api_salesorder/0001/"
        let orders = ODataClient(root: try ServiceRoot("http://127.0.0.1:\(port)\(service)"), transport: transport)
        return orders
    }

    @Test func `the same order has the same values in both versions`() async throws {
        let orders = try await connected()
        let order = try await orders.entity(
            Query("SalesOrder").key("0000004712").expand("to_Item") {
                $0.select("SalesOrderItem", "Material").orderBy(.ascending("SalesOrderItem")).top(1)
            })
        #expect(order["SalesOrder"] == "0000004712")
        guard case .decimal? = order["TotalNetAmount"], case .entities(let items)? = order["to_Item"] else {
            Issue.record("\(order.properties.names)")
            return
        }
        #expect(items.entities.count == 1)
    }

    @Test func `rows are summed up by the service`() async throws {
        let orders = try await connected()
        let totals = Query("SalesOrder").apply(
            .filter(.property("SalesOrder") <= "0000004730"),
            .groupBy(["SoldToParty"], [.aggregate([.count(as: "Orders"), .sum("TotalNetAmount", as: "Total")])]))
        for try await row in orders.entities(totals) {
            show(try String(odataValue: row["SoldToParty"] ?? .null))
        }
        #expect(try await !orders.entities(totals).collect().isEmpty)
    }

    @Test func `an order is created, changed by PATCH, and deleted`() async throws {
        let orders = try await connected()
        let draft = TutorialVersion2Tests.draft
        var order = try await orders.create(draft, in: Query("SalesOrder"))
        order["PurchaseOrderByCustomer"] = "PO-2026-8"
        try await orders.update(order)
        let key = Query("SalesOrder").key(try #require(order["SalesOrder"]))
        #expect(try await orders.entity(key)["PurchaseOrderByCustomer"] == "PO-2026-8")
        try await orders.delete(key, if: .exists)
        #expect(try await orders.entityIfPresent(key) == nil)
    }

    @Test func `what changed since a read is told by the link that it brought`() async throws {
        let orders = try await connected()
        var link: DeltaLink?
        for try await change in try orders.changes(tracking: Query("SalesOrder")) {
            switch change {
            case .changed(let order): show("\(order.id ?? "")")
            case .removed(let gone): show("\(gone.id ?? "")")
            case .link: break
            case .checkpoint(let found): link = found
            }
        }
        let kept = link?.serialized
        let created = try await orders.create(TutorialVersion2Tests.draft, in: Query("SalesOrder"))
        var changed: [ODataValue] = []
        if let kept, let link = DeltaLink(serialized: kept) {
            for try await case .changed(let order) in orders.changes(since: link) {
                changed += [order["SalesOrder"] ?? .null]
            }
        }
        #expect(changed.contains(try #require(created["SalesOrder"])))
    }

    @Test func `a page's rest is read later`() async throws {
        let orders = try await connected()
        let query = Query("SalesOrder").orderBy(.ascending("SalesOrder"))
        let page = try await orders.answer(to: .page(query), RequestOptions(pageSize: 5)).value
        var rest = 0
        if let pages = try await orders.pages(after: page, of: query) {
            for try await next in pages { rest += next.entities.count }
        }
        #expect(!page.entities.isEmpty)
    }

    @Test func `a deadline bounds an operation as a whole`() async throws {
        let orders = try await connected()
        let soon = RequestOptions(deadline: .now + .seconds(20))
        let count = try await orders.count(Query("SalesOrder"), soon)
        #expect(count > 0)
    }

    @Test func `a batch goes as JSON where the client says so`() async throws {
        let port = try await TutorialPeer.port()
        let service = "/sap/opu/odata4/sap/api_salesorder/srvd_a2x/sap/api_salesorder/0001/"
        let root = try ServiceRoot("http://127.0.0.1:\(port)\(service)")
        let transport = try CurlTransport()
        var options = ClientOptions()
        options.batchFormat = .json
        let orders = ODataClient(root: root, transport: transport, options: options)
        var batch = ODataBatch()
        batch.continuesOnError = true
        let missing = batch.add(.entity(Query("SalesOrder").key("nope")))
        let count = batch.add(.count(Query("SalesOrder")))
        let answers = try await orders.send(batch)
        do {
            _ = try await answers.value(of: missing)
        } catch {
            guard case .service(let refusal) = error else { throw error }
            show("\(refusal.status)")
        }
        let orderCount = try await answers.value(of: count)
        #expect(orderCount > 0)
    }
}
