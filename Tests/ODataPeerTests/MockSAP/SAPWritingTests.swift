import OData
import Testing

@Suite("mock-sap, version 2: writing")
struct SAPWritingTests {
    private func orders(_ options: ClientOptions = ClientOptions()) async throws -> ODataClient {
        try await Peers.client(Peers.sap, SAPService.salesOrders, options: options)
    }

    private func sample() async throws -> ODataClient { try await Peers.client(Peers.sap, SAPService.sample) }

    @Test func `a deep insert makes the header and its items, and brings what the system filled in`() async throws {
        let client = try await orders()
        let created = try await client.create(
            try SalesOrderDraft.version2(reference: "deep"), in: Query("A_SalesOrder"))
        let number = try #require(created.text("SalesOrder"))
        #expect(number.count == 10)
        #expect(created.etag != nil)
        #expect(created.changedNames.isEmpty)
        let read = try await client.entity(Query("A_SalesOrder").key(.string(number)).expand("to_Item"))
        let items = try #require(read.expanded("to_Item"))
        #expect(items.map { $0.text("Material") } == ["TG11", "TG12"])
        #expect(read.number("TotalNetAmount") == ODataDecimal("1998.75"))
        // pitfall 21: ABAP's initial values come back for what was not given.
        #expect(read["SDDocumentReason"] == "")
    }

    @Test func `pitfall 20: a deep insert with wrapped results is taken too`() async throws {
        var options = ClientOptions()
        options.wrapsResults = true
        let client = try await orders(options)
        let created = try await client.create(
            try SalesOrderDraft.version2(reference: "wrapped"), in: Query("A_SalesOrder"))
        let key = Query("A_SalesOrder").key(try #require(created["SalesOrder"]))
        #expect(try await client.entity(key.expand("to_Item")).expanded("to_Item")?.count == 2)
        let sent = try await PeerControl(Peers.sap).requests("A_SalesOrder").last { $0.body.contains("wrapped") }
        #expect(sent?.body.contains(#""to_Item":{"results":[{"#) == true)
    }

    @Test func `an item is created below its header`() async throws {
        let client = try await orders()
        let header = try await newOrder(client, "below")
        var item = Entity()
        item["Material"] = "TG11"
        item["RequestedQuantity"] = try .decimal("3")
        let items = Query("A_SalesOrder").key(header).navigate("to_Item")
        let created = try await client.create(item, in: items)
        #expect(created["SalesOrder"] == header)
        #expect(created.number("RequestedQuantity") == ODataDecimal("3"))
        #expect(try await client.count(items) == 3)
    }

    @Test(
        "pitfall 18: a change sends the changed fields alone, by MERGE, PATCH or the tunnel",
        arguments: [UpdateMethod.automatic, .merge, .patch])
    func changes(_ method: UpdateMethod) async throws {
        let client = try await orders()
        let key = try await newOrder(client, "change-\(method)")
        var order = try await client.entity(Query("A_SalesOrder").key(key))
        order["PurchaseOrderByCustomer"] = "PO'1 + ü"
        let updated = try await client.update(order, method: method)
        #expect(updated.etag != nil && updated.etag != order.etag)
        let request = try await lastWrite(of: key)
        #expect(request.method == (method == .patch ? "PATCH" : "MERGE"))
        #expect(request.body == #"{"PurchaseOrderByCustomer":"PO'1 + ü"}"#)
        #expect(request.headers["if-match"] == order.etag?.text)
        let read = try await client.entity(Query("A_SalesOrder").key(key))
        #expect(read.text("PurchaseOrderByCustomer") == "PO'1 + ü")
        #expect(read.number("TotalNetAmount") == order.number("TotalNetAmount"))
        // The tag of the answer is good for the next change, without a read between.
        var next = updated
        next["PurchaseOrderByCustomer"] = "PO-2"
        try await client.update(next, method: method)
    }

    @Test func `an entity that was read and not changed is not sent`() async throws {
        let client = try await orders()
        let key = try await newOrder(client, "unchanged")
        let order = try await client.entity(Query("A_SalesOrder").key(key))
        #expect(try await client.update(order) == order)
        #expect(try await writes(of: key).isEmpty)
    }

    @Test func `pitfall 07: PUT sends the whole entity, with decimals as strings and dates as ticks`() async throws {
        let client = try await sample()
        var order = Entity()
        order["SalesOrderID"] = "790000001"
        order["Note"] = "whole"
        order["NetAmount"] = try .decimal("12.50")
        let created = try await client.create(order, in: Query("SalesOrderSet"))
        let key = Query("SalesOrderSet").key("790000001")
        var whole = Entity()
        whole["SalesOrderID"] = "790000001"
        whole["CurrencyCode"] = "EUR"
        whole["NetAmount"] = try .decimal("99999999999.125")
        whole.etag = created.etag
        try await client.update(whole, at: key, method: .put)
        let request = try #require(try await PeerControl(Peers.sap).requests("SalesOrderSet('790000001')").last)
        #expect(request.method == "PUT")
        #expect(request.body.contains(#""NetAmount":"99999999999.125""#))
        let read = try await client.entity(key)
        #expect(read.number("NetAmount") == ODataDecimal("99999999999.125"))
        // What PUT didn't name has its initial value again.
        #expect(read["Note"] == "" || read["Note"] == .null)
    }

    @Test func `a deleted entity is gone, with what hung below it`() async throws {
        let client = try await orders()
        let key = Query("A_SalesOrder").key(try await newOrder(client, "delete"))
        let order = try await client.entity(key)
        try await client.delete(order)
        #expect(try await client.entityIfPresent(key) == nil)
        let error = try await failure { try await client.delete(key) }
        #expect(error.serviceError?.status == 404)
    }

    @Test func `pitfall 13: a refused write says which field, with code, text and the transaction`() async throws {
        let client = try await orders()
        var order = try SalesOrderDraft.version2(reference: "x")
        order["SoldToParty"] = "12345678901"
        let error = try await failure { _ = try await client.create(order, in: Query("A_SalesOrder")) }
        guard case .service(let refusal) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(refusal.status == 400)
        #expect(refusal.code == "/IWBEP/CX_MGW_BUSI_EXCEPTION")
        #expect(refusal.message?.target == "SoldToParty" && refusal.message?.severity == .error)
        #expect(refusal.transactionID?.hasPrefix("MOCK") == true)
        #expect(refusal.timestamp != nil)
        #expect(refusal.resolution.keys.contains("SAP_Note"))
        #expect(!error.isOutcomeUnknown)
    }

    @Test func `a property that the type doesn't have is sent, and refused by the service`() async throws {
        let client = try await orders()
        var order = try SalesOrderDraft.version2(reference: "x")
        order["YY1_Extension_SDH"] = "x"
        let error = try await failure { _ = try await client.create(order, in: Query("A_SalesOrder")) }
        #expect(error.serviceError?.message?.target == "YY1_Extension_SDH")
    }

    @Test func `pitfall 14: a write that succeeds brings the warnings of its header`() async throws {
        let client = try await orders()
        var order = try SalesOrderDraft.version2(reference: "warning")
        order["RequestedDeliveryDate"] = try .dateTime("2020-01-01T00:00:00")
        let answer = try await client.answer(to: .create(order, in: Query("A_SalesOrder")))
        #expect(answer.status == 201)
        let message = try #require(answer.messages.first)
        #expect(message.code == "V1/302")
        #expect(message.severity == .warning)
        #expect(message.target == "RequestedDeliveryDate")
        #expect(answer.location?.contains("A_SalesOrder('") == true)
    }

    // MARK: Links

    @Test func `links of a navigation are read as ids, to many and to one`() async throws {
        let client = try await orders()
        let order = Query("A_SalesOrder").key("0000004712")
        let ids = try await client.links("to_Item", of: order)
        let items = try await client.entities(order.navigate("to_Item")).collect()
        #expect(ids == items.compactMap(\.id))
        let item = Query("A_SalesOrderItem").key(["SalesOrder": "0000004712", "SalesOrderItem": "000010"])
        let back = try await client.links("to_SalesOrder", of: item)
        #expect(back.count == 1 && back.first?.hasSuffix("A_SalesOrder('0000004712')") == true)
    }

    @Test func `a link to one is set and read back`() async throws {
        let client = try await sample()
        let product = Query("ProductSet").key("HT-1001")
        let partners = try await client.entities(Query("BusinessPartnerSet").top(2)).collect()
        for partner in partners {
            let key = try #require(partner["BusinessPartnerID"])
            try await client.setLink("ToSupplier", of: product, to: .query(Query("BusinessPartnerSet").key(key)))
            #expect(try await client.entity(product.navigate("ToSupplier")) == partner)
            let id = try #require(partner.id)
            #expect(try await client.links("ToSupplier", of: product) == [id])
        }
        let first = try #require(partners.first?.id)
        try await client.setLink("ToSupplier", of: product, to: .id(first))
        #expect(try await client.links("ToSupplier", of: product) == [first])
    }

    @Test func `a link to many is added and removed, and a link that is a key is refused`() async throws {
        let client = try await sample()
        var order = Entity()
        order["SalesOrderID"] = "790000002"
        try await client.create(order, in: Query("SalesOrderSet"))
        let target = Query("SalesOrderSet").key("790000002")
        let partners = try await client.entities(Query("BusinessPartnerSet").orderBy(.descending("CompanyName")))
            .collect()
        let partner = Query("BusinessPartnerSet").key(try #require(partners.first?["BusinessPartnerID"]))
        let before = try await client.links("ToSalesOrders", of: partner)
        try await client.addLink("ToSalesOrders", of: partner, to: .query(target))
        let after = try await client.links("ToSalesOrders", of: partner)
        #expect(after.count == before.count + 1)
        #expect(after.contains { $0.hasSuffix("SalesOrderSet('790000002')") })
        try await client.removeLink("ToSalesOrders", of: partner, to: .query(target))
        #expect(try await client.links("ToSalesOrders", of: partner) == before)
        let composed = try await failure {
            try await client.removeLink("ToLineItems", of: target)
        }
        #expect(composed.serviceError?.status == 400)
    }

    // MARK: Helpers

    private func newOrder(_ client: ODataClient, _ reference: String) async throws -> ODataValue {
        let created = try await client.create(
            try SalesOrderDraft.version2(reference: reference), in: Query("A_SalesOrder"))
        return try #require(created["SalesOrder"])
    }

    private func writes(of key: ODataValue) async throws -> [LoggedRequest] {
        guard case .string(let number) = key else { return [] }
        return try await PeerControl(Peers.sap).requests("A_SalesOrder('\(number)')").filter { $0.method != "GET" }
    }

    private func lastWrite(of key: ODataValue) async throws -> LoggedRequest {
        try #require(try await writes(of: key).last)
    }
}

/// Orders with two items, to be created.
enum SalesOrderDraft {
    static func version2(reference: String) throws -> Entity { try order(reference: reference) }
    static func version4(reference: String) throws -> Entity { try order(reference: reference) }

    private static func order(reference: String) throws -> Entity {
        var order = Entity()
        order["SalesOrderType"] = "OR"
        order["SalesOrganization"] = "1710"
        order["DistributionChannel"] = "10"
        order["OrganizationDivision"] = "00"
        order["SoldToParty"] = "1000001"
        order["TransactionCurrency"] = "EUR"
        order["PurchaseOrderByCustomer"] = .string(reference)
        order["to_Item"] = .entities(
            EntityCollection([
                try item("TG11", quantity: "2", amount: "1000.00"), try item("TG12", quantity: "1.5", amount: "998.75"),
            ]))
        return order
    }

    private static func item(_ material: String, quantity: String, amount: String) throws -> Entity {
        var item = Entity()
        item["Material"] = .string(material)
        item["RequestedQuantity"] = try .decimal(quantity)
        item["NetAmount"] = try .decimal(amount)
        return item
    }
}
