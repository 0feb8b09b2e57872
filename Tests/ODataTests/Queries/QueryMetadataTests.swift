@testable import OData
import Testing

@Suite("Queries held to the metadata")
struct QueryMetadataTests {
    private let v2 = QueriesSamples.version2
    private let v4 = QueriesSamples.version4

    @Test func `values become their properties' types in version 2`() {
        let cases: [(QueryExpression, String)] = [
            (.property("Amount") == 10, "Amount eq 10M"), (.property("Number") > 5, "Number gt 5L"),
            (
                .property("Code") == "00000000-0000-0000-0000-000000000001",
                "Code eq guid'00000000-0000-0000-0000-000000000001'"
            ),
            (.property("Count") == 3, "Count eq 3"), (5 < .property("Amount"), "5M lt Amount"),
            (.property("to_Country/Key") == "DE", "to_Country/Key eq 'DE'"),
            (.property("Blocked") == true, "Blocked eq true"),
            (.property("Amount") == nil, "Amount eq null"), (.property("City").contains("x"), "substringof('x',City)"),
        ]
        for (filter, text) in cases {
            #expect(
                Query("Partners").filter(filter).urlForTest(.v2, v2) == "Partners?$filter="
                    + PercentEncoding.optionValue(text))
        }
    }

    @Test func `pitfall 15: dates and times of version 2 have its literals`() throws {
        let wall = try #require(CalendarDate(year: 2020, month: 2, day: 29))
        let query = Query("Partners").filter(.property("Since") >= QueryExpression.literal(.date(wall)))
        #expect(query.urlForTest(.v2, v2) == "Partners?$filter=Since%20ge%20datetime'2020-02-29T00:00:00'")
    }

    @Test func `values become their properties' types in version 4`() {
        let id = "00000000-0000-0000-0000-000000000001"
        #expect(Query("Products").key(.string(id)).urlForTest(.v4, v4) == "Products(\(id))")
        #expect(
            Query("Products").filter(.property("ID") == .literal(.string(id))).urlForTest(.v4, v4)
                == "Products?$filter=ID%20eq%20\(id)")
        #expect(
            Query("Products").filter(.property("Colour") == "Red").urlForTest(.v4, v4)
                == "Products?$filter=Colour%20eq%20test.Colour'Red'")
        #expect(
            Query("Products").filter(.binary(.has, .property("Colour"), "Red,Blue")).urlForTest(.v4, v4)
                == "Products?$filter=Colour%20has%20test.Colour'Red,Blue'")
        #expect(
            Query("Products").filter(.property("On") == "2020-02-29").urlForTest(.v4, v4)
                == "Products?$filter=On%20eq%202020-02-29")
        #expect(
            Query("Products").filter(.property("ID").isIn([.literal(.string(id))])).urlForTest(.v401, v4)
                == "Products?$filter=ID%20in%20(\(id))")
        let parts = QueryExpression.property("Parts").any("p") {
            $0.property("Quantity") > 1 && $0.property("ProductID") == .literal(.string(id))
        }
        #expect(
            Query("Products").filter(parts).urlForTest(.v4, v4)
                == "Products?$filter=Parts/any(p:p/Quantity%20gt%201%20and%20p/ProductID%20eq%20\(id))")
    }

    @Test(
        arguments: [
            (Query("Nothing"), QueryError.unknownEntitySet("Nothing")),
            (Query("Products").select("Nome"), .unknownName("Nome", in: "test.Product")),
            (Query("Products").filter(.property("Nome") == 1), .unknownName("Nome", in: "test.Product")),
            (Query("Products").filter(.property("Place/Nome") == 1), .unknownName("Nome", in: "test.Place")),
            (Query("Products").filter(.property("Name/City") == 1), .unknownName("City", in: "Edm.String")),
            (Query("Products").filter(.property("Parts/Label") == "x"), .misplaced("Label")),
            (
                Query("Products").filter(.property("Parts").any("p") { $0.property("Nome") == 1 }),
                .unknownName("Nome", in: "test.Part")
            ),
            (Query("Products").orderBy(.ascending("Nome")), .unknownName("Nome", in: "test.Product")),
            (Query("Products").expand("Nome"), .unknownName("Nome", in: "test.Product")),
            (Query("Products").expand("Name"), .misplaced("Name")),
            (Query("Products").expand("Parts") { $0.select("Nome") }, .unknownName("Nome", in: "test.Part")),
            (Query("Products").expand("Parts").select("Parts/Nome"), .unknownName("Nome", in: "test.Part")),
            (Query("Products").key("x"), .value(.malformed(.guid))), (Query("Main").key("x"), .misplaced("key")),
            (Query("Parts").key("x"), .keyMismatch(expected: ["ProductID", "Position"])),
            (Query("Parts").key(["Pos": 1, "ProductID": "x"]), .keyMismatch(expected: ["ProductID", "Position"])),
            (Query("Makers").key(["Kode": "x"]), .keyMismatch(expected: ["Code"])),
            (Query("Products").navigate("Parts"), .unknownName("Parts", in: "test.Product")),
            (Query("Products").filter(.property("Name") == 5), .value(.mismatch(expected: "Edm.String"))),
            (Query("Products").filter(.property("Name")), .value(.mismatch(expected: "Edm.Boolean"))),
            (Query("Products").filter(.property("Rating").startsWith("x")), .value(.mismatch(expected: "Edm.String"))),
            (Query("Products").filter(.property("Name").contains(5)), .value(.mismatch(expected: "Edm.String"))),
            (Query("Products").filter(.property("Colour") == "Pink"), .value(.mismatch(expected: "test.Colour"))),
            (Query("Main").top(1), .misplaced("$top")), (Query("Main").countOnly(), .misplaced("$count")),
            (Query("Products").function("test.Best", ["Limit": "x"]), .value(.malformed(.decimal))),
            (Query("Products").function("test.Best", ["Nome": 1]), .unknownName("Nome", in: "test.Best")),
            (Query("Products").function("test.Best"), .unknownName("Limit", in: "test.Best")),
            (Query("Products").action("test.Nothing"), .unknownName("test.Nothing", in: "test.Product")),
            (Query("Products").action("test.Discount"), .unknownName("test.Discount", in: "test.Product")),
            (Query("Products").cast(to: QueriesSamples.name("Part")), .unknownName("test.Part", in: "test.Product")),
            (Query("Products").apply(.aggregate([.sum("Nome", as: "X")])), .unknownName("Nome", in: "test.Product")),
            (Query.crossjoin("Products", "Nothing"), .unknownEntitySet("Nothing")),
        ] as [(Query, QueryError)])
    func `what the service doesn't have is named`(_ query: Query, _ error: QueryError) {
        #expect(throws: error) { try query.encoded(.v4, metadata: v4) }
    }

    @Test(
        arguments: [
            (Query("Products"), "Products"), (Query("Main").navigate("Anything"), "Main/Anything"),
            (
                Query("Products").apply(.groupBy(["Maker/Label"], [.aggregate([.sum("Parts/Quantity", as: "Total")])]))
                    .orderBy(.ascending("Total")),
                "Products?$apply=groupby((Maker/Label),aggregate(Parts/Quantity%20with%20sum%20as%20Total))"
                    + "&$orderby=Total"
            ),
            (
                Query("Products").cast(to: QueriesSamples.name("SpecialProduct")).select("Extra", "Name"),
                "Products/test.SpecialProduct?$select=Extra,Name"
            ),
            (
                Query("Products").filter(.property("test.SpecialProduct/Extra") == "x"),
                "Products?$filter=test.SpecialProduct/Extra%20eq%20'x'"
            ),
            (Query("Products").function("test.Best", ["Limit": 5]), "Products/test.Best(Limit=5)"),
            (
                Query("Products").function("self.Best", ["Limit": 5]).navigate("Name"),
                "Products/self.Best(Limit=5)/Name"
            ),
            (
                Query("Products").key("00000000-0000-0000-0000-000000000001").action("self.Discount"),
                "Products(00000000-0000-0000-0000-000000000001)/self.Discount"
            ),
            (Query().function("Near", ["City": "x"]).top(1), "Near(City='x')?$top=1"),
            (Query("Products/$count").filter(.property("Active")), "Products/$count?$filter=Active"),
            (
                Query("Products").expand("Parts/Maker") { $0.select("Label") },
                "Products?$expand=Parts($expand=Maker($select=Label))"
            ),
            (
                Query("Products").expand("Parts").expand("Parts/Maker").select("Name", "Parts/Label"),
                "Products?$select=Name&$expand=Parts($select=Label;$expand=Maker)"
            ),
            (Query("Products").expand("Picture").expand("*"), "Products?$expand=Picture,*"),
        ] as [(Query, String)])
    func `what the service has is written`(_ query: Query, _ url: String) { #expect(query.urlForTest(.v4, v4) == url) }

    @Test func `the type of a result is known`() {
        func type(_ query: Query) -> TypeReference? { query.resultType(in: v4) }
        let product = QueriesSamples.name("Product")
        #expect(type(Query("Products")) == TypeReference(.named(product), isCollection: true))
        #expect(type(Query("Products").key("x"))?.isCollection == nil)
        let one = Query("Products").key(.guid(GUID(high: 0, low: 1)))
        #expect(type(one) == TypeReference(.named(product)))
        #expect(type(one.navigate("Parts")) == TypeReference(.named(QueriesSamples.name("Part")), isCollection: true))
        #expect(type(one.navigate("Place/City")) == .primitive(.string))
        #expect(type(one.navigate("Parts/$count")) == .primitive(.int64))
        #expect(type(one.rawValue()) == .primitive(.stream))
        #expect(type(Query("Products").function("test.Best", ["Limit": 1])) == TypeReference(.named(product)))
        #expect(type(Query().function("Near", ["City": "x"])) == TypeReference(.named(product), isCollection: true))
        #expect(type(.metadata) == nil)
        #expect(type(Query("Nothing")) == nil)
    }

    @Test func `reading knows functions and keys by the metadata`() throws {
        let call = try Query(parsing: "Near(City='x')?$top=1", version: .v4, metadata: v4)
        #expect(call.path.segments == [.call("Near", [NamedArgument("City", "x")])])
        #expect(try Query(parsing: "Near(City='x')", version: .v4).path.lastKey == EntityKey(["City": "x"]))
        let release = try Query(parsing: "Release?ID='1'&Amount=5M&sap-client=100", version: .v2, metadata: v2)
        #expect(
            release.path.segments.first
                == .call(
                    "Release",
                    [
                        NamedArgument("ID", "1"),
                        NamedArgument("Amount", .literal(.decimal(ODataDecimal(significand: 5)))),
                    ]))
        #expect(release.options.custom == [CustomOption("sap-client", "100")])
        let segments = try Query(parsing: "Makers/Parts/Label", version: .v401, metadata: v4)
        #expect(segments.path.segments == [.name("Makers"), .keySegment("Parts"), .name("Label")])
        #expect(try Query(parsing: "Parts/x/1", version: .v401).path.segments.count == 3)
    }

    @Test func `keys as segments are held to the type's key`() {
        let id = "00000000-0000-0000-0000-000000000001"
        #expect(
            Query("Parts").keySegments(.string(id), "7").navigate("Label").urlForTest(.v401, v4)
                == "Parts/\(id)/7/Label")
        #expect(Query("Makers").keySegments("a/b").urlForTest(.v401, v4) == "Makers/a%2Fb")
        #expect(Query("Products").keySegments("x").urlForTest(.v401, v4).hasPrefix("error: value"))
        #expect(Query("Makers").keySegments("a", "b").urlForTest(.v401, v4).hasPrefix("error:"))
        #expect(
            Query("Products").key(.string(id)).navigate("Tags").keySegments("-1").urlForTest(.v401, v4)
                == "Products(\(id))/Tags/-1")
    }

    @Test func `a function import's parameters have its types`() {
        #expect(
            Query().function("Release", ["ID": "1", "Amount": 5]).urlForTest(.v2, v2) == "Release?ID='1'&Amount=5M")
        #expect(
            Query().function("Release", ["ID": 1, "Amount": 5]).urlForTest(.v2, v2)
                == "error: value(OData.ValueError.mismatch(expected: \"Edm.String\"))")
    }

    @Test func `pitfall 17: a filter doesn't go through a collection`() {
        let query = Query("Partners").expand("to_Address").filter(.property("to_Address/Street") == "x")
        #expect(query.urlForTest(.v2, v2) == "error: misplaced(\"Street\")")
        #expect(
            Query("Partners").expand("to_Address/to_Country").select("City").urlForTest(.v2, v2)
                == "Partners?$select=City,to_Address&$expand=to_Address/to_Country")
    }
}
