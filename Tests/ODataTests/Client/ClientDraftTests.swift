import HTTPTypes
import Testing

@testable import OData

@Suite("Drafts")
struct ClientDraftTests {
    /// SAP's sales order service, whose drafts are made by `draftEdit`, `draftPrepare` and `draftActivate`.
    private func client(_ transport: ClientFakeTransport) throws -> ODataClient {
        let metadata = try Metadata(xml: ClientSample.bytes("v4/sdMeta.xml"))
        return try ClientFixture.client(.v4, transport) { $0.metadata = .given(metadata) }
    }

    private let id = GUID(high: 0x1111_1111_2222_3333, low: 0x4444_5555_5555_5555)
    private let key = "11111111-2222-3333-4444-555555555555"
    private let name = "com.c_salesordermanage_sd"

    private func body(_ isActive: Bool) -> String {
        #"{"@odata.etag":"W/'1'","ID":"\#(key)","IsActiveEntity":\#(isActive),"HasActiveEntity":true,"HasDraftEntity":false}"#
    }

    @Test func `pitfall 49: a draft is made, changed, prepared and activated under its key`() async throws {
        let transport = ClientFakeTransport([
            .json(body(false)), .status(204, [.eTag: "W/'2'"]), .json(body(false)), .json(body(true)),
        ])
        let client = try client(transport)
        let drafts = try await client.drafts(of: "SalesOrderManage")
        var draft = try await drafts.edit(EntityKey(.guid(id)), etag: "W/'0'")
        #expect(drafts.hasActive(draft) == true)
        #expect(drafts.hasDraft(draft) == false)
        let plain = try #require(drafts.key(of: draft))
        draft["SalesOrder"] = "5"
        draft = try await drafts.change(draft)
        try await drafts.prepare(plain)
        let order = try await drafts.activate(plain)
        #expect(order["IsActiveEntity"] == .boolean(true))
        let set = "/odata4/orders/SalesOrderManage(ID=\(key),IsActiveEntity="
        #expect(
            transport.lines == [
                "POST \(set)true)/\(name).draftEdit", "PATCH \(set)false)", "POST \(set)false)/\(name).draftPrepare",
                "POST \(set)false)/\(name).draftActivate",
            ])
        #expect(
            transport.requests.map(\.text) == [
                #"{"PreserveChanges":true}"#, #"{"SalesOrder":"5"}"#, #"{"SideEffectsQualifier":""}"#, "{}",
            ])
        #expect(transport.requests.map { $0.header("If-Match") } == ["W/'0'", "W/'1'", nil, nil])
    }

    @Test func `pitfall 49: active entities and drafts are told apart by the filter`() async throws {
        let transport = ClientFakeTransport { _, _ in .json(#"{"value":[]}"#) }
        let client = try client(transport)
        let drafts = try await client.drafts(of: "SalesOrderManage")
        _ = try await client.entities(drafts.activeEntities).collect()
        _ = try await client.entities(drafts.draftEntities).collect()
        #expect(
            transport.lines == [
                "GET /odata4/orders/SalesOrderManage?$filter=IsActiveEntity%20eq%20true",
                "GET /odata4/orders/SalesOrderManage?$filter=IsActiveEntity%20eq%20false",
            ])
    }

    @Test func `a draft of nothing is a POST, and one is thrown away by DELETE`() async throws {
        let transport = ClientFakeTransport([.json(body(false), status: 201), .status(204)])
        let client = try client(transport)
        let drafts = try await client.drafts(of: "SalesOrderManage")
        let draft = try await drafts.create(Entity())
        try await drafts.discard(try #require(drafts.key(of: draft)))
        #expect(
            transport.lines == [
                "POST /odata4/orders/SalesOrderManage",
                "DELETE /odata4/orders/SalesOrderManage(ID=\(key),IsActiveEntity=false)",
            ])
    }

    @Test func `a draft that somebody else has is a conflict`() async throws {
        let client = try client(ClientFakeTransport([.status(409)]))
        let drafts = try await client.drafts(of: "SalesOrderManage")
        let error = await clientError { () async throws(ODataError) in _ = try await drafts.edit(EntityKey(.guid(id))) }
        if case .conflict(.locked, _)? = error {} else { Issue.record("threw \(String(describing: error))") }
    }

    @Test func `an action that gives nothing is followed by a read of what it made`() async throws {
        let transport = ClientFakeTransport([.status(204), .json(body(true))])
        let client = try client(transport)
        let drafts = try await client.drafts(of: "SalesOrderManage")
        _ = try await drafts.activate(EntityKey(.guid(id)))
        #expect(transport.lines[1] == "GET /odata4/orders/SalesOrderManage(ID=\(key),IsActiveEntity=true)")
    }

    @Test func `a set without drafts says so`() async throws {
        let client = try ClientFixture.client(.v4, ClientFakeTransport([]))
        let none = await clientError { () async throws(ODataError) in _ = try await client.drafts(of: "Orders") }
        #expect(none == .unsupported(.noDrafts))
        let unknown = await clientError { () async throws(ODataError) in _ = try await client.drafts(of: "Nope") }
        #expect(unknown == .query(.unknownEntitySet("Nope")))
    }
}
