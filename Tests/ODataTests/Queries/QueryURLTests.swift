import OData
import Testing

@Suite("Writing URLs")
struct QueryURLTests {
    @Test func `a query of version 2`() {
        let query = Query("A_BusinessPartner").key("1").navigate("to_Address").select("City")
            .filter(.property("City") == "Rome").orderBy(.descending("City")).top(10).skip(5).count().format("json")
            .custom("sap-client", "100")
        #expect(
            query.urlForTest(.v2)
                == "A_BusinessPartner('1')/to_Address?$filter=City%20eq%20'Rome'&$select=City&$orderby=City%20desc"
                + "&$top=10&$skip=5&$inlinecount=allpages&$format=json&sap-client=100")
    }

    @Test func `a query of version 4`() {
        let query = Query("Products").expand("Parts") {
            $0.select("Label").filter(.property("Quantity") > 1).orderBy(.ascending("Label")).top(5).expand("Maker") {
                $0.levels(.max)
            }
        }.search("red car").count(false)
        #expect(
            query.urlForTest(.v4)
                == "Products?$search=%22red%20car%22&$expand=Parts($filter=Quantity%20gt%201;$select=Label;"
                + "$expand=Maker($levels=max);$orderby=Label;$top=5)&$count=false")
    }

    @Test func `pitfall 15: quotes are doubled, then all is percent-encoded`() {
        #expect(Query("S").key("O'N/e?i#l&").urlForTest(.v2) == "S('O''N%2Fe%3Fi%23l%26')")
        #expect(Query("S").key(["A": "1", "B": "2"]).urlForTest(.v2) == "S(A='1',B='2')")
        #expect(Query("S").key(["A": "", "B": "ü"]).urlForTest(.v4) == "S(A='',B='%C3%BC')")
        #expect(Query("S").key(.int64(5)).urlForTest(.v2) == "S(5L)")
        #expect(Query("S").key(5).urlForTest(.v2) == "S(5)")
    }

    @Test func `pitfall 16: a space is %20 and a plus %2B`() throws {
        let query = Query("S").filter(.property("A") == "1 + 1").custom("x y", "a+b c")
        for version in ODataVersion.allCases {
            let url = query.urlForTest(version)
            #expect(url == "S?$filter=A%20eq%20'1%20%2B%201'&x%20y=a%2Bb%20c")
            #expect(try Query(parsing: url, version: version) == query)
        }
        #expect(try Query(parsing: "S?$filter=A+eq+'1'", version: .v2).options.filter == (.property("A") == "1"))
        #expect(throws: QueryError.syntax(offset: 11)) { try Query(parsing: "S?$filter=A+eq+1", version: .v4) }
    }

    @Test func `pitfall 17: a selection names what is expanded`() {
        #expect(Query("S").select("A").expand("to_X").urlForTest(.v2) == "S?$select=A,to_X&$expand=to_X")
        #expect(Query("S").expand("to_X").urlForTest(.v2) == "S?$expand=to_X")
        #expect(
            Query("S").select("A", "to_X/B").expand("to_X/to_Y").urlForTest(.v2)
                == "S?$select=A,to_X/B,to_X/to_Y&$expand=to_X/to_Y")
        #expect(
            Query("S").select("A", "to_X").expand("to_X/to_Y").urlForTest(.v2) == "S?$select=A,to_X&$expand=to_X/to_Y")
        #expect(Query("S").select("A").expand("to_X/to_Y").urlForTest(.v2) == "S?$select=A,to_X&$expand=to_X/to_Y")
        #expect(Query("S").select("A").expand("to_X").urlForTest(.v4) == "S?$select=A&$expand=to_X")
    }

    @Test func `nested options become paths in version 2`() {
        let query = Query("S").expand("to_X") { $0.select("B").expand("to_Y").expand("to_Z") { $0.select("C") } }
        #expect(query.urlForTest(.v2) == "S?$select=to_X/B,to_X/to_Z/C,*,to_X/to_Y&$expand=to_X/to_Y,to_X/to_Z")
        #expect(
            Query("S").select("A").expand("to_X") { $0.top(1) }.urlForTest(.v2)
                == "error: notInVersion(\"$expand()\", 2.0)")
        #expect(
            Query("S").expand(ExpandItem("to_X", form: .count)).urlForTest(.v2) == "error: notInVersion(\"$ref\", 2.0)")
    }

    @Test func `a function import of version 2 has its parameters as options`() {
        let query = Query().function("Release", ["ID": "a'b", "N": 5]).custom("sap-client", "1")
        #expect(query.urlForTest(.v2) == "Release?ID='a''b'&N=5&sap-client=1")
        #expect(query.urlForTest(.v4) == "Release(ID='a''b',N=5)?sap-client=1")
    }

    @Test func `links are spelled as the version has them`() {
        let links = Query("S").key("1").links("Items")
        #expect(links.urlForTest(.v2) == "S('1')/$links/Items")
        #expect(links.urlForTest(.v4) == "S('1')/Items/$ref")
        #expect(links.key("2").urlForTest(.v2) == "S('1')/$links/Items('2')")
        #expect(links.key("2").urlForTest(.v4) == "S('1')/Items('2')/$ref")
        #expect(Query("S").key("1").navigate("Items").references().urlForTest(.v2) == "S('1')/$links/Items")
        #expect(Query("S").references().urlForTest(.v2) == "error: notInVersion(\"$ref\", 2.0)")
    }

    @Test(
        arguments: [
            (Query.metadata, "$metadata"), (.batch, "$batch"), (.all, "$all"),
            (.crossjoin("A", "B"), "$crossjoin(A,B)"),
            (.entity(id: "http://h/S('1')"), "$entity?$id=http://h/S('1')"),
            (.contentID("1").navigate("Items"), "$1/Items"),
            (Query(), ""), (Query("S/$count"), "S/$count"),
            (Query("S").key("1").property("Photo").rawValue(), "S('1')/Photo/$value"),
            (Query("S").key("1").action("ns.Copy"), "S('1')/ns.Copy"),
            (Query("S").filterSegment(.property("A") == "x/y").each(), "S/$filter(A%20eq%20'x%2Fy')/$each"),
            (Query("S").keySegments("a/b", 1), "S/a%2Fb/1"), (Query("S").deltaToken("a b"), "S?$deltatoken=a%20b"),
            (Query("S").key("1").cast(to: QualifiedName("ns", "T")).navigate("X"), "S('1')/ns.T/X"),
        ] as [(Query, String)])
    func `a path of 4_01`(_ query: Query, _ url: String) throws {
        #expect(query.urlForTest(.v401) == url)
        #expect(try Query(parsing: url, version: .v401).urlForTest(.v401) == url)
    }

    @Test(
        arguments: [
            (Query.all, ODataVersion.v2, QueryError.notInVersion("$all", .v2)),
            (Query("S").each(), .v4, .notInVersion("$each", .v4)),
            (Query("S").keySegments("a"), .v4, .notInVersion("key as segment", .v4)),
            (Query("S").search("a"), .v2, .notInVersion("$search", .v2)),
            (Query("S").apply(.identity), .v2, .notInVersion("$apply", .v2)),
            (Query("S").compute(.property("A"), as: "B"), .v4, .notInVersion("$compute", .v4)),
            (Query("S").deltaToken("x"), .v2, .notInVersion("$deltatoken", .v2)),
            (Query("S").alias("p", 1), .v2, .notInVersion("@p", .v2)),
            (Query("S").schemaVersion("*"), .v4, .notInVersion("$schemaversion", .v4)),
            (Query("S").index(1), .v4, .notInVersion("$index", .v4)),
            (Query("S").key("1").filter(true), .v4, .misplaced("$filter")),
            (Query("S").key("1").top(1), .v2, .misplaced("$top")),
            (Query("S").countOnly().select("A"), .v4, .misplaced("$select")),
            (Query.metadata.top(1), .v4, .misplaced("$top")),
            (Query("S").top(-1), .v4, .misplaced("$top")), (Query("S").levels(.max), .v4, .misplaced("$levels")),
            (Query().key("1"), .v4, .misplaced("key")), (Query("S").key("1").key("2"), .v4, .misplaced("key")),
            (Query.metadata.navigate("X"), .v4, .misplaced("segment")),
            (Query("S").navigate("$metadata"), .v4, .misplaced("segment")),
            (Query("S").key(EntityKey([])), .v4, .keyMismatch(expected: [])),
            (Query("S").key(.null), .v4, .value(.mismatch(expected: "key"))),
            (Query("S").expand("X") { $0.format("json") }, .v4, .misplaced("$format")),
            (Query("S").expand("X") { $0.custom("a", "b") }, .v4, .misplaced("a")),
            (Query("S").expand("X") { $0.key("1") }, .v4, .invalidName("X/()")),
            (Query("S").key(EntityKey([.init(nil, "a"), .init("B", "b")])), .v4, .keyMismatch(expected: ["B"])),
        ] as [(Query, ODataVersion, QueryError)])
    func `what can't be asked for is an error, not a URL`(_ query: Query, _ version: ODataVersion, _ error: QueryError)
    {
        #expect(throws: error) { try query.encoded(version) }
    }

    @Test func `conditions of several calls are joined`() {
        let query = Query("S").filter(.property("A") == 1).filter(.property("B") == 2 || .property("C") == 3)
        #expect(query.urlForTest(.v4) == "S?$filter=A%20eq%201%20and%20(B%20eq%202%20or%20C%20eq%203)")
    }

    @Test func `pitfall 53: a delta token of version 2 is a custom option`() throws {
        let query = Query("S").custom("!deltatoken", "'a b'")
        #expect(query.urlForTest(.v2) == "S?!deltatoken='a%20b'")
        #expect(try Query(parsing: "S?!deltatoken='a%20b'", version: .v2) == query)
    }

    @Test func `pitfall 50: a skip token is nobody's to understand`() throws {
        let token = "eyJ+/=='%&#"
        let query = Query("S").skipToken(token)
        for version in ODataVersion.allCases {
            #expect(try Query(parsing: query.encoded(version).relativeURL, version: version) == query)
        }
    }
}
