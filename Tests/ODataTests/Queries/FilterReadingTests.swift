import OData
import Testing

@Suite("Reading filters (OData 4.01 ABNF §4)")
struct FilterReadingTests {
    @Test(arguments: [
        ("A eq 1 or B eq 2 and C eq 3", "A eq 1 or B eq 2 and C eq 3"),
        ("((A eq 1)) and (B eq 2 and C eq 3)", "A eq 1 and (B eq 2 and C eq 3)"),
        ("A add B mul C eq D sub E sub F", "A add B mul C eq D sub E sub F"),
        ("A add (B sub C)", "A add (B sub C)"), ("(A add B) sub C", "A add B sub C"),
        ("not A eq B", "(not A) eq B"), ("not (A eq B)", "not (A eq B)"), ("not not A", "not not A"),
        ("not contains(A,'x') and B", "not contains(A,'x') and B"), ("not A in (1,2)", "not A in (1,2)"),
        ("-A mul B", "-A mul B"), ("-(A mul B)", "-(A mul B)"), ("- -A", "-(-A)"),
        ("A eq B eq C", "A eq B eq C"), ("A gt B eq C lt D", "A gt B eq C lt D"), ("A gt (B eq C)", "A gt (B eq C)"),
        ("A has ns.C'Red' eq true", "A has ns.C'Red' eq true"), ("A add B has ns.C'Red'", "A add B has ns.C'Red'"),
        ("  A   eq\t1 ", "A eq 1"), ("A EQ 1 AND NOT b", "A eq 1 and not b"),
        ("CONTAINS( A , 'x' )", "contains(A,'x')"),
        ("A eq TRUE and B eq null", "A eq true and B eq null"), ("A in ( 'x' , 'y' )", "A in ('x','y')"),
        ("A in ()", "A in ()"), ("A in (B)", "A in (B)"), ("A in B", "A in B"), ("A in @p", "A in @p"),
        ("now( ) gt mindatetime()", "now() gt mindatetime()"), ("any eq 1", "any eq 1"), ("eq eq ne", "eq eq ne"),
        ("Items/any( d : d/A eq 1 )", "Items/any(d:d/A eq 1)"), ("$it/ns.T/A", "$it/ns.T/A"),
        ("$root/Sets(ID='a',B=2)/C eq 1", "$root/Sets(ID='a',B=2)/C eq 1"),
        ("Items/$count($filter=A eq 1;$search=x y) gt 2", "Items/$count($filter=A eq 1;$search=x AND y) gt 2"),
        ("Items/$filter(A gt 1)/$count", "Items/$filter(A gt 1)/$count"),
        ("ns.F(a=1,b=@p,c=A add 2)/D", "ns.F(a=1,b=@p,c=A add 2)/D"), ("Items/ns.F()", "Items/ns.F()"),
        ("@ns.Messages/any(m:m/s eq 'e')", "@ns.Messages/any(m:m/s eq 'e')"), ("A/@ns.T#q eq 1", "A/@ns.T#q eq 1"),
        ("A eq {\"b\":[1,\"x]\"]}", "A eq {\"b\":[1,\"x]\"]}"), ("[A,\"b\",'c'] in [[1]]", "[A,\"b\",'c'] in [[1]]"),
        ("date(A) eq 2020-02-29", "date(A) eq 2020-02-29"), ("A lt 2020-01-01T10:00:00Z", "A lt 2020-01-01T10:00:00Z"),
        ("A eq 10:20:30.5", "A eq 10:20:30.5"), ("A eq duration'P1DT2H'", "A eq duration'P1DT2H'"),
        ("A eq a0000000-0000-0000-0000-000000000001", "A eq a0000000-0000-0000-0000-000000000001"),
        ("A eq 00000000-0000-0000-0000-000000000001", "A eq 00000000-0000-0000-0000-000000000001"),
        ("A eq INF and B eq -INF", "A eq INF and B eq -INF"), ("INFx eq 1", "INFx eq 1"),
        ("cast(A,Edm.Int32) eq 1", "cast(A,Edm.Int32) eq 1"), ("isof(Collection(ns.T))", "isof(Collection(ns.T))"),
        (
            "geo.distance(A,geography'SRID=4326;Point(1 2)') lt 3",
            "geo.distance(A,geography'SRID=4326;Point(1 2)') lt 3"
        ),
        ("A/aggregate(B with sum) gt 1", "A/aggregate(B with sum) gt 1"), ("ÄÖ/名前 eq 'ß'", "ÄÖ/名前 eq 'ß'"),
    ])
    func `prints what it read, with as few parentheses as needed`(_ text: String, _ printed: String) throws {
        let tree = try QueryExpression(parsing: text, version: .v401)
        #expect(try tree.text(.v401) == printed)
        #expect(try QueryExpression(parsing: printed, version: .v401) == tree)
    }

    @Test(arguments: [
        ("A eq datetime'2020-01-01T00:00:00'", "A eq datetime'2020-01-01T00:00:00'"),
        ("A eq guid'00000000-0000-0000-0000-000000000001'", "A eq guid'00000000-0000-0000-0000-000000000001'"),
        ("A eq 10M or A eq 10L or A eq 1.5d or A eq 2.5f", "A eq 10M or A eq 10L or A eq 1.5d or A eq 2.5f"),
        ("A eq time'PT10H11M12S'", "A eq time'PT10H11M12S'"), ("A eq X'00ff'", "A eq X'00FF'"),
        ("replace(A,'x','y') eq 'z'", "replace(A,'x','y') eq 'z'"), ("isof('ns.T')", "isof('ns.T')"),
        ("substringof('x',tolower(A))", "substringof('x',tolower(A))"), ("to_A/B eq 1", "to_A/B eq 1"),
        ("concat(concat(A,', '),B) eq 'x, y'", "concat(concat(A,', '),B) eq 'x, y'"), ("-A eq -1", "-A eq -1"),
    ])
    func `version 2 has its own literals and functions`(_ text: String, _ printed: String) throws {
        let tree = try QueryExpression(parsing: text, version: .v2)
        #expect(try tree.text(.v2) == printed)
        #expect(try QueryExpression(parsing: printed, version: .v2) == tree)
    }

    @Test(arguments: [
        ("", 0), ("A eq", 2), ("A eq ", 5), ("A eq 'x", 5), ("A eq 'x' y", 9), ("A eq 1 and", 7), ("(A eq 1", 7),
        ("A)", 1),
        ("A eq 1)", 6), ("A foo 1", 2), ("A eq 5-3", 5), ("contains(A)", 10), ("contains(A,B,C)", 14), ("A//B", 2),
        ("/A", 0),
        ("A/", 2), ("A eq 12:34:", 10), ("any()", 0), ("A/all()", 6), ("A in (1,)", 8), ("A eq ('x','y')", 9),
        ("A(1,2)", 5),
        ("ns.F(A)", 5), ("$it eq $that", 7), ("@1 eq 1", 1), ("A eq [1", 7), ("A eq {\"a\":1,\"a\":2}", 12),
        ("A eq nsC'Red'", 5), ("A eq 1.", 6), ("A eq \u{0}", 5), ("A\u{301}\u{2028} eq 1", 0), ("null/x", 0),
        ("Items/any(d:", 12),
        ("case(true)", 9), ("cast(A,B.)", 9), ("A eq '\u{0301}", 5), ("\u{FEFF}A", 0),
        ("A eq 99999999999999999999999999999999999999999999", 5),
    ])
    func `says where a text stops making sense`(_ text: String, _ offset: Int) {
        #expect(throws: QueryError.syntax(offset: offset)) { try QueryExpression(parsing: text, version: .v401) }
    }

    @Test(arguments: [
        ("A in (1)", ODataVersion.v4), ("A divby 2", .v4), ("$this eq 1", .v4), ("A/$filter(true)", .v4),
        ("F(a=@p)", .v4),
        ("A/any()", .v2), ("A has ns.C'x'", .v2), ("@p eq 1", .v2), ("$it", .v2), ("[1]", .v2), ("A/$count gt 1", .v2),
    ])
    func `names what a version doesn't have`(_ text: String, _ version: ODataVersion) {
        #expect {
            try QueryExpression(parsing: text, version: version)
        } throws: { error in
            switch error as? QueryError {
            case .notInVersion(_, version): true
            case .syntax: version == .v2 && text.contains("has")
            default: false
            }
        }
    }

    @Test(arguments: [
        "(", "not ", "-", "tolower(", "A/any(x:", "[", "{\"a\":", "concat(A,", "A in (", "A add (", "ns.F(a=",
        "case(true:", "A/$filter(",
        "A/$count($filter=", "isof(", "A eq 1 and (",
    ])
    func `nesting without end is an error, not a crash`(_ piece: String) {
        let text = String(repeating: piece, count: 100_000)
        #expect(throws: QueryError.self) { try QueryExpression(parsing: text, version: .v401) }
        let closed = text + "A" + String(repeating: ")", count: 100_000)
        #expect(throws: QueryError.self) { try QueryExpression(parsing: closed, version: .v401) }
    }

    @Test func `long chains of arithmetic are too deep, long lists are not`() throws {
        let sum = Array(repeating: "A", count: 200).joined(separator: " add ")
        #expect(throws: QueryError.tooDeep) { try QueryExpression(parsing: sum, version: .v4) }
        let list = "A in (" + Array(repeating: "'x'", count: 20_000).joined(separator: ",") + ")"
        let tree = try QueryExpression(parsing: list, version: .v401)
        #expect(try tree.text(.v401) == list)
        let conditions = Array(repeating: "A eq 1", count: 50_000).joined(separator: " or ")
        #expect(try QueryExpression(parsing: conditions, version: .v2).text(.v2) == conditions)
    }

    @Test func `a megabyte of quotes is one string`() throws {
        let text = String(repeating: "'", count: 1_000_000)
        let tree = QueryExpression.property("A") == QueryExpression.literal(.string(text))
        let written = try tree.text(.v4)
        #expect(written.utf8.count == 2_000_007)
        #expect(try QueryExpression(parsing: written, version: .v4) == tree)
    }

    @Test func `an exact depth is read, one more is not`() throws {
        let deepest = String(repeating: "trim(", count: QueryExpression.maxDepth - 1)
        let text = deepest + "A" + String(repeating: ")", count: QueryExpression.maxDepth - 1)
        #expect(try QueryExpression(parsing: text, version: .v4).text(.v4) == text)
        #expect(throws: QueryError.tooDeep) { try QueryExpression(parsing: "trim(" + text + ")", version: .v4) }
    }
}
