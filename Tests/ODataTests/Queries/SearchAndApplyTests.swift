import OData
import Testing

@Suite("Search expressions and transformations")
struct SearchAndApplyTests {
    @Test(arguments: [
        (SearchExpression.term("blue"), "blue"), (.term("blue car"), "\"blue car\""), (.term("NOT"), "\"NOT\""),
        (.term("a;b"), "\"a;b\""),
        (.and([.word("a"), .or([.word("b"), .word("c")])]), "a AND (b OR c)"),
        (.or([.and([.word("a"), .word("b")]), .word("c")]), "a AND b OR c"),
        (.not(.and([.word("a"), .word("b")])), "NOT (a AND b)"), (.and([.not(.word("a")), .word("b")]), "NOT a AND b"),
        (.and([.word("a"), .and([.word("b"), .word("c")])]), "a AND (b AND c)"),
        (.not(.not(.word("a"))), "NOT (NOT a)"),
    ])
    func `combinations are written with the parentheses they need`(_ tree: SearchExpression, _ text: String) throws {
        let written = try tree.text(.v4)
        #expect(written == (tree == .not(.not(.word("a"))) ? "NOT NOT a" : text))
        #expect(try SearchExpression(parsing: written, version: .v4) == tree)
    }

    @Test func `what a person typed is never an operator`() throws {
        #expect(
            SearchExpression.terms("  blue \"NOT red\" car\" ")
                == .and([.word("blue"), .phrase("NOT red"), .word("car")]))
        #expect(SearchExpression.terms("OR") == .phrase("OR"))
        #expect(SearchExpression.terms(" \t\n") == nil)
        #expect(SearchExpression.terms("") == nil)
    }

    @Test func `quotation marks are escaped in 4_01 and refused before`() throws {
        let tree = SearchExpression.phrase("19\" \\ x")
        #expect(try tree.text(.v401) == "\"19\\\" \\\\ x\"")
        #expect(try SearchExpression(parsing: tree.text(.v401), version: .v401) == tree)
        #expect(throws: QueryError.notInVersion("quotation mark", .v4)) { try tree.text(.v4) }
        #expect(throws: QueryError.notInVersion("$search", .v2)) { try tree.text(.v2) }
    }

    @Test(arguments: ["", " ", "AND a", "a AND", "a OR", "NOT", "(a", "a)", "\"a", "\"\"", "a;b", "'a'", "a \"b"])
    func `what is no search isn't read`(_ text: String) {
        #expect(throws: QueryError.self) { try SearchExpression(parsing: text, version: .v401) }
    }

    @Test func `empty words and lists aren't written`() {
        for tree in [
            SearchExpression.word(""), .phrase(""), .and([]), .or([]), .word("a b"), .word("AND"), .word("a\""),
        ] {
            #expect(throws: QueryError.self) { try tree.text(.v401) }
        }
    }

    /// Inputs of the data aggregation ABNF's test cases and of the standard's examples.
    @Test(arguments: [
        "aggregate(Amount with sum as Total)", "aggregate(Amount with sum as Total,Amount with max as Max)",
        "aggregate($count as Count)",
        "aggregate(Amount mul Product/TaxRate with sum as Tax)", "aggregate(Sales/Amount with Custom.median as M)",
        "aggregate(Amount with sum from Time with average as Daily)", "aggregate(Forecast)",
        "aggregate(Forecast from Time/Year,Customer as F)",
        "aggregate(Sales/$count as N)", "groupby((Customer/Country,Product/Name),aggregate(Amount with sum as Total))",
        "groupby((Customer))",
        "groupby((rollup($all,Customer/Country,Customer/Name),Currency))", "groupby((rollup(SalesHierarchy)))",
        "groupby((A))/filter(Total gt 5)/topcount(2,Total)",
        "concat(topcount(2,Amount),aggregate(Amount with sum as T))", "identity",
        "concat(identity,aggregate($count as N))",
        "filter(Amount gt 3)/search(blue OR \"a b\")/top(5)/skip(2)/orderby(A desc,B)",
        "compute(Amount mul 2 as B,Name as C)", "bottompercent(50,Amount)",
        "toppercent(50,$these/aggregate(Amount with sum))",
        "join(Sales as Sale)", "outerjoin(Sales as Sale,filter(Amount gt 1)/identity)",
        "nest(groupby((Customer/ID)) as G)",
        "addnested(Products,filter(Price gt 1) as P)", "ns.Custom(A=1,B=Amount add 2)", "ns.Custom()",
        "ancestors($root/Orgs,OrgHier,ID,filter(contains(Name,'East')),keep start)",
        "descendants($root/Orgs,OrgHier,ID,filter(Name eq 'x')/identity,1)",
        "traverse($root/Orgs,OrgHier,ID,preorder,Name desc)",
        "groupby((rolluprecursive($root/Orgs,OrgHier,Org/ID,filter(A eq 1))))",
    ])
    func `transformations are written as they were read`(_ text: String) throws {
        let query = Query("S").apply(.identity)
        var steps = query
        steps.options.apply = try Transformation.parse(text, version: .v4)
        let url = try steps.encoded(.v4).relativeURL
        #expect(try Query(parsing: url, version: .v4) == steps)
        #expect(try Query(parsing: url, version: .v4).options.apply == Transformation.parse(text, version: .v4))
        #expect(url.replacing("%20", with: " ").replacing("%22", with: "\"") == "S?$apply=" + text)
    }

    @Test(arguments: [
        "", "aggregate()", "groupby(A)", "groupby(())", "concat(identity)", "top(x)", "top(-1)", "filter()",
        "identity()", "unknown(A)", "aggregate(A with)",
        "aggregate(A as)", "compute(A)", "join(A)", "identity/", "/identity", "groupby((A),)", "topcount(1)",
        "rollup(A)",
    ])
    func `what is no transformation isn't read`(_ text: String) {
        #expect(throws: QueryError.self) { try Transformation.parse(text, version: .v4) }
    }

    @Test func `a path that reads like a transformation isn't written as an argument`() {
        let order = TransformationArgument.expression(OrderItem(.property("identity")))
        #expect(throws: QueryError.self) { try Query("S").apply(.call("ns.F", [order])).encoded(.v4) }
        let steps = TransformationArgument.transformations([.aggregate([.count(as: "N")])])
        #expect(throws: QueryError.self) { try Query("S").apply(.call("ns.F", [steps])).encoded(.v4) }
    }
}
