import HTTPTypes
import OData
import Testing

@Suite("Pitfalls 47–53: version 4 and deltas")
struct Pitfall47Version4Tests {
    private let path = PitfallService.v4Path

    /// A page of version 4.
    private static func page(_ ids: [String], _ more: String = "") -> ClientFakeAnswer {
        let items = ids.map { #"{"SalesOrder":"\#($0)"}"# }.joined(separator: ",")
        return .json(#"{"value":[\#(items)]\#(more)}"#)
    }

    private func ids(_ service: PitfallService, _ query: Query) async throws -> [String?] {
        try await service.client.entities(query).collect().map(\.pitfallOrder)
    }

    @Test func `pitfall 47: next links are relative to the context, and without one to the request`() async throws {
        let items = Query("Orders").key("1").navigate("_Item")
        let named = #"{"@odata.context":"../$metadata#Items","value":[],"@odata.nextLink":"Items?$skiptoken=2"}"#
        let service = try PitfallService(.v4, [.json(named), Self.page([])])
        #expect(try await ids(service, items).isEmpty)
        #expect(service.lines == ["GET \(path)Orders('1')/_Item", "GET \(path)Items?$skiptoken=2"])
        let bare = try PitfallService(
            .v4, [Self.page([], #","@odata.nextLink":"_Item?$skiptoken=2""#), Self.page([])])
        #expect(try await ids(bare, items).isEmpty)
        #expect(bare.lines == ["GET \(path)Orders('1')/_Item", "GET \(path)Orders('1')/_Item?$skiptoken=2"])
    }

    @Test func `pitfall 48: exact numbers are asked for, read from text and number alike, and sent as text`()
        async throws
    {
        for quote in ["\"", ""] {
            let rate = "12345678901234567890.12345678901234"
            let body = #"{"Counter":\#(quote)9007199254740993\#(quote),"Rate":\#(quote)\#(rate)\#(quote)}"#
            let service = try PitfallService(.v4, [.json(body), .status(204)])
            let order = try await service.client.entity(Query("Orders").key("1"))
            #expect(order["Counter"] == .int64(9_007_199_254_740_993))
            #expect(order["Rate"] == ODataDecimal(rate).map { .decimal($0) })
            var made = Entity()
            made["Counter"] = order["Counter"]
            made["Rate"] = order["Rate"]
            try await service.client.create(made, in: Query("Orders"))
            #expect(service.requests[0].header("Accept")?.contains("IEEE754Compatible=true") == true)
            #expect(service.requests[1].header("Content-Type") == "application/json;IEEE754Compatible=true")
            #expect(service.requests[1].text == #"{"Counter":"9007199254740993","Rate":"\#(rate)"}"#)
        }
    }

    private static let draftsOfVersion2 = """
        <edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx" \
        xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"><edmx:DataServices m:DataServiceVersion="2.0">
        <Schema Namespace="ZD" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">
        <EntityType Name="OrderType"><Key><PropertyRef Name="SalesOrder"/><PropertyRef Name="DraftUUID"/>\
        <PropertyRef Name="IsActiveEntity"/></Key><Property Name="SalesOrder" Type="Edm.String" Nullable="false"/>
        <Property Name="DraftUUID" Type="Edm.Guid" Nullable="false"/>
        <Property Name="IsActiveEntity" Type="Edm.Boolean" Nullable="false"/></EntityType>
        <EntityContainer Name="C" m:IsDefaultEntityContainer="true"><EntitySet Name="Orders" EntityType="ZD.OrderType"/>
        </EntityContainer><Annotations Target="ZD.C/Orders" xmlns="http://docs.oasis-open.org/odata/ns/edm">
        <Annotation Term="com.sap.vocabularies.Common.v1.DraftRoot"><Record>
        <PropertyValue Property="ActivationAction" String="ZD.C/OrdersActivation"/></Record></Annotation></Annotations>
        </Schema></edmx:DataServices></edmx:Edmx>
        """

    @Test func `pitfall 49: a draft is made by POST, prepared and activated under its own key`() async throws {
        let id = "11111111-2222-3333-4444-555555555555"
        func answer(_ isActive: Bool, _ status: Int = 200) -> ClientFakeAnswer {
            .json(#"{"ID":"\#(id)","IsActiveEntity":\#(isActive),"HasActiveEntity":false}"#, status: status)
        }
        let metadata = try Metadata(xml: ClientSample.bytes("v4/sdMeta.xml"))
        let service = try PitfallService(
            .v4, [answer(false, 201), answer(false), answer(true), .json(#"{"value":[]}"#)],
            options: { $0.metadata = .given(metadata) })
        let drafts = try await service.client.drafts(of: "SalesOrderManage")
        let key = try #require(drafts.key(of: try await drafts.create(Entity())))
        try await drafts.prepare(key)
        #expect(try await drafts.activate(key)["IsActiveEntity"] == .boolean(true))
        _ = try await service.client.entities(drafts.activeEntities).collect()
        let draft = "\(path)SalesOrderManage(ID=\(id),IsActiveEntity=false)/com.c_salesordermanage_sd."
        #expect(
            service.lines == [
                "POST \(path)SalesOrderManage", "POST \(draft)draftPrepare", "POST \(draft)draftActivate",
                "GET \(path)SalesOrderManage?$filter=IsActiveEntity%20eq%20true",
            ])
        let two = try Metadata(xml: Array(Self.draftsOfVersion2.utf8))
        let info = try #require(two.draft(ofSet: "Orders"))
        #expect((info.draftKeyProperty, info.isActiveProperty) == ("DraftUUID", "IsActiveEntity"))
        #expect(info.activationAction == "ZD.C/OrdersActivation")
    }

    @Test func `pitfall 50: skip tokens are opaque and may expire, page sizes are wishes, $top is met over pages`()
        async throws
    {
        let token = "Orders?$skiptoken=A%2FB+c'%24d&x=%zz"
        let service = try PitfallService(
            .v4,
            [
                Self.page(["1", "2", "3"], #","@odata.nextLink":"\#(token)""#),
                Self.page(["4", "5"], #","@odata.nextLink":"Orders?$skiptoken=2""#),
            ], options: { $0.preferredPageSize = 2 })
        #expect(try await ids(service, Query("Orders").top(4)) == ["1", "2", "3", "4"])
        #expect(service.lines == ["GET \(path)Orders?$top=4", "GET \(path)\(token)"])
        #expect(service.requests[0].header("Prefer") == "odata.maxpagesize=2")
        for (status, body) in [
            (410, ""), (400, #"{"error":{"code":"SKIPTOKEN/001","message":"Skiptoken is not valid any more"}}"#),
        ] {
            let expired = try PitfallService(
                .v4, [Self.page(["1"], #","@odata.nextLink":"\#(token)""#), .json(body, status: status)])
            let error = await clientError { () async throws(ODataError) in
                _ = try await expired.client.entities(Query("Orders")).collect()
            }
            guard case .expiredLink(let refusal)? = error else {
                Issue.record("threw \(String(describing: error))")
                return
            }
            #expect(refusal.status == status)
        }
    }

    @Test func `pitfall 51: control information is understood without its prefix`() async throws {
        for prefix in ["odata.", ""] {
            let first =
                ##"{"@\##(prefix)context":"$metadata#Orders","@\##(prefix)count":2,"value":["##
                + ##"{"@\##(prefix)id":"Orders('1')","@\##(prefix)etag":"W/\"1\"","SalesOrder":"1"}],"##
                + ##""@\##(prefix)nextLink":"Orders?p=2"}"##
            let service = try PitfallService(.v401, [.json(first), Self.page(["2"])])
            var pages: [EntityCollection] = []
            for try await page in service.client.pages(Query("Orders").count()) { pages.append(page) }
            #expect(pages.flatMap(\.entities).map(\.pitfallOrder) == ["1", "2"])
            #expect(pages[0].count == 2)
            #expect(pages[0].entities.map(\.etag) == ["W/\"1\""])
            #expect(pages[0].entities.map(\.id) == ["Orders('1')"])
            #expect(pages[0].entities.map(\.properties.names) == [["SalesOrder"]])
        }
    }

    @Test func `pitfall 52: a property that is missing is not null, and an update leaves it alone`() async throws {
        let service = try PitfallService(
            .v4, [.json(#"{"@odata.id":"Orders('1')","SalesOrder":"1","Note":null}"#), .status(204)])
        var order = try await service.client.entity(Query("Orders").key("1").select("SalesOrder", "Note"))
        #expect(order["Note"] == .null)
        #expect(order["Counter"] == nil)
        order["NetAmount"] = .null
        try await service.client.update(order)
        #expect(service.requests[1].text == #"{"NetAmount":null}"#)
    }

    /// Words for what a delta says.
    private func words(_ changes: ChangeSequence) async throws -> (words: [String], link: DeltaLink?) {
        var (words, link) = ([String](), DeltaLink?.none)
        for try await change in changes {
            switch change {
            case .changed(let entity): words.append("changed " + (entity.pitfallOrder ?? "?"))
            case .removed(let entity): words.append("removed " + (entity.id?.split(separator: "/").last ?? "?"))
            case .link: words.append("link")
            case .checkpoint(let found): link = found
            }
        }
        return (words, link)
    }

    @Test func `pitfall 53: deltas of both versions tell what changed, what is gone and where to go on`() async throws {
        let old = PitfallService.internalURL + PitfallService.v2Path
        let gone =
            #"{"@odata.context":"$metadata#Orders/$deletedEntity","id":"\#(old)Orders('3')","#
            + #""when":"\/Date(1300561560000)\/"}"#
        func delta(_ items: String, _ token: Int) -> ClientFakeAnswer {
            .json(#"{"d":{"results":[\#(items)],"__delta":"\#(old)Orders?!deltatoken='\#(token)'"}}"#)
        }
        let two = try PitfallService(
            .v2, [delta(PitfallService.order("1"), 4711), delta(PitfallService.order("2") + "," + gone, 4712)])
        let first = try await words(two.client.changes(tracking: Query("Orders")))
        let since = try await words(two.client.changes(since: try #require(first.link)))
        #expect(first.words + since.words == ["changed 1", "changed 2", "removed Orders('3')"])
        let v2 = PitfallService.v2Path
        #expect(two.lines == ["GET \(v2)Orders", "GET \(v2)Orders?!deltatoken='4711'"])
        #expect(since.link?.target == "Orders?!deltatoken='4712'")
        let removed = [
            #"{"@odata.context":"$metadata#Orders/$deletedEntity","id":"Orders('3')","reason":"deleted"}"#,
            #"{"@removed":{"reason":"deleted"},"@id":"Orders('3')"}"#,
        ]
        for (version, form) in zip([ODataVersion.v4, .v401], removed) {
            let four = try PitfallService(
                version,
                [
                    Self.page(["1"], #","@odata.deltaLink":"Orders?$deltatoken=a""#),
                    .json(#"{"value":[{"SalesOrder":"2"},\#(form)],"@odata.deltaLink":"Orders?$deltatoken=b"}"#),
                ])
            let first = try await words(four.client.changes(tracking: Query("Orders")))
            let since = try await words(four.client.changes(since: try #require(first.link)))
            #expect(first.words + since.words == ["changed 1", "changed 2", "removed Orders('3')"])
            #expect(four.lines == ["GET \(path)Orders", "GET \(path)Orders?$deltatoken=a"])
            #expect(four.requests[0].header("Prefer")?.contains("track-changes") == true)
            #expect(since.link?.target == "Orders?$deltatoken=b")
        }
    }
}
