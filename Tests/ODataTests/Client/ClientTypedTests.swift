import HTTPTypes
import Testing

@testable import OData

/// What generated code looks like.
private struct TypedOrder: ODataEntity {
    struct Key: ODataEntityKey {
        var id: String
        var entityKey: EntityKey { EntityKey(.string(id)) }
    }

    static let entitySetName = "Orders"
    static let typeName = QualifiedName("orders", "Order")

    var entity: Entity

    init(entity: Entity) { self.entity = entity }

    var id: String? {
        if case .string(let text)? = entity["ID"] { text } else { nil }
    }
    var note: String? {
        get { if case .string(let text)? = entity["Note"] { text } else { nil } }
        set { entity["Note"] = newValue.map { .string($0) } ?? .null }
    }
}

@Suite("Typed entities")
struct ClientTypedTests {
    @Test func `typed entities are read, changed and deleted by their keys`() async throws {
        let transport = ClientFakeTransport([
            .json(#"{"@odata.etag":"W/'1'","@odata.id":"Orders('7')","ID":"7","Note":"a","YY1_X":"ext"}"#),
            .status(204, [.eTag: "W/'2'"]), .status(204), .status(204), .status(404),
        ])
        let client = try ClientFixture.client(.v4, transport)
        var order = try await client.entity(TypedOrder.self, key: .init(id: "7")) { $0.select("ID", "Note") }
        #expect(order.note == "a")
        #expect(order["YY1_X"] == "ext")
        order.note = "b"
        order = try await client.update(order)
        #expect(order.etag == "W/'2'")
        try await client.delete(order)
        try await client.delete(TypedOrder.self, key: .init(id: "8"), if: .exists)
        #expect(try await client.entityIfPresent(TypedOrder.self, key: .init(id: "9")) == nil)
        #expect(
            transport.lines == [
                "GET /odata4/orders/Orders('7')?$select=ID,Note", "PATCH /odata4/orders/Orders('7')",
                "DELETE /odata4/orders/Orders('7')", "DELETE /odata4/orders/Orders('8')",
                "GET /odata4/orders/Orders('9')",
            ])
        #expect(transport.requests[1].text == #"{"Note":"b"}"#)
        #expect(transport.requests.map { $0.header("If-Match") } == [nil, "W/'1'", "W/'2'", "*", nil])
    }

    @Test func `typed entities come through all pages`() async throws {
        let transport = ClientFakeTransport([
            .json(ClientFixture.page(.v4, ["1", "2"], next: "Orders?$skiptoken=2")),
            .json(ClientFixture.page(.v4, ["3"])),
            .json(ClientFixture.page(.v4, ["1"])), .answer(200, [:], [Array("3".utf8)]),
        ])
        let client = try ClientFixture.client(.v4, transport)
        var ids: [String] = []
        for try await order in client.entities(TypedOrder.self, query: { $0.filter(.property("Note") == "x") }) {
            ids.append(order.id ?? "?")
        }
        #expect(ids == ["1", "2", "3"])
        #expect(try await client.first(TypedOrder.self)?.id == "1")
        #expect(try await client.count(TypedOrder.self) == 3)
        #expect(transport.lines[0] == "GET /odata4/orders/Orders?$filter=Note%20eq%20'x'")
        #expect(transport.lines[3] == "GET /odata4/orders/Orders/$count")
    }

    @Test func `a typed entity is created in its set`() async throws {
        let transport = ClientFakeTransport([.json(#"{"ID":"7","Note":"n"}"#, status: 201)])
        let client = try ClientFixture.client(.v4, transport)
        var order = TypedOrder()
        order.note = "n"
        let created = try await client.create(order)
        #expect(created.id == "7")
        #expect(transport.lines == ["POST /odata4/orders/Orders"])
        #expect(transport.requests[0].text == #"{"Note":"n"}"#)
    }
}
