import OData
import Testing

@Suite("mock-sap, version 4")
struct SAPVersion4Tests {
    private func orders() async throws -> ODataClient { try await Peers.client(Peers.sap, SAPService.salesOrders4) }

    private static let set = Query("SalesOrder")
    private static let seeded = QueryExpression.property("SalesOrder") <= "0000004730"

    @Test func `the same order read in both versions has the same values`() async throws {
        let new = try await orders().entity(Self.set.key("0000004712"))
        let old = try await Peers.client(Peers.sap, SAPService.salesOrders).entity(
            Query("A_SalesOrder").key("0000004712"))
        for (name, value) in new.properties {
            switch (value, old[name]) {
            case (.dateTimeOffset(let moment), .dateTime(let local)?):
                #expect(moment.local == local && moment.offsetMinutes == 0, "\(name)")
            case (_, let other): #expect(value == other, "\(name)")
            }
        }
        #expect(new.etag == old.etag)
    }

    @Test func `nested options of an expanded navigation cut, order and count it`() async throws {
        let client = try await orders()
        let created = try await client.create(try SalesOrderDraft.version4(reference: "nested"), in: Self.set)
        let key = Self.set.key(try #require(created["SalesOrder"]))
        let read = try await client.entity(
            key.expand("to_Item") {
                $0.select("Material").orderBy(.descending("Material")).top(1).count()
            })
        guard case .entities(let items) = read["to_Item"] else {
            Issue.record("not expanded")
            return
        }
        #expect(items.count == 2)
        #expect(items.entities.map { $0.text("Material") } == ["TG12"])
        #expect(items.entities.first?.properties.names == ["Material"])
        let filtered = try await client.entity(
            key.expand("to_Item") { $0.filter(.property("Material") == "TG11") })
        #expect(filtered.expanded("to_Item")?.map { $0.text("Material") } == ["TG11"])
    }

    @Test func `filters with decimals, dates, text functions and null find the rows that they should`() async throws {
        let client = try await orders()
        let all = try await client.entities(Self.set.filter(Self.seeded)).collect()
        let limit = try #require(ODataDecimal("50000.5"))
        let day = try #require(OffsetDateTime("2025-06-01T00:00:00Z"))
        let conditions: [(QueryExpression, (Entity) -> Bool)] = [
            (
                .property("TotalNetAmount") > .literal(.decimal(limit)),
                { $0.number("TotalNetAmount").map { $0 > limit } ?? false }
            ),
            (
                .property("CreationDate") >= .literal(.dateTimeOffset(day)),
                {
                    guard case .dateTimeOffset(let created) = $0["CreationDate"] else { return false }
                    return created >= day
                }
            ),
            (.property("SoldToParty").startsWith("10000"), { $0.text("SoldToParty")?.hasPrefix("10000") == true }),
            (
                .property("PurchaseOrderByCustomer").contains("-5"),
                { $0.text("PurchaseOrderByCustomer")?.contains("-5") == true }
            ),
            (.property("PricingDate") == nil, { $0["PricingDate"] == .null }),
            (
                .property("SalesOrder").isOneOf(["0000004712", "0000004715"]),
                { ["0000004712", "0000004715"].contains($0.text("SalesOrder")) }
            ),
        ]
        for (condition, holds) in conditions {
            let found = try await client.entities(Self.set.filter(Self.seeded && condition)).collect()
            #expect(found == all.filter(holds), "\(condition)")
        }
        #expect(try await client.count(Self.set.filter(Self.seeded)) == 19)
        #expect(try await client.answer(to: .page(Self.set.filter(Self.seeded).top(1).count())).value.count == 19)
    }

    @Test func `an aggregation gives the sums that the rows come to`() async throws {
        let client = try await orders()
        let rows = try await client.entities(Self.set.filter(Self.seeded)).collect()
        var sums: [String: (count: Int, sum: ODataDecimal)] = [:]
        for row in rows {
            let party = try #require(row.text("SoldToParty"))
            let known = sums[party, default: (0, .zero)]
            sums[party] = (known.count + 1, try known.sum.adding(#require(row.number("TotalNetAmount"))))
        }
        let query = Self.set.apply(
            .filter(Self.seeded),
            .groupBy(
                ["SoldToParty"],
                [.aggregate([.count(as: "Orders"), .sum("TotalNetAmount", as: "Total")])]))
        let groups = try await client.entities(query).collect()
        #expect(groups.count == sums.count)
        for group in groups {
            let party = try #require(group.text("SoldToParty"))
            #expect(group.whole("Orders") == sums[party]?.count)
            // mock-sap adds in SQLite and answers a JSON number.
            let total = try #require(
                group.number("Total") ?? group["Total"].flatMap { try? ODataDecimal(odataValue: $0) })
            #expect(try total.scaled(to: 2, rounding: .halfEven) == sums[party]?.sum.scaled(to: 2, rounding: .halfEven))
        }
    }

    @Test func `a deep insert, a change of one field and a deletion go as version 4 has them`() async throws {
        let client = try await orders()
        let created = try await client.create(try SalesOrderDraft.version4(reference: "v4"), in: Self.set)
        let number = try #require(created.text("SalesOrder"))
        let key = Self.set.key(.string(number))
        var order = try await client.entity(key.expand("to_Item"))
        #expect(
            order.expanded("to_Item")?.map { $0.number("RequestedQuantity") } == [
                ODataDecimal("2"), ODataDecimal("1.5"),
            ])
        order["PurchaseOrderByCustomer"] = "PO-9"
        try await client.update(order, at: key)
        let log = try await PeerControl(Peers.sap).requests("SalesOrder('\(number)')")
        let patch = try #require(log.last { $0.method == "PATCH" })
        #expect(patch.body == #"{"PurchaseOrderByCustomer":"PO-9"}"#)
        #expect(patch.headers["odata-version"] == "4.0")
        try await client.delete(key)
        #expect(try await client.entityIfPresent(key) == nil)
    }

    @Test func `pitfall 48: decimals that a binary float can't hold are sent and read without loss`() async throws {
        let client = try await orders()
        let created = try await client.create(try SalesOrderDraft.version4(reference: "exact"), in: Self.set)
        var item = Entity()
        item["Material"] = "TG11"
        item["RequestedQuantity"] = try .decimal("1")
        item["NetAmount"] = try .decimal("9007199254740.993")
        let items = Self.set.key(try #require(created["SalesOrder"])).navigate("to_Item")
        _ = try await client.create(item, in: items)
        // Version 4 of mock-sap answers with a float; version 2 says what it has kept.
        let old = try await Peers.client(Peers.sap, SAPService.salesOrders)
        let kept = try await old.entities(
            Query("A_SalesOrder").key(try #require(created["SalesOrder"])).navigate("to_Item")
        ).collect()
        #expect(kept.last?.number("NetAmount") == ODataDecimal("9007199254740.993"))
    }

    @Test func `pitfall 14: messages of an entity's own property and of the header are in the answer`() async throws {
        let client = try await orders()
        var order = try SalesOrderDraft.version4(reference: "messages")
        order["RequestedDeliveryDate"] = try .offset("2020-01-01T00:00:00Z")
        let answer = try await client.answer(to: .create(order, in: Self.set))
        #expect(answer.messages.contains { $0.code == "V1/302" && $0.severity == .warning })
    }

    @Test func `links are read as ids in version 4 too`() async throws {
        let client = try await orders()
        let order = Self.set.key("0000004712")
        let ids = try await client.links("to_Item", of: order)
        let count = try await client.count(order.navigate("to_Item"))
        #expect(Int64(ids.count) == count)
        #expect(ids.allSatisfy { $0.contains("/SalesOrderItem(SalesOrder='0000004712',SalesOrderItem='") })
        let item = Query("SalesOrderItem").key(["SalesOrder": "0000004712", "SalesOrderItem": "000010"])
        #expect(try await client.links("to_SalesOrder", of: item).first?.hasSuffix("SalesOrder('0000004712')") == true)
    }

    @Test func `a link whose fields are a key can't be ended, and the service says why`() async throws {
        let item = Query("SalesOrderItem").key(["SalesOrder": "0000004712", "SalesOrderItem": "000010"])
        let client = try await orders()
        let error = try await failure { try await client.removeLink("to_SalesOrder", of: item) }
        #expect(error.serviceError?.status == 400)
        let missing = try await failure {
            try await client.setLink("to_SalesOrder", of: item, to: .query(Self.set.key("nope")))
        }
        #expect(missing.serviceError?.status == 404)
    }

    @Test func `a page token that the system didn't issue is told from other errors`() async throws {
        let error = try await failure { _ = try await orders().entities(Self.set.skipToken("nonsense")).collect() }
        #expect(error.serviceError?.status == 400 && error.serviceError?.saysLinkExpired == true)
    }

    @Test func `what the service doesn't do is its error, with code and text`() async throws {
        let error = try await failure { _ = try await orders().entities(Self.set.search("x")).collect() }
        guard case .service(let refusal) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(refusal.status == 501)
        #expect(refusal.message?.text.contains("$search") == true)
    }
}
