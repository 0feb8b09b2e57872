import HTTPTypes
import Testing

@testable import OData

@Suite("Links between entities")
struct ClientLinkTests {
    private let source = Query("Orders").key("1")
    private let target = LinkTarget.query(Query("Orders").key("2"))

    private func navigation(_ version: ODataVersion) -> String { version.isV4 ? "Parent" : "to_Parent" }

    @Test(arguments: [ODataVersion.v2, .v4])
    func `a link is added, set and removed by the version's own URLs and bodies`(_ version: ODataVersion) async throws {
        let transport = ClientFakeTransport { _, _ in .status(204) }
        let client = try ClientFixture.client(version, transport, rootQuery: "?sap-client=100")
        let name = navigation(version)
        try await client.setLink(name, of: source, to: target)
        try await client.addLink(name, of: source, to: .id("Orders('3')"))
        try await client.removeLink(name, of: source)
        let path = ClientFixture.path(version)
        let url = version.isV4 ? "\(path)Orders('1')/Parent/$ref" : "\(path)Orders('1')/$links/to_Parent"
        #expect(
            transport.lines == [
                "PUT \(url)?sap-client=100", "POST \(url)?sap-client=100", "DELETE \(url)?sap-client=100",
            ])
        let member = version.isV4 ? "@odata.id" : "uri"
        let bodies = try transport.requests.map { try $0.body.map { try JSONNode(parsing: $0, maxDepth: 4) } }
        #expect(bodies[0]?[member] == .string("https://erp.example.com\(path)Orders('2')"))
        #expect(bodies[1]?[member] == .string("Orders('3')"))
        #expect(bodies[2] == nil)
    }

    @Test func `one link of many is removed by id in version 4 and by key in version 2`() async throws {
        let transport = ClientFakeTransport { _, _ in .status(204) }
        let four = try ClientFixture.client(.v4, transport)
        try await four.removeLink(
            "Items", of: source, to: .query(Query("Orders").key("1").navigate("Items").key(.int32(5))))
        #expect(
            transport.lines == [
                "DELETE /odata4/orders/Orders('1')/Items/$ref?$id=https://erp.example.com/odata4/orders/Orders('1')/Items(5)"
            ])
        let two = try ClientFixture.client(.v2, transport)
        try await two.removeLink(
            "to_Item", of: source, to: .query(Query("Items").key(["Order": "1", "Pos": .int32(5)])))
        #expect(transport.lines[1] == "DELETE \(ClientFixture.v2Path)Orders('1')/$links/to_Item(Order='1',Pos=5)")
        let error = await clientError { () async throws(ODataError) in
            try await two.removeLink("to_Item", of: source, to: .id("Items(1)"))
        }
        #expect(error == .unsupported(.needsVersion4))
    }

    @Test(arguments: [
        (
            ODataVersion.v4, #"{"value":[{"@odata.id":"Orders('2')"}],"@odata.nextLink":"Orders('1')/Items/$ref?p=2"}"#,
            #"{"value":[{"@odata.id":"Orders('3')"}]}"#
        ),
        (.v2, #"{"d":{"results":[{"uri":"Orders('2')"}],"__next":"x?p=2"}}"#, #"{"d":[{"uri":"Orders('3')"}]}"#),
    ])
    func `links are read through all pages`(_ version: ODataVersion, _ first: String, _ second: String) async throws {
        let path = ClientFixture.path(version)
        let absolute = first.replacing(#""x?p=2""#, with: #""http://internal\#(path)Orders('1')/$links/to_Item?p=2""#)
            .replacing(#""Orders('1')/Items/$ref?p=2""#, with: #""\#(path)Orders('1')/Items/$ref?p=2""#)
        let transport = ClientFakeTransport([.json(absolute), .json(second)])
        let client = try ClientFixture.client(version, transport)
        let ids = try await client.links(version.isV4 ? "Items" : "to_Item", of: source)
        #expect(ids == ["Orders('2')", "Orders('3')"])
        #expect(transport.lines[1].hasSuffix("?p=2"))
        #expect(transport.requests[1].authority == ClientFixture.host)
    }

    @Test func `the link of a single-valued navigation is one, or none`() async throws {
        let transport = ClientFakeTransport([
            .json(#"{"@odata.id":"Orders('2')"}"#), .status(204), .json(#"{"d":{"uri":"Orders('2')"}}"#),
        ])
        let client = try ClientFixture.client(.v4, transport)
        #expect(try await client.links("Parent", of: source) == ["Orders('2')"])
        #expect(try await client.links("Parent", of: source) == [])
        #expect(try await ClientFixture.client(.v2, transport).links("to_Parent", of: source) == ["Orders('2')"])
    }

    @Test(arguments: ["[]", "{}", #"{"value":{}}"#, #"{"value":[{"no":"id"}]}"#, #"{"value":["x"]}"#, "x", ""])
    func `what is no list of links is malformed`(_ text: String) async throws {
        let client = try ClientFixture.client(.v4, ClientFakeTransport([.json(text)]))
        let error = await clientError { () async throws(ODataError) in
            let links = try await client.links("Items", of: source)
            #expect(text == "[]" && links.isEmpty)
        }
        if text != "[]" { if case .malformed? = error {} else { Issue.record("threw \(String(describing: error))") } }
    }

    @Test func `pages of links that lead back, or away, end with an error`() async throws {
        let loop = ClientFakeTransport { _, _ in .json(#"{"value":[],"@odata.nextLink":"$ref?p=2"}"#) }
        let looper = try ClientFixture.client(.v4, loop)
        let looping = await clientError { () async throws(ODataError) in
            _ = try await looper.links("Items", of: source)
        }
        #expect(looping == .pageLoop)
        let away = ClientFakeTransport { _, _ in .json(#"{"value":[],"@odata.nextLink":"https://evil.example/"}"#) }
        let leader = try ClientFixture.client(.v4, away)
        let leading = await clientError { () async throws(ODataError) in
            _ = try await leader.links("Items", of: source)
        }
        #expect(leading == .foreignLink)
        #expect(away.requests.count == 1)
    }
}
