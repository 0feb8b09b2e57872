@testable import OData
import Testing

@Suite("Names and values that want to be more")
struct QueryInjectionTests {
    static let texts = [
        "' or '1' eq '1", "'", "''", "'''", "x' or true", "%27 or 1 eq 1", "')/$count", "a&$top=1", "a#b", "a?b",
        "../../admin", "..", ".",
        "a;b", "a,b", "a(b)", "\u{0}", "\u{0}'", "\r\nHost: x", "\u{1F600}", "\u{301}'", "\u{2028}", "\\'", "\"", "[]",
        "{}", "@p", "$it", "null",
        "%", "%2", "%00", "+", " ", "\t", "a=b", "Ω≈ç", "\u{FEFF}", "'\u{200D}'", "x'/**/",
    ]

    @Test(arguments: texts)
    func `a value stays in its literal`(_ text: String) throws {
        for version in ODataVersion.allCases {
            let query = Query("S").key(["K": .string(text)]).navigate("N").filter(.property("A") == .value(text))
                .custom("c", text)
            let url = try query.encoded(version).relativeURL
            #expect(try Query(parsing: url, version: version) == query)
            #expect(url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"#\"<>\\^`{|}+[]".utf8.contains($0) })
            #expect(url.utf8.count { $0 == UInt8(ascii: "?") } == 1)
            #expect(url.utf8.count { $0 == UInt8(ascii: "&") } == 1)
            #expect(url.utf8.count { $0 == UInt8(ascii: "/") } - text.utf8.count { $0 == UInt8(ascii: "/") } * 2 == 1)
        }
    }

    // An annotation may have a qualifier behind `#`, and 4.01 selects annotations.
    @Test(
        arguments: texts.filter { !["null", "a#b", "@p"].contains($0) } + [
            "a b", "1a", "", "a.b.", ".a", "a-b", "a:b", String(repeating: "a", count: 129),
        ])
    func `a name that is none is refused everywhere`(_ name: String) {
        guard !Identifier.isValid(name) else {
            Issue.record("\(name) is a name")
            return
        }
        for version in ODataVersion.allCases {
            var queries: [Query] = [
                Query(path: ResourcePath([.name(name)])), Query(path: ResourcePath([.call(name, [])])),
                Query("S").key(EntityKey([.init(name, "x")])), Query("S").select(SelectItem("A/" + name + "/B")),
                Query("S").expand(ExpandItem("A/" + name)),
                Query("S").orderBy(OrderItem(.path(MemberPath(.implicit, [.name(name)])))),
                Query("S").filter(.path(MemberPath(.implicit, [.name("A"), .name(name)]))), Query("S").alias(name, 1),
                Query("S").filter(.path(MemberPath(.implicit, [.name("A"), .all(Lambda(name, true))]))),
                Query("S").filter(.path(MemberPath(.alias(name), []))),
                Query("S").filter(.cast(nil, QueryTypeName(QualifiedName("ns", name)))),
                Query("S").filter(.path(MemberPath(.implicit, [.call("ns.F", [NamedArgument(name, 1)])]))),
                Query("S").compute(1, as: name), Query("S").apply(.aggregate([.count(as: name)])),
                Query("S").apply(.groupBy([.property(name)])),
                Query("S").apply(.call(name, [])), Query.crossjoin("A", name),
                Query("S").cast(to: QualifiedName("ns", name)),
                Query("S").filter(.path(MemberPath(.implicit, [.annotation("ns." + name)]))),
                Query("S").apply(.join(path: name, as: "x")),
            ]
            if version.isV4, name.utf8.count < 100 {
                let value = EnumerationValue("Red", of: QualifiedName("ns", name))
                queries.append(Query("S").filter(.literal(.enumeration(value))))
            }
            for (place, query) in queries.enumerated() {
                #expect(throws: QueryError.self, "\(place)") { try query.encoded(version) }
            }
        }
    }

    @Test(arguments: ["$top", "@p", "", "$", "$filter"])
    func `a custom option is none of the protocol's`(_ name: String) {
        for version in ODataVersion.allCases {
            #expect(throws: QueryError.misplaced(name)) { try Query("S").custom(name, "1").encoded(version) }
        }
    }

    @Test func `4_01 takes its options without a dollar, so that a custom one can't have their names`() throws {
        #expect(throws: QueryError.misplaced("Filter")) { try Query("S").custom("Filter", "1").encoded(.v401) }
        #expect(Query("S").custom("filter", "1").urlForTest(.v4) == "S?filter=1")
        #expect(try Query(parsing: "S?filter=1", version: .v4) == Query("S").custom("filter", "1"))
    }

    @Test func `the members of an enumeration are names`() {
        for members in ["Red' or 1 eq 1", "Red'", "'", "Red,", "", "Red;Blue", "Red)"] {
            let value = ODataValue.enumeration(EnumerationValue(members, of: QualifiedName("ns", "C")))
            #expect(throws: QueryError.self) { try Query("S").filter(.property("A") == .literal(value)).encoded(.v4) }
        }
    }

    @Test func `JSON is what it says it is`() {
        for node in [JSONNode.number("1] or true"), .number("1,2"), .number(""), .number("0x1"), .string("x")] {
            #expect(throws: QueryError.self) { try QueryExpression.json(node).text(.v4) }
        }
        #expect(throws: QueryError.self) { try QueryExpression.json(.array([.number("1],[2")])).text(.v4) }
        #expect(throws: QueryError.self) {
            try QueryExpression.json(.object([.init("a", .null), .init("a", .null)])).text(.v4)
        }
        #expect(throws: Never.self) { try QueryExpression.json(.object([.init("a\"]", .string("}'"))])).text(.v4) }
    }

    @Test func `spatial texts stay in their literal`() {
        for text in ["SRID=0;Point(1 2)' or 'a", "'", "SRID=0;Point(1 2)''"] {
            let value = ODataValue.geo(GeoValue(.string(text), of: .geographyPoint))
            #expect(throws: QueryError.self) { try QueryExpression.literal(value).text(.v4) }
        }
    }

    @Test(arguments: ["", ".", "..", "$count", "$value"])
    func `a key segment is no other segment`(_ text: String) {
        #expect(throws: QueryError.self) { try Query("S").keySegments(.string(text)).encoded(.v401) }
    }

    @Test func `a Content-ID has no slashes or queries`() {
        for id in ["", "1/Items", "1?x", "a b", "metadata", "batch", "%31", "é"] {
            #expect(throws: QueryError.self) { try Query.contentID(id).encoded(.v4) }
        }
    }

    @Test(arguments: ["%", "%2", "%zz", "%FF", "%C3", "%C0%AF", "%ED%A0%80", "%F8%80%80%80%80", "a%"])
    func `percent-encoding that is none is refused`(_ piece: String) {
        for url in [
            "S(\(piece))", "S('\(piece)')", "S?$filter=A%20eq%20'\(piece)'", "S?\(piece)=1", "S?a=\(piece)", "\(piece)",
        ] {
            #expect(throws: QueryError.self) { try Query(parsing: url, version: .v4) }
        }
    }

    @Test func `decoding is done once`() throws {
        let query = try Query(parsing: "S('%2527')?a=%252B", version: .v4)
        #expect(query == Query("S").key("%27").custom("a", "%2B"))
    }

    @Test func `a megabyte is read and written in time`() throws {
        let long = String(repeating: "a'/%é", count: 200_000)
        let query = Query("S").key(.string(long)).navigate("N").filter(.property("A") == .value(long)).custom("x", long)
        let url = try query.encoded(.v4).relativeURL
        #expect(try Query(parsing: url, version: .v4) == query)
        let paths = (0..<20_000).map { "a\($0)" }.joined(separator: ",")
        #expect(try Query(parsing: "S?$select=\(paths)&$expand=\(paths)", version: .v2).options.select.count == 20_000)
        let segments = String(repeating: "a/", count: 100_000) + "a"
        #expect(try Query(parsing: segments, version: .v4).path.segments.count == 100_001)
        let options = "S?" + Array(repeating: "a=1", count: 100_000).joined(separator: "&")
        #expect(try Query(parsing: options, version: .v4).options.custom.count == 100_000)
    }

    @Test(arguments: ["X?$expand=", "X?$apply=", "X?$search=", "X/$filter(", "X?$select="])
    func `options within options end somewhere`(_ start: String) {
        let pieces = ["A($expand=", "groupby((A),", "(", "NOT ", "concat(", "not ", "A($select=", "filter("]
        // Words of a search in a row are no nesting.
        for piece in pieces where start != "X?$search=" || piece != "not " {
            let url = start + String(repeating: piece, count: 50_000)
            #expect(throws: QueryError.self) { try Query(parsing: url, version: .v401) }
        }
    }
}
