import HTTPTypes
import OData
import ODataCurl
import Testing

/// The steps of "Getting started", against mock-sap's sales orders of version 2. The article shows these lines.
@Suite("tutorial, version 2")
struct TutorialVersion2Tests {
    private static let seeded = QueryExpression.property("SalesOrder") <= "0000004730"

    private func connected() async throws -> ODataClient {
        let port = try await TutorialPeer.port()
        let transport = try CurlTransport()
        let root = try ServiceRoot("http://127.0.0.1:\(port)/sap/opu/odata/sap/API_SALES_ORDER_SRV/")
        let orders = ODataClient(root: root, transport: transport)
        return orders
    }

    @Test func `the model is read, with labels and types`() async throws {
        let orders = try await connected()
        let metadata = try await orders.metadata()
        if let type = metadata.entityType(ofSet: "A_SalesOrder") {
            for property in metadata.properties(of: type.name) {
                let field = metadata.presentation(of: property.name, in: type.name)
                show(property.name, metadata.text(of: property.type), field.label ?? "")
            }
        }
        #expect(metadata.version == .v2)
        #expect(metadata.description(ofSet: "A_SalesOrder")?.key == ["SalesOrder"])
    }

    @Test func `one order is read, with its items`() async throws {
        let orders = try await connected()
        let order = try await orders.entity(Query("A_SalesOrder").key("0000004712").expand("to_Item"))
        if case .decimal(let total)? = order["TotalNetAmount"] {
            show("\(total)", try String(odataValue: order["TransactionCurrency"] ?? .null))
        }
        if case .entities(let items)? = order["to_Item"] {
            for item in items.entities { show(try String(odataValue: item["Material"] ?? .null)) }
        }
        #expect(order["SalesOrder"] == "0000004712")
        #expect(order["PricingDate"] == .null)
        #expect(order["NoSuchProperty"] == nil)
    }

    @Test func `orders are filtered, through all pages`() async throws {
        let orders = try await connected()
        let large = Query("A_SalesOrder")
            .filter(.property("TotalNetAmount") > 20_000 && .property("SoldToParty").startsWith("10000"))
            .select("SalesOrder", "SoldToParty", "TotalNetAmount")
            .orderBy(.descending("TotalNetAmount"))
            .top(5)
        for try await order in orders.entities(large) {
            show(try String(odataValue: order["SalesOrder"] ?? .null))
        }
        let found = try await orders.entities(large).collect()
        #expect(!found.isEmpty && found.count <= 5)
        #expect(found.allSatisfy { Set($0.properties.names) == ["SalesOrder", "SoldToParty", "TotalNetAmount"] })
        for try await page in orders.pages(Query("A_SalesOrder").top(7).count()) {
            show("\(page.entities.count) of \(page.count ?? 0)")
        }
        let count = try await orders.count(Query("A_SalesOrder"))
        #expect(count >= 19)
    }

    @Test func `a name that the service doesn't have is refused before anything is sent`() async throws {
        let orders = try await connected()
        do {
            _ = try await orders.first(Query("A_SalesOrder").filter(.property("SoldToPary") == "1000001"))
        } catch {
            guard case .query(.unknownName(let name, in: let type)) = error else { throw error }
            show("\(type) has no \(name)")
        }
        let error = await #expect(throws: ODataError.self) {
            _ = try await orders.first(Query("A_SalesOrder").filter(.property("SoldToPary") == "1000001"))
        }
        guard case .query(.unknownName("SoldToPary", in: _)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `an order is created with its items, changed, and deleted`() async throws {
        let orders = try await connected()
        var item = Entity()
        item["Material"] = "TG11"
        item["RequestedQuantity"] = 2
        var draft = Entity()
        draft["SalesOrderType"] = "OR"
        draft["SalesOrganization"] = "1710"
        draft["DistributionChannel"] = "10"
        draft["OrganizationDivision"] = "00"
        draft["SoldToParty"] = "1000001"
        draft["to_Item"] = .entities(EntityCollection([item]))
        var order = try await orders.create(draft, in: Query("A_SalesOrder"))
        #expect(order.etag != nil)
        order["PurchaseOrderByCustomer"] = "PO-2026-7"
        order = try await orders.update(order)
        #expect(order.changedNames.isEmpty)
        try await orders.delete(order)
        let key = try #require(order["SalesOrder"])
        #expect(try await orders.entityIfPresent(Query("A_SalesOrder").key(key)) == nil)
    }

    @Test func `who changes what was changed meanwhile is told so`() async throws {
        let orders = try await connected()
        let created = try await orders.create(Self.draft, in: Query("A_SalesOrder"))
        let key = Query("A_SalesOrder").key(try #require(created["SalesOrder"]))
        var theirs = try await orders.entity(key)
        var mine = try await orders.entity(key)
        theirs["PurchaseOrderByCustomer"] = "theirs"
        mine["PurchaseOrderByCustomer"] = "mine"
        try await orders.update(theirs)
        do {
            try await orders.update(mine)
        } catch {
            guard case .conflict(.stale, _) = error else { throw error }
            var current = try await orders.entity(key)
            current["PurchaseOrderByCustomer"] = mine["PurchaseOrderByCustomer"]
            try await orders.update(current)
        }
        #expect(try await orders.entity(key)["PurchaseOrderByCustomer"] == "mine")
    }

    @Test func `several requests go together, those of a change set wholly or not at all`() async throws {
        let orders = try await connected()
        let (first, second) = (Self.draft, Self.draft)
        var batch = ODataBatch()
        let known = batch.add(.entity(Query("A_SalesOrder").key("0000004712")))
        let made = batch.changeSet { set in
            [
                set.add(.create(first, in: Query("A_SalesOrder"))),
                set.add(.create(second, in: Query("A_SalesOrder"))),
            ]
        }
        let answers = try await orders.send(batch)
        let order = try await answers.value(of: known)
        for slot in made {
            let created = try await answers.value(of: slot)
            show(try String(odataValue: created["SalesOrder"] ?? .null))
        }
        #expect(order["SalesOrder"] == "0000004712")
    }

    @Test func `what the service says besides is in the answer`() async throws {
        let orders = try await connected()
        var order = Self.draft
        order["RequestedDeliveryDate"] = LocalDateTime("2020-01-01T00:00:00").map { .dateTime($0) }
        let late = order
        let answer = try await orders.answer(to: .create(late, in: Query("A_SalesOrder")))
        for message in answer.messages {
            show("\(message.severity)", message.code ?? "", message.text, message.target ?? "")
        }
        #expect(answer.status == 201)
        #expect(answer.messages.contains { $0.severity == .warning })
    }

    @Test func `a refusal says which field it is about`() async throws {
        let orders = try await connected()
        var order = Self.draft
        order["SoldToParty"] = "12345678901"
        let wrong = order
        do {
            try await orders.create(wrong, in: Query("A_SalesOrder"))
        } catch {
            guard case .service(let refusal) = error else { throw error }
            show(refusal.message?.text ?? "", refusal.message?.target ?? "", refusal.transactionID ?? "")
        }
        let failure = await #expect(throws: ODataError.self) {
            try await orders.create(wrong, in: Query("A_SalesOrder"))
        }
        #expect(failure?.serviceError?.status == 400)
        #expect(failure?.serviceError?.message?.target == "SoldToParty")
    }

    @Test func `a field's values are picked from a list of another service`() async throws {
        let orders = try await connected()
        var item = Entity()
        let helps = try await orders.valueHelps(for: "Material", ofSet: "A_SalesOrderItem", includesKnown: true)
        if let list = helps.first, let key = list.help.keyColumn {
            for try await row in list.rows(top: 5) {
                show(try String(odataValue: row[key] ?? .null))
                item["Material"] = row[key]
            }
        }
        #expect(helps.first?.help.service?.hasSuffix("API_PRODUCT_SRV/") == true)
        #expect(item["Material"] != nil)
    }

    /// An order of two items, to be created.
    static var draft: Entity {
        var item = Entity()
        item["Material"] = "TG11"
        item["RequestedQuantity"] = 1
        var order = Entity()
        order["SalesOrderType"] = "OR"
        order["SalesOrganization"] = "1710"
        order["DistributionChannel"] = "10"
        order["OrganizationDivision"] = "00"
        order["SoldToParty"] = "1000001"
        order["to_Item"] = .entities(EntityCollection([item, item]))
        return order
    }
}

/// Where the articles print.
func show(_ words: String...) { #expect(!words.isEmpty) }
