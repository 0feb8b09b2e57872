import HTTPTypes
import OData
import ODataCurl
import Testing

/// What the articles show and that needs no server: queries as they are written, values, and code that only has to compile.
@Suite("articles")
struct ArticleSnippetTests {
    @Test func `a query is written for either version`() throws {
        let query = Query("A_SalesOrder").key("4711").navigate("to_Item").filter(.property("Plant") == "1010").top(10)
        let text = try query.encoded(.v4).relativeURL
        #expect(text == "A_SalesOrder('4711')/to_Item?$filter=Plant%20eq%20'1010'&$top=10")
    }

    @Test func `filters are trees`() throws {
        let names = ["TG11", "TG12"]
        let open = QueryExpression.property("OverallDeliveryStatus") != "C"
        let materials = QueryExpression.property("Material").isOneOf(names.map { .value($0) })
        let named = QueryExpression.property("Name").toLower().contains("o'neil")
        let query = Query("Orders").filter(open && (materials || !named))
        _ = try query.encoded(.v2)
        let some = QueryExpression.property("Items").any("i") { $0.property("Price") > 100 }
        let both = Query("Orders").filter(some && .property("Status").isIn(["Open", "Held"]))
        #expect(try both.encoded(.v401).query.contains("in"))
        #expect(throws: QueryError.self) { try both.encoded(.v2) }
    }

    @Test func `expansion nests, and version 2 gets paths`() throws {
        let query = Query("A_SalesOrder")
            .select("SalesOrder")
            .expand("to_Item") { $0.select("Material").expand("to_ScheduleLine") }
        let text = try query.encoded(.v2).query
        #expect(text.contains("to_Item/to_ScheduleLine"))
        let single = Query("A_BusinessPartner").key("0000100001")
        let compound = Query("A_SalesOrderItem").key(["SalesOrder": "4711", "SalesOrderItem": "10"])
        #expect(try single.encoded(.v2).path == "A_BusinessPartner('0000100001')")
        #expect(try compound.encoded(.v4).path == "A_SalesOrderItem(SalesOrder='4711',SalesOrderItem='10')")
    }

    @Test func `URLs and filters are read back`() throws {
        let query = try Query(parsing: "Products?$filter=Price gt 10 and contains(Name,'x')&$top=3", version: .v4)
        let condition = try QueryExpression(parsing: "startswith(Name,'A') or Rating ge 4", version: .v2)
        #expect(query.options.top == 3)
        guard case .or(let members) = condition else {
            Issue.record("\(condition)")
            return
        }
        #expect(members.count == 2)
    }

    @Test func `the rest of the options has its place`() throws {
        let query = Query("Products")
            .search("green tea")
            .compute(.property("Price") * .property("Stock"), as: "Worth")
            .orderBy(.descending("Worth"), .ascending("Name"))
            .skip(20).top(10).count()
            .custom("sap-language", "DE")
        #expect(try query.encoded(.v401).query.contains("$compute"))
        #expect(throws: QueryError.self) { try query.encoded(.v2) }
    }

    @Test func `decimals are exact, dates are what they say`() throws {
        let price = ODataDecimal("9007199254740993.05")
        let cents = try price?.scaled(to: 1, rounding: .halfEven)
        let day = CalendarDate("2026-11-24")
        let wall = LocalDateTime("2026-11-24T00:00:00")
        let moment = OffsetDateTime("2026-11-24T09:30:00+01:00")
        let guid = GUID("b1ff26c5-3d1f-4f2b-9d84-0123456789ab")
        #expect(price?.description == "9007199254740993.05" && cents?.description == "9007199254740993.0")
        #expect(day != nil && wall != nil && moment != nil && guid != nil)
        let entity = Entity(of: nil, ["TotalNetAmount": .decimal(12), "PricingDate": .null])
        let amount = try entity["TotalNetAmount"].map { try ODataDecimal(odataValue: $0) }
        switch entity["PricingDate"] {
        case nil: show("the service didn't send it")
        case .null?: show("it has no date")
        case .dateTime(let date)?: show("\(date)")
        case let other?: show("\(other)")
        }
        #expect(amount == 12)
        var order = Entity()
        order["RequestedQuantity"] = ODataDecimal("2.500").map { .decimal($0) }
        #expect(order["RequestedQuantity"] != nil)
    }

    @Test func `metadata is read without a service, and payloads without a client`() throws {
        let xml = Array(
            #"""
            <edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
            <Schema Namespace="S" xmlns="http://docs.oasis-open.org/odata/ns/edm"><EntityType Name="P"><Key>
            <PropertyRef Name="ID"/></Key><Property Name="ID" Type="Edm.Int32" Nullable="false"/>
            <Property Name="Price" Type="Edm.Decimal" Scale="2"/></EntityType><EntityContainer Name="C">
            <EntitySet Name="Products" EntityType="S.P"/></EntityContainer></Schema></edmx:DataServices></edmx:Edmx>
            """#.utf8)
        let body = Array(#"{"value":[{"ID":1,"Price":1.10},{"ID":2,"Price":"2.20"}]}"#.utf8)
        let metadata = try Metadata(xml: xml)
        let type = metadata.entityType(ofSet: "Products")?.name
        let decoder = EntityDecoder(metadata: metadata, type: type, version: metadata.version)
        var feed = FeedReader(decoder: decoder)
        try feed.append(body)
        while let product = try feed.next() { show("\(product["Price"] ?? .null)") }
        try feed.finish()
        #expect(feed.page.nextLink == nil)
        #expect(try decoder.collection(body).entities.first?["Price"] == .decimal(try #require(ODataDecimal("1.10"))))
    }

    @Test func `generated types write the same queries`() throws {
        let query = SalesOrder.query
            .filter(SalesOrder.soldToParty == "1000001" && SalesOrder.totalNetAmount > 1_000)
            .orderBy(.descending(SalesOrder.salesOrder))
        #expect(
            try query.encoded(.v2).query.contains("TotalNetAmount gt 1000M".replacing(" ", with: "%20")))
    }
}
