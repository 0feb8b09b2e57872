import Testing

@testable import OData

@Suite("Hostile $metadata documents")
struct HostileMetadataTests {
    private static let body = #"<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"/>"#

    private static func error(_ text: String, limits: MetadataLimits = .init()) -> MetadataError? {
        CSDLTestDocument.error(Array(text.utf8), limits: limits)
    }

    @Test func `a billion laughs are refused at the document type`() {
        var entities = #"<!ENTITY a0 "ha">"#
        for level in 1...9 {
            let references = String(repeating: "&a\(level - 1);", count: 10)
            entities += "<!ENTITY a\(level) \"\(references)\">"
        }
        let error = Self.error("<?xml version=\"1.0\"?>\n<!DOCTYPE x [\(entities)]>\n<x>&a9;</x>")
        #expect(error?.reason == .forbiddenConstruct)
        #expect(error?.line == 2)
    }

    @Test(arguments: [
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><x>&e;</x>",
        "<!DOCTYPE x SYSTEM \"http://127.0.0.1:1/x.dtd\"><x/>",
        "<!DOCTYPE x [<!ENTITY % p SYSTEM \"http://127.0.0.1:1/x.dtd\"> %p;]><x/>",
        "<!DOCTYPE x [<!ATTLIST x a CDATA \"b\">]><x/>", "<!DOCTYPE x><x/>",
    ])
    func `no document type is read, inside or outside`(text: String) {
        #expect(Self.error(text)?.reason == .forbiddenConstruct)
    }

    @Test func `an entity that nobody declared is an error`() {
        let error = CSDLTestDocument.error(CSDLTestDocument.v4(#"<EntityType Name="&amp;&secret;"/>"#))
        #expect(error?.reason == .syntax)
    }

    @Test func `nesting beyond the limit is refused, not followed`() {
        let deep = String(repeating: "<Collection>", count: 50_000)
        let error = CSDLTestDocument.error(
            CSDLTestDocument.v4(#"<Annotation Term="a.b">"# + deep))
        #expect(error?.reason == .tooDeep)
        let within = String(repeating: "<Collection>", count: 20) + String(repeating: "</Collection>", count: 20)
        let document = CSDLTestDocument.v4(#"<Annotation Term="a.b">"# + within + "</Annotation>")
        #expect(CSDLTestDocument.error(document) == nil)
        #expect(CSDLTestDocument.error(document, limits: MetadataLimits(maxDepth: 20))?.reason == .tooDeep)
        let unlimited = CSDLTestDocument.v4(#"<Annotation Term="a.b">"# + deep)
        #expect(CSDLTestDocument.error(unlimited, limits: MetadataLimits(maxDepth: .max))?.reason == .tooDeep)
    }

    @Test func `skipped elements count as deep as others`() {
        let deep = String(repeating: "<x:y xmlns:x=\"urn:x\">", count: 200)
        #expect(CSDLTestDocument.error(CSDLTestDocument.v4(deep))?.reason == .tooDeep)
    }

    @Test func `a document longer than the limit is refused before it is whole`() throws {
        let filler = [UInt8](repeating: 0x20, count: 1 << 20)
        let begin = CSDLTestDocument.v4("").prefix(200)
        var reader = MetadataReader()
        try reader.append(Array(begin))
        var taken = begin.count
        var refused: MetadataError?
        while refused == nil, taken < 80 << 20 {
            do throws(MetadataError) {
                try reader.append(filler)
                taken += filler.count
            } catch {
                refused = error
            }
        }
        #expect(refused?.reason == .tooLarge)
        #expect(taken <= 64 << 20)
        #expect(throws: MetadataError.self) { try reader.append([0x20]) }
        #expect(throws: MetadataError.self) { try reader.finish() }
    }

    @Test func `the length limit is the caller's`() {
        let document = CSDLTestDocument.v4(#"<EntityType Name="A"/>"#)
        #expect(CSDLTestDocument.error(document, limits: MetadataLimits(maxBytes: document.count)) == nil)
        let error = CSDLTestDocument.error(document, limits: MetadataLimits(maxBytes: document.count - 1))
        #expect(error?.reason == .tooLarge)
    }

    @Test(.timeLimit(.minutes(1)))
    func `tags with very many attributes are refused before they are compared with each other`() {
        let attributes = (0..<50_000).map { " a\($0)=\"\"" }.joined()
        #expect(
            CSDLTestDocument.error(CSDLTestDocument.v4("<EntityType Name=\"A\"\(attributes)/>"))?.reason == .tooLarge)
        let unfinished = CSDLTestDocument.v4("<EntityType Name=\"A\"" + String(repeating: " ", count: 2 << 20))
        #expect(CSDLTestDocument.error(unfinished)?.reason == .tooLarge)
    }

    @Test(.timeLimit(.minutes(1)))
    func `very many namespaces, and very many names, are refused`() {
        let namespaces = (0..<400).map { " xmlns:n\($0)=\"urn:n\($0)\"" }.joined()
        #expect(
            CSDLTestDocument.error(CSDLTestDocument.v4("<EntityType Name=\"A\"\(namespaces)/>"))?.reason == .tooLarge)
        let names = (0..<5_000).map { "<n\($0)/>" }.joined()
        #expect(CSDLTestDocument.error(CSDLTestDocument.v4(names))?.reason == .tooLarge)
    }

    @Test(.timeLimit(.minutes(1)))
    func `blanks before a document are looked at once`() throws {
        var reader = MetadataReader()
        let blanks = [UInt8](repeating: 0x20, count: 64)
        for _ in 0..<32_000 { try reader.append(blanks) }
        #expect(throws: MetadataError(.unknownFormat, line: 1, column: 1)) { try reader.append([0x78]) }
    }

    @Test(.timeLimit(.minutes(1)))
    func `association sets that multiply are refused`() {
        var schema = #"<Association Name="A"><End Role="f" Type="ns.T" Multiplicity="1"/>"#
        schema += #"<End Role="t" Type="ns.T" Multiplicity="*"/></Association><EntityType Name="T">"#
        for index in 0..<2_000 {
            schema += #"<NavigationProperty Name="n\#(index)" Relationship="ns.A" FromRole="f" ToRole="t"/>"#
        }
        schema += #"</EntityType><EntityContainer Name="C"><EntitySet Name="S" EntityType="ns.T"/>"#
        for index in 0..<2_000 {
            schema += #"<AssociationSet Name="a\#(index)" Association="ns.A"><End Role="f" EntitySet="S"/>"#
            schema += #"<End Role="t" EntitySet="S"/></AssociationSet>"#
        }
        #expect(CSDLTestDocument.error(CSDLTestDocument.v2(schema + "</EntityContainer>"))?.reason == .tooLarge)
    }

    @Test(.timeLimit(.minutes(1)))
    func `twenty thousand properties and their annotations are read in linear time`() throws {
        var schema = #"<EntityType Name="T">"#
        var targets = ""
        for index in 0..<20_000 {
            schema += #"<Property Name="p\#(index)" Type="Edm.Byte"/>"#
            targets += #"<Annotations Target="ns.T/p\#(index)"><Annotation Term="a.b"/></Annotations>"#
        }
        let parts = try CSDLTestDocument.parts(CSDLTestDocument.v4(schema + "</EntityType>" + targets))
        let type = try #require(parts.structuredTypes[QualifiedName("ns", "T")])
        #expect(type.properties.count == 20_000)
        #expect(type.properties.allSatisfy { $0.annotations.count == 1 })
    }

    @Test(arguments: [
        [0xC3, 0x28], [0xFF], [0xED, 0xA0, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xC0, 0xAF], [0x80],
    ])
    func `what is no UTF-8 is refused, in values, in text and in names`(bytes: [UInt8]) {
        let marks: [[UInt8]] = [
            CSDLTestDocument.v4("<EntityType Name=\"A\u{1}\"/>"),
            CSDLTestDocument.v4("<Annotation Term=\"a.b\"><String>\u{1}</String></Annotation>"),
            CSDLTestDocument.v4("<Entity\u{1}Type Name=\"A\"/>"), CSDLTestDocument.v4("<!-- \u{1} -->"),
        ]
        for mark in marks {
            let place = mark.firstIndex(of: 1) ?? 0
            let document = Array(mark[..<place]) + bytes + Array(mark[(place + 1)...])
            #expect(CSDLTestDocument.error(document)?.reason == .syntax)
        }
    }

    @Test func `NUL bytes are refused wherever they are`() {
        let document = CSDLTestDocument.v4(#"<EntityType Name="A"/>"#)
        for place in stride(from: 8, to: document.count, by: 13) {
            var broken = document
            broken[place] = 0
            #expect(CSDLTestDocument.error(broken) != nil, "NUL at \(place)")
        }
        #expect(CSDLTestDocument.error([0, 0, 0, 0]) != nil)
        #expect(CSDLTestDocument.error(Array(document) + [0])?.reason == .syntax)
    }

    @Test func `any changed byte gives a model or an error`() throws {
        let document = try CSDLTestDocument.sample(CSDLTestDocument.samples[2])
        var state: UInt64 = 20_261_124
        for _ in 0..<400 {
            var broken = document
            for _ in 0..<3 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let place = Int(state >> 33) % broken.count
                broken[place] = UInt8(truncatingIfNeeded: state >> 24)
            }
            _ = CSDLTestDocument.error(broken)
        }
    }

    @Test(arguments: [
        "", " ", "\n\n", "<", "<?xml", "hello", "HTTP/1.1 200 OK", "<html><body>Log on</body></html>", "<a/>",
        "<edmx:Edmx/>", "<Edmx Version=\"4.0\"/>", "\u{FEFF}", "&", "]]>",
    ])
    func `what is no metadata is refused`(text: String) {
        var reader = MetadataReader()
        #expect(throws: MetadataError.self) {
            try reader.append(Array(text.utf8))
            _ = try reader.finish()
        }
    }

    @Test func `a document without a schema is refused`() {
        #expect(Self.error(Self.body)?.reason == .invalid(element: "DataServices", attribute: nil))
    }

    @Test func `types that inherit from themselves are refused, however long the circle`() {
        for length in [1, 2, 30] {
            let types = (0..<length).map { "<EntityType Name=\"T\($0)\" BaseType=\"ns.T\(($0 + 1) % length)\"/>\n" }
                .joined()
            let error = CSDLTestDocument.error(CSDLTestDocument.v4(types))
            #expect(error?.reason == .inheritanceCycle)
            #expect((error?.line ?? 0) > 2)
        }
    }

    @Test func `errors say line and column`() {
        let document = CSDLTestDocument.v4("\n  <EntityType Name=\"A\">\n    <Property Name=\"B\"/>\n  </EntityType>")
        let error = CSDLTestDocument.error(document)
        #expect(error == MetadataError(.invalid(element: "Property", attribute: "Type"), line: 5, column: 23))
        let unclosed = CSDLTestDocument.error(CSDLTestDocument.v4("\n<EntityType Name=\"A\">\n</Schema>"))
        #expect(unclosed?.reason == .syntax)
        #expect(unclosed?.line == 5)
    }
}
