import HTTPTypes
import OData
import Testing

@Suite("Pitfalls 41–46: metadata documents")
struct Pitfall41MetadataTests {
    /// A client that fetches this document.
    private func service(
        _ version: ODataVersion, _ bytes: [UInt8], _ rest: [ClientFakeAnswer] = [], chunk: Int = 4_096
    ) throws -> PitfallService {
        let chunks = stride(from: 0, to: bytes.count, by: chunk).map { Array(bytes[$0..<min($0 + chunk, bytes.count)]) }
        let document = ClientFakeAnswer.answer(200, [.contentType: "application/xml", .eTag: "W/\"m1\""], chunks)
        return try PitfallService(version, [document] + rest, options: { $0.metadata = .service })
    }

    private func failure(_ service: PitfallService) async -> ODataError? {
        await clientError { () async throws(ODataError) in _ = try await service.client.metadata() }
    }

    @Test func `pitfall 41: annotations of version 4 within a document of version 2 are understood`() async throws {
        let service = try service(.v2, ClientSample.bytes("v2/MMIM_DEADSTOCKMATERIAL_SRV.xml"))
        let metadata = try await service.client.metadata()
        #expect(metadata.version == .v2)
        let type = QualifiedName("MMIM_DEADSTOCKMATERIAL_SRV", "I_MatlDocStockIdfgWBSVHType")
        let help = try #require(metadata.valueHelps(for: "ProfitCenter", in: type).first)
        #expect((help.collectionPath, help.isSearchSupported) == ("I_ProfitCenterStdVH", true))
        let other = try Metadata(xml: ClientSample.bytes("v2/API_CUSTOMER_MATERIAL_SRV.edmx"))
        #expect(other.version == .v2)
        let terms = Set(other.container.annotations.map(\.term.name))
        #expect(terms.isSuperset(of: ["ApplyMultiUnitBehaviorForSortingAndFiltering", "ApplySupported"]))
    }

    @Test func `pitfall 42: several schemas, namespaces with dots and undeclared prefixes are one model`() async throws
    {
        let text = """
            <?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="1.0"><edmx:DataServices m:DataServiceVersion="2.0">
            <Schema Namespace="cds_zsd.order" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">
            <EntityType Name="OrderType" sap:label="Order"><Key><PropertyRef Name="ID"/></Key>
            <Property Name="ID" Type="Edm.String" Nullable="false" sap:display-format="NonNegative"/></EntityType></Schema>
            <Schema Namespace="cds_zsd" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">
            <EntityContainer Name="C" m:IsDefaultEntityContainer="true">
            <EntitySet Name="Orders" EntityType="cds_zsd.order.OrderType" sap:creatable="false"/></EntityContainer></Schema>
            </edmx:DataServices></edmx:Edmx>
            """
        let service = try service(.v2, Array(text.utf8), [.json(#"{"d":{"ID":"007"}}"#)])
        #expect(try await service.client.entity(Query("Orders").key("007"))["ID"] == "007")
        let metadata = try await service.client.metadata()
        #expect(metadata.version == .v2)
        #expect(metadata.entitySet("Orders")?.type == QualifiedName("cds_zsd.order", "OrderType"))
        let type = QualifiedName("cds_zsd.order", "OrderType")
        #expect(metadata.presentation(of: "ID", in: type).isDigitSequence)
        let set = try #require(metadata.entitySet("Orders"))
        #expect(!metadata.capabilities(of: set).isInsertable)
    }

    @Test func `pitfall 43: bytes in UTF-8 that call themselves UTF-16 are read`() async throws {
        let text = PitfallDocument.version2.replacing(#"encoding="utf-8""#, with: #"encoding="utf-16""#)
            .replacing(#"Name="Note""#, with: #"Name="Note" sap:label="Übersicht""#)
        #expect(text.contains("utf-16"))
        let metadata = try await service(.v2, Array(text.utf8)).client.metadata()
        let type = QualifiedName("ZORDER_SRV", "OrderType")
        #expect(metadata.keyProperties(of: type).map(\.name) == ["SalesOrder"])
        #expect(metadata.presentation(of: "Note", in: type).label == "Übersicht")
    }

    @Test func `pitfall 44: aliases are resolved, a set's name is not its type's, references are relative`()
        async throws
    {
        let service = try service(
            .v4, Array(PitfallDocument.version4.utf8), [.json(#"{"SalesOrder":"1","NetAmount":"1.50"}"#)])
        let order = try await service.client.entity(Query("Orders").key("1"))
        let namespace = "com.sap.gateway.srvd_a2x.zorder.v0001"
        #expect(order.type == QualifiedName(namespace, "Order_Type"))
        #expect(order["NetAmount"] == ODataDecimal("1.50").map { .decimal($0) })
        let metadata = try await service.client.metadata()
        let type = QualifiedName(namespace, "Order_Type")
        #expect(metadata.entitySet("Orders")?.type == type)
        #expect(metadata.presentation(of: "SalesOrder", in: type).isDigitSequence)
        #expect(metadata.messagesProperty(of: type) == "SAP__Messages")
        let sample = try Metadata(xml: ClientSample.bytes("v4/ENTPROJECTPROCESSINGSTATUS_0001.edmx"))
        #expect(sample.references.allSatisfy { $0.uri.hasPrefix("/sap/opu/odata/IWFND/CATALOGSERVICE;v=2/") })
        #expect(sample.entitySet("ProcessingStatusText")?.type.name == "ProcessingStatusTextType")
        // Nothing of what is referred to was fetched.
        #expect(service.lines.count == 2)
    }

    @Test func `pitfall 45: a document of 4.01 makes a client of 4.01`() async throws {
        let text = PitfallDocument.text(.v401)
        #expect(text.contains(#"<edmx:Edmx Version="4.01""#))
        let service = try service(.v4, Array(text.utf8), [.json(#"{"value":[]}"#)])
        _ = try await service.client.entities(Query("Orders").filter(.property("Note").isIn(["a", "b"]))).collect()
        #expect(try await service.client.version() == .v401)
        #expect(service.requests[1].header("OData-MaxVersion") == "4.01")
        #expect(service.lines[1].hasSuffix("Orders?$filter=Note%20in%20('a','b')"))
    }

    @Test func `pitfall 46: large documents are read as they come, kept for one user, asked for again by their tag`()
        async throws
    {
        let filler = String(repeating: "x", count: 2_400)
        let types = (0..<1_000).map {
            #"<ComplexType Name="T\#($0)"><Property Name="P" Type="Edm.String" sap:label="\#(filler)"/></ComplexType>"#
        }
        let text = PitfallDocument.version2.replacing("</Schema>", with: types.joined() + "</Schema>")
        let clock = ClientFakeClock()
        let large = ClientFakeAnswer.answer(
            200, [.contentType: "application/xml", .eTag: "W/\"m1\""],
            stride(from: 0, to: text.utf8.count, by: 65_536).map { start in
                Array(text.utf8.dropFirst(start).prefix(65_536))
            })
        let transport = ClientFakeTransport([large, .status(304), large])
        func user() throws -> PitfallService {
            try PitfallService(.v2, transport, session: { $0.clock = clock.clock }, options: { $0.metadata = .service })
        }
        let one = try user()
        let first = try await one.client.metadata()
        #expect(text.utf8.count > 2_400_000)
        #expect(first.properties(of: QualifiedName("ZORDER_SRV", "T999")).count == 1)
        clock.advance(.seconds(3_600))
        #expect(try await one.client.metadata(maxAge: .seconds(60)) === first)
        #expect(transport.requests.map { $0.header("If-None-Match") } == [nil, "W/\"m1\""])
        // Another user's document may have less in it.
        _ = try await user().client.metadata()
        #expect(transport.requests.count == 3)
        #expect(transport.requests[2].header("If-None-Match") == nil)
        // What is larger than allowed is given up while it comes.
        let endless = ClientFakeTransport { _, _ in
            .endless([.contentType: "application/xml"], Array("<!-- \(filler) -->".utf8))
        }
        let bounded = try PitfallService(
            .v2, endless,
            options: {
                $0.metadata = .service
                $0.metadataLimits.maxBytes = 100_000
            })
        guard case .metadata(let error)? = await failure(bounded) else {
            Issue.record("not refused")
            return
        }
        #expect(error.reason == .tooLarge)
        #expect(endless.isCancelled(0))
    }
}
