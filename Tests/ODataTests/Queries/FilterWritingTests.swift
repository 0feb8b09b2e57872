import OData
import Testing

@Suite("Writing filters (OData 4.01 part 2 §5.1.1)")
struct FilterWritingTests {
    private func expect(_ tree: QueryExpression, _ text: String) throws {
        for version in ODataVersion.allCases { #expect(try tree.text(version) == text) }
    }

    @Test func `one tree is the same text in every version`() throws {
        try expect(.property("City") == "Rome", "City eq 'Rome'")
        try expect(.property("Name") == "O'Neil", "Name eq 'O''Neil'")
        try expect(.property("A") != 5 && .property("B") > 3 && .property("C") <= 4, "A ne 5 and B gt 3 and C le 4")
        try expect(.property("A") == 1 || .property("B") == 2 && .property("C") == 3, "A eq 1 or B eq 2 and C eq 3")
        try expect((.property("A") == 1 || .property("B") == 2) && .property("C") == 3, "(A eq 1 or B eq 2) and C eq 3")
        try expect(!(.property("A") == true), "not (A eq true)")
        try expect(.property("A") == nil, "A eq null")
        try expect((.property("A") + 1) * 2 >= .property("B") % 3, "(A add 1) mul 2 ge B mod 3")
        try expect(.property("A") - (.property("B") - .property("C")) < 0, "A sub (B sub C) lt 0")
        try expect(-.property("A") == -5, "-A eq -5")
        try expect(
            .property("Name").startsWith("A") && .property("Name").endsWith("z"),
            "startswith(Name,'A') and endswith(Name,'z')")
        try expect(.property("Name").toLower().length == 3, "length(tolower(Name)) eq 3")
        try expect(.property("Address/City").isOneOf(["a", "b"]), "Address/City eq 'a' or Address/City eq 'b'")
        try expect(.or([]), "false")
        try expect(.and([]), "true")
        try expect(.and([.property("A") == 1]), "A eq 1")
    }

    @Test func `pitfall 17: substringof has its arguments the other way round`() throws {
        let tree = QueryExpression.property("Name").contains("x")
        #expect(try tree.text(.v2) == "substringof('x',Name)")
        #expect(try tree.text(.v4) == "contains(Name,'x')")
        #expect(try QueryExpression(parsing: "substringof('x',Name) eq true", version: .v2) == (tree == true))
    }

    @Test(arguments: [
        (ODataValue.int64(10), "10L", "10"), (.int32(10), "10", "10"), (.double(1.5), "1.5d", "1.5"),
        (.decimal(ODataDecimal(significand: 1050, exponent: -2)), "10.50M", "10.50"),
        (
            .guid(GUID(high: 1, low: 2)), "guid'00000000-0000-0001-0000-000000000002'",
            "00000000-0000-0001-0000-000000000002"
        ),
        (.binary([1, 255]), "X'01FF'", "binary'Af8='"),
    ])
    func `pitfall 15: literals have the version's form`(_ value: ODataValue, _ text2: String, _ text4: String) throws {
        let tree = QueryExpression.property("A") == QueryExpression.literal(value)
        #expect(try tree.text(.v2) == "A eq " + text2)
        #expect(try tree.text(.v4) == "A eq " + text4)
    }

    @Test func `lambdas, counts, lists and flags are version 4's`() throws {
        let items = QueryExpression.property("Items")
        let any = items.any("d") { $0.property("Quantity") > 100 && $0.property("Name") == .it.property("Name") }
        #expect(try any.text(.v4) == "Items/any(d:d/Quantity gt 100 and d/Name eq $it/Name)")
        #expect(try items.any().text(.v4) == "Items/any()")
        #expect(try items.all("x") { $0 == 1 }.text(.v4) == "Items/all(x:x eq 1)")
        #expect(try (items.count > 2).text(.v4) == "Items/$count gt 2")
        #expect(try QueryExpression.property("A").isIn([1, 2]).text(.v401) == "A in (1,2)")
        let flags = EnumerationValue("Red,Blue", of: QualifiedName("ns", "Colour"))
        #expect(try QueryExpression.property("C").has(flags).text(.v4) == "C has ns.Colour'Red,Blue'")
        for tree in [any, items.any(), items.count > 2, .property("C").has(flags)] {
            #expect(throws: QueryError.self) { try tree.text(.v2) }
        }
    }

    @Test(arguments: [
        (QueryExpression.property("A").isIn([1]), ODataVersion.v4, QueryError.notInVersion("in", .v4)),
        (.binary(.divideExactly, .property("A"), 2), .v4, .notInVersion("divby", .v4)),
        (.choice([ChoiceBranch(true, 1)]), .v4, .notInVersion("case", .v4)),
        (.call(.matchesPattern, ["a", "b"]), .v4, .notInVersion("matchesPattern", .v4)),
        (.call(.replace, ["a", "b", "c"]), .v4, .notInVersion("replace", .v4)),
        (.call(.now, []), .v2, .notInVersion("now", .v2)),
        (.it, .v2, .notInVersion("$it", .v2)), (.this, .v4, .notInVersion("$this", .v4)),
        (.alias("p"), .v2, .notInVersion("@p", .v2)),
        (.property("Items").count(where: true), .v4, .notInVersion("$count()", .v4)),
        (.json(.array([])), .v2, .notInVersion("JSON", .v2)),
        (
            .cast(nil, QueryTypeName(QualifiedName("ns", "T"), isCollection: true)), .v2,
            .notInVersion("Collection", .v2)
        ),
        (.property("ns.T/A"), .v2, .notInVersion("ns.T", .v2)),
        (.function("Near"), .v4, .notInVersion("Near", .v4)),
    ])
    func `what a version doesn't have is an error`(
        _ tree: QueryExpression, _ version: ODataVersion, _ error: QueryError
    ) {
        #expect(throws: error) { try tree.text(version) }
    }

    @Test func `types stand in quotes in version 2`() throws {
        let tree = QueryExpression.property("A").cast(to: .primitive(.string)) == "x"
        #expect(try tree.text(.v2) == "cast(A,'Edm.String') eq 'x'")
        #expect(try tree.text(.v4) == "cast(A,Edm.String) eq 'x'")
        #expect(try QueryExpression.isOf(nil, QueryTypeName(QualifiedName("ns", "T"))).text(.v4) == "isof(ns.T)")
    }

    @Test func `a negated number is another thing than a negative one`() throws {
        #expect(try QueryExpression.negate(5).text(.v4) == "-(5)")
        #expect(try QueryExpression(parsing: "-(5)", version: .v4) == .negate(5))
        #expect(try QueryExpression(parsing: "-5", version: .v4) == .literal(.int32(-5)))
        #expect(try QueryExpression(parsing: "- 5", version: .v4) == .negate(5))
    }

    @Test func `a branch that ends with a digit keeps its colon apart`() throws {
        let tree = QueryExpression.choice([
            ChoiceBranch(.property("X") > 10, .literal(.int32(20))), ChoiceBranch(true, .literal(.int32(0))),
        ])
        let text = try tree.text(.v401)
        #expect(text == "case((X gt 10):20,true:0)")
        #expect(try QueryExpression(parsing: text, version: .v401) == tree)
        #expect(
            try QueryExpression(parsing: "case(X gt 0:1,X lt 0:-1,true:0)", version: .v401).text(.v401)
                == "case((X gt 0):1,(X lt 0):-1,true:0)")
    }

    @Test func `typed properties compare with their own type`() throws {
        struct Partner {}
        let city = TypedProperty<Partner, String>("City")
        let number = TypedProperty<Partner, Int>("Number")
        let since = TypedProperty<Partner, String?>("Since")
        let tree = city == "Rome" && number > 5 && since != nil && city.contains("o") && number.isOneOf([1, 2])
        #expect(
            try tree.text(.v4)
                == "City eq 'Rome' and Number gt 5 and Since ne null and contains(City,'o')"
                + " and (Number eq 1 or Number eq 2)"
        )
        let variable = "Oslo"
        #expect(try (QueryExpression.property("City") == variable).text(.v2) == "City eq 'Oslo'")
        #expect(
            Query("P").select(city, number).orderBy(.descending(number)).urlForTest(.v4)
                == "P?$select=City,Number&$orderby=Number%20desc")
    }

    @Test func `a chain of a thousand conditions is no deep tree`() throws {
        var tree = QueryExpression.property("A") == 0
        for number in 1..<1_000 { tree = tree || .property("A") == .literal(.int32(Int32(number))) }
        let text = try tree.text(.v4)
        #expect(try QueryExpression(parsing: text, version: .v4) == tree)
    }

    @Test func `a tree that is too deep isn't written`() {
        var tree = QueryExpression.property("A")
        for _ in 0..<QueryExpression.maxDepth { tree = .call(.trim, [tree]) }
        #expect(throws: QueryError.tooDeep) { try tree.text(.v4) }
    }
}
