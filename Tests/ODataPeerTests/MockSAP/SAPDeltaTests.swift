import HTTPTypes
import OData
import Testing

@Suite("mock-sap: changes since a read")
struct SAPDeltaTests {
    private static let services = [SAPService.salesOrders, SAPService.salesOrders4]

    /// SAP's version 2 services give a delta link by themselves; mock-sap wants to be asked as in version 4.
    private static let tracking = RequestOptions(
        headers: HTTPFields([HTTPField(name: preference, value: "odata.track-changes")]))
    private static let preference = HTTPField.Name("Prefer") ?? .accept

    @Test(
        "pitfall 53: what is changed, made and deleted after a read is told by the link that it brought",
        arguments: services)
    func changes(_ service: String) async throws {
        let client = try await Peers.client(Peers.sap, service)
        let set = Query(try await client.version().isV4 ? "SalesOrder" : "A_SalesOrder")
        let (kept, gone) = (try await newOrder(client, set), try await newOrder(client, set))
        var seen: Set<String> = []
        var link: DeltaLink?
        for try await change in try client.changes(tracking: set, Self.tracking) {
            switch change {
            case .changed(let order): seen.insert(try #require(order.text("SalesOrder")))
            case .checkpoint(let found): link = found
            case .removed, .link: Issue.record("nothing has gone yet")
            }
        }
        #expect(seen.contains(kept) && seen.contains(gone))
        // The link is text that may be kept for a day.
        let kept0 = try #require(link).serialized
        let checkpoint = try #require(DeltaLink(serialized: kept0))

        let made = try await newOrder(client, set)
        var order = try await client.entity(set.key(.string(kept)))
        order["PurchaseOrderByCustomer"] = "told"
        try await client.update(order)
        try await client.delete(set.key(.string(gone)))

        var changed: [String: Entity] = [:]
        var removed: [RemovedEntity] = []
        var next: DeltaLink?
        for try await change in client.changes(since: checkpoint) {
            switch change {
            case .changed(let order): changed[try #require(order.text("SalesOrder"))] = order
            case .removed(let entity): removed.append(entity)
            case .checkpoint(let found): next = found
            case .link: Issue.record("no links are told here")
            }
        }
        #expect(changed[kept]?.text("PurchaseOrderByCustomer") == "told")
        #expect(changed[made] != nil)
        #expect(changed[gone] == nil)
        #expect(removed.contains { $0.id?.hasSuffix("('\(gone)')") == true })
        #expect(next != nil)
        // What the system began with is not told again.
        #expect(changed["0000004712"] == nil)
    }

    @Test("a link that the system doesn't know is told from other errors", arguments: services)
    func expired(_ service: String) async throws {
        let client = try await Peers.client(Peers.sap, service)
        let isV4 = try await client.version().isV4
        let link = DeltaLink(target: isV4 ? "SalesOrder?$deltatoken=D1" : "A_SalesOrder?!deltatoken='D1'")
        let error = try await failure { for try await _ in client.changes(since: link) {} }
        guard case .expiredLink(let refusal) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(refusal.status == 400)
    }

    @Test("a set without a change timestamp says that it has no delta", arguments: [SAPService.salesOrders])
    func untracked(_ service: String) async throws {
        let client = try await Peers.client(Peers.sap, service)
        let items = try client.changes(tracking: Query("A_SalesOrderItem"), Self.tracking)
        let error = try await failure { for try await _ in items {} }
        #expect(error.serviceError?.status == 400)
        // Not asked in mock-sap's way, it gives the entities and no link.
        let silent = try client.changes(tracking: Query("A_SalesOrder"))
        #expect(try await failure { for try await _ in silent {} } == .unsupported(.noDelta))
    }

    private func newOrder(_ client: ODataClient, _ set: Query) async throws -> String {
        let created = try await client.create(try SalesOrderDraft.version2(reference: "delta"), in: set)
        return try #require(created.text("SalesOrder"))
    }
}
