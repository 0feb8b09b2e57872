import HTTPTypes
import Testing

@testable import OData

@Suite("Value helps, fetched")
struct ClientValueHelpTests {
    private static let common = "com.sap.vocabularies.Common.v1"

    private static func document(_ inner: String, set: String, type: String) -> String {
        """
        <edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
        <Schema Namespace="\(type)" xmlns="http://docs.oasis-open.org/odata/ns/edm">
        <EntityType Name="T"><Key><PropertyRef Name="Plant"/></Key>
        <Property Name="Plant" Type="Edm.String" Nullable="false"/><Property Name="Name" Type="Edm.String"/></EntityType>
        <EntityContainer Name="C"><EntitySet Name="\(set)" EntityType="\(type).T"/></EntityContainer>\(inner)
        </Schema></edmx:DataServices></edmx:Edmx>
        """
    }

    private static func referring(to url: String) -> String {
        document(
            """
            <Annotations Target="main.T/Plant"><Annotation Term="\(common).ValueListReferences"><Collection>\
            <String>\(url)</String></Collection></Annotation></Annotations>
            """, set: "Orders", type: "main")
    }

    private static let list = document(
        """
        <Annotations Target="main.T/Plant"><Annotation Term="\(common).ValueListMapping"><Record>\
        <PropertyValue Property="CollectionPath" String="Plants"/><PropertyValue Property="Parameters"><Collection>\
        <Record Type="\(common).ValueListParameterInOut"><PropertyValue Property="LocalDataProperty" PropertyPath="Plant"/>\
        <PropertyValue Property="ValueListProperty" String="Plant"/></Record>\
        <Record Type="\(common).ValueListParameterDisplayOnly"><PropertyValue Property="ValueListProperty" String="Name"/>\
        </Record></Collection></PropertyValue></Record></Annotation></Annotations>
        """, set: "Plants", type: "f4")

    private let type = QualifiedName("main", "T")

    private func client(_ url: String, _ transport: ClientFakeTransport) throws -> ODataClient {
        let metadata = try Metadata(xml: Array(Self.referring(to: url).utf8))
        return try ClientFixture.client(.v4, transport, rootQuery: "?sap-client=100") { $0.metadata = .given(metadata) }
    }

    @Test func `a referenced document is fetched once, and its list is asked of its own service`() async throws {
        let transport = ClientFakeTransport { request, _ in
            request.target.contains("$metadata")
                ? .xml(Self.list) : .json(#"{"value":[{"Plant":"1010","Name":"Rome"}]}"#)
        }
        let client = try client("../f4/plants/$metadata", transport)
        for _ in 0..<2 {
            let helps = try await client.valueHelps(for: "Plant", ofSet: "Orders")
            let help = try #require(helps.first)
            #expect(help.help.keyColumn == "Plant")
            let rows = try await help.rows(search: "10").collect()
            #expect(rows.first?["Name"] == "Rome")
        }
        #expect(transport.lines[0] == "GET /odata4/f4/plants/$metadata?sap-client=100")
        #expect(transport.lines.count == 3)
        #expect(transport.lines[1].hasPrefix("GET /odata4/f4/plants/Plants?"))
        #expect(transport.lines[1].hasSuffix("&sap-client=100"))
    }

    @Test(arguments: [
        "https://evil.example/$metadata", "//evil.example/x/$metadata", "http://erp.example.com/x/$metadata",
    ])
    func `a document on another host is not fetched`(_ url: String) async throws {
        let transport = ClientFakeTransport([])
        let client = try client(url, transport)
        let error = await clientError { () async throws(ODataError) in
            _ = try await client.valueHelps(for: "Plant", in: type)
        }
        #expect(error == .foreignLink)
        #expect(transport.requests.isEmpty)
    }

    @Test func `a document that can't be read is an error, and asked for again the next time`() async throws {
        let transport = ClientFakeTransport([.status(404), .xml("<x"), .xml(Self.list)])
        let client = try client("../f4/plants/$metadata", transport)
        for _ in 0..<2 {
            let error = await clientError { () async throws(ODataError) in
                _ = try await client.valueHelps(for: "Plant", in: type)
            }
            #expect(error != nil)
        }
        #expect(try await client.valueHelps(for: "Plant", in: type).count == 1)
    }

    @Test func `a field without value help has none`() async throws {
        let transport = ClientFakeTransport([])
        let client = try client("../f4/plants/$metadata", transport)
        #expect(try await client.valueHelps(for: "Name", in: type).isEmpty)
        #expect(transport.requests.isEmpty)
    }

    @Test func `lists of SAP's published services are asked of theirs`() async throws {
        let transport = ClientFakeTransport { request, _ in
            request.target.contains("$metadata") ? .status(403) : .status(599)
        }
        let metadata = try Metadata(xml: Array(Self.document("", set: "Orders", type: "main").utf8))
        let client = try ClientFixture.client(.v4, transport) { $0.metadata = .given(metadata) }
        #expect(try await client.valueHelps(for: "Plant", in: type).isEmpty)
        let known = try #require(try await client.valueHelps(for: "Plant", in: type, includesKnown: true).first)
        #expect(known.client.root.url == "https://erp.example.com/sap/opu/odata/sap/API_PLANT_SRV/")
        let error = await clientError { () async throws(ODataError) in _ = try await known.rows().collect() }
        #expect(error?.serviceError?.status == 403)
    }
}
