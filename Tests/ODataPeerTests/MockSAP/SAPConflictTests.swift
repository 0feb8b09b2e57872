import OData
import Testing

@Suite("mock-sap: entity tags")
struct SAPConflictTests {
    @Test(
        "pitfall 19: a change with a tag that is no longer current is a typed conflict, and nothing is changed",
        arguments: [SAPService.salesOrders, SAPService.salesOrders4])
    func stale(_ service: String) async throws {
        let client = try await Peers.client(Peers.sap, service)
        let order = try await newOrder(client)
        let key = try query(client, order)
        var (first, second) = (try await client.entity(key), try await client.entity(key))
        first["PurchaseOrderByCustomer"] = "first"
        try await client.update(first)
        second["PurchaseOrderByCustomer"] = "second"
        let changed = second
        let error = try await failure { try await client.update(changed) }
        guard case .conflict(.stale, let refusal) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(refusal.status == 412)
        #expect(!error.isOutcomeUnknown)
        #expect(try await client.entity(key).text("PurchaseOrderByCustomer") == "first")
        let deletion = try await failure { try await client.delete(changed) }
        #expect({ if case .conflict(.stale, _) = deletion { true } else { false } }())
        // Whoever wants to win says so.
        try await client.update(changed, if: .exists)
        #expect(try await client.entity(key).text("PurchaseOrderByCustomer") == "second")
    }

    @Test(
        "pitfall 19: a change without a tag that the service wants is a typed conflict",
        arguments: [SAPService.salesOrders, SAPService.salesOrders4])
    func missing(_ service: String) async throws {
        let client = try await Peers.client(Peers.strictSAP, service)
        let order = try await newOrder(client)
        let key = try query(client, order)
        var read = try await client.entity(key)
        read["PurchaseOrderByCustomer"] = "x"
        let changed = read
        for operation in [Precondition.none, .isAbsent] {
            let error = try await failure { try await client.update(changed, if: operation) }
            guard case .conflict(.tagRequired, let refusal) = error else {
                Issue.record("\(error)")
                continue
            }
            #expect(refusal.status == 428)
        }
        let deletion = try await failure { try await client.delete(key) }
        #expect({ if case .conflict(.tagRequired, _) = deletion { true } else { false } }())
        try await client.update(changed)
        try await client.delete(key, if: .exists)
        #expect(try await client.entityIfPresent(key) == nil)
    }

    @Test func `pitfall 10: a tag with percent signs goes back byte for byte`() async throws {
        let client = try await Peers.client(Peers.strictSAP, SAPService.salesOrders)
        var order = try await client.entity(try query(client, try await newOrder(client)))
        let tag = try #require(order.etag)
        #expect(tag.text.contains("%3A"))
        order["PurchaseOrderByCustomer"] = "tagged"
        try await client.update(order)
        let sent = try await PeerControl(Peers.strictSAP).requests("A_SalesOrder('")
        #expect(sent.contains { $0.headers["if-match"] == tag.text && $0.status == 204 })
    }

    private func newOrder(_ client: ODataClient) async throws -> Entity {
        let isV4 = try await client.version().isV4
        return try await client.create(
            try SalesOrderDraft.version2(reference: "conflict"), in: Query(isV4 ? "SalesOrder" : "A_SalesOrder"))
    }

    private func query(_ client: ODataClient, _ order: Entity) throws -> Query {
        let set = client.root.path.contains("odata4") ? "SalesOrder" : "A_SalesOrder"
        return Query(set).key(try #require(order["SalesOrder"]))
    }
}
