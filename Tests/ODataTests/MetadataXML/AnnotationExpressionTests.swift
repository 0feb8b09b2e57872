import Testing

@testable import OData

@Suite("Annotation expressions (CSDL XML 4.01 §14)")
struct AnnotationExpressionTests {
    /// The value of an annotation with these attributes and children.
    private static func value(_ attributes: String, _ content: String = "") throws -> AnnotationExpression {
        let references = #"<edmx:Reference Uri="u"><edmx:Include Namespace="long.name" Alias="L"/></edmx:Reference>"#
        let document = CSDLTestDocument.v4(
            "<EntityType Name=\"E\"><Annotation Term=\"L.T\" \(attributes)>\(content)</Annotation></EntityType>",
            references: references)
        let parts = try CSDLTestDocument.parts(document)
        return try #require(parts.structuredTypes[QualifiedName("ns", "E")]?.annotations.first).value
    }

    private static let constants: [(kind: String, text: String, value: AnnotationExpression)] = [
        ("Binary", "T0RhdGE", .binary("T0RhdGE")), ("Bool", "false", .boolean(false)), ("Bool", "true", .boolean(true)),
        ("Date", "2026-11-24", .date("2026-11-24")),
        ("DateTimeOffset", "2026-11-24T10:00:00Z", .dateTimeOffset("2026-11-24T10:00:00Z")),
        ("Decimal", "3.140", .decimal(ODataDecimal(significand: 3_140, exponent: -3))),
        ("Duration", "P1D", .duration("P1D")),
        ("EnumMember", "L.Kind/A L.Kind/B", .enumMember("long.name.Kind/A long.name.Kind/B")),
        ("Float", "-1.5E3", .float(-1_500)),
        ("Float", "INF", .float(.infinity)),
        ("Guid", "21EC2020-3AEA-1069-A2DD-08002B30309D", .guid("21EC2020-3AEA-1069-A2DD-08002B30309D")),
        ("Int", "-42", .int(-42)), ("String", "L.x &amp; y", .string("L.x & y")),
        ("TimeOfDay", "21:45:00", .timeOfDay("21:45:00")),
        ("Path", "To/L.Cast/Name", .path("To/long.name.Cast/Name")), ("PropertyPath", "Name", .propertyPath("Name")),
        ("NavigationPropertyPath", "To", .navigationPropertyPath("To")),
        ("AnnotationPath", "To/@L.Item#Main", .annotationPath("To/@long.name.Item#Main")),
        ("ModelElementPath", "L.Type/Name", .modelElementPath("long.name.Type/Name")),
        ("AnyPropertyPath", "To/Name", .anyPropertyPath("To/Name")),
    ]

    @Test func `each constant reads alike as an attribute and as an element`() throws {
        for (kind, text, value) in Self.constants {
            #expect(try Self.value("\(kind)=\"\(text)\"") == value, "\(kind) as an attribute")
            #expect(try Self.value("", "<\(kind)>\(text)</\(kind)>") == value, "\(kind) as an element")
        }
    }

    @Test func `white space around the text of an element counts in strings alone`() throws {
        #expect(try Self.value("", "<PropertyPath>\n  Name </PropertyPath>") == .propertyPath("Name"))
        #expect(try Self.value("", "<AnnotationPath> @L.A\n</AnnotationPath>") == .annotationPath("@long.name.A"))
        #expect(try Self.value("", "<String> a </String>") == .string(" a "))
        #expect(try Self.value("", "<String/>") == .string(""))
        #expect(try Self.value("", "<String>a<!-- b --><![CDATA[<c>]]></String>") == .string("a<c>"))
    }

    @Test func `an address is a constant or an expression`() throws {
        #expect(try Self.value("UrlRef=\"http://x/\"") == .urlRef(.string("http://x/")))
        #expect(try Self.value("", "<UrlRef><Path>Name</Path></UrlRef>") == .urlRef(.path("Name")))
    }

    @Test func `records, collections and annotations nest in each other`() throws {
        let value = try Self.value(
            "",
            """
            <Collection><Record Type="L.R"><Annotation Term="L.Inner" Bool="false"/>
              <PropertyValue Property="A" String="a"><Annotation Term="L.Value"/></PropertyValue>
              <PropertyValue Property="B"><Collection><String>x</String><Null/></Collection></PropertyValue>
              <PropertyValue Property="C"/></Record><Record/></Collection>
            """)
        var record = AnnotationRecord(type: QualifiedName("long.name", "R"))
        record.annotations = [Annotation(term: QualifiedName("long.name", "Inner"), value: .boolean(false))]
        record.properties = [
            .init(
                name: "A", value: .string("a"),
                annotations: [Annotation(term: QualifiedName("long.name", "Value"), value: .boolean(true))]),
            .init(name: "B", value: .collection([.string("x"), .null])), .init(name: "C", value: .boolean(true)),
        ]
        #expect(value == .collection([.record(record), .record(AnnotationRecord())]))
    }

    @Test func `dynamic expressions keep their operands in order`() throws {
        let conditional = try Self.value(
            "", "<If><And><Path>A</Path><Not><Path>B</Path></Not></And><String>yes</String><Null/></If>")
        #expect(
            conditional
                == .if([.operation("And", [.path("A"), .operation("Not", [.path("B")])]), .string("yes"), .null]))
        let call = try Self.value("", #"<Apply Function="odata.concat"><String>a</String><Path>B</Path></Apply>"#)
        #expect(call == .apply(function: "odata.concat", [.string("a"), .path("B")]))
        let cast = try Self.value("", #"<Cast Type="Collection(L.T)" MaxLength="3"><Path>B</Path></Cast>"#)
        guard case .cast(let type, .path("B")) = cast else {
            Issue.record("no cast")
            return
        }
        #expect(type.isCollection && type.base == .named(QualifiedName("long.name", "T")) && type.maxLength == 3)
        let check = try Self.value("", #"<IsOf Type="Edm.Int32"><Path>B</Path></IsOf>"#)
        guard case .isOf(let checked, _) = check else {
            Issue.record("no check")
            return
        }
        #expect(checked.base == .primitive(.int32))
    }

    @Test(arguments: [
        "Or", "Eq", "Ne", "Gt", "Ge", "Lt", "Le", "Has", "In", "Add", "Sub", "Mul", "Div", "DivBy", "Mod",
    ])
    func `an operator has two operands`(name: String) throws {
        let two = "<Path>A</Path><Int>1</Int>"
        #expect(try Self.value("", "<\(name)>\(two)</\(name)>") == .operation(name, [.path("A"), .int(1)]))
        #expect(throws: MetadataError.self) { try Self.value("", "<\(name)><Int>1</Int></\(name)>") }
        #expect(throws: MetadataError.self) { try Self.value("", "<\(name)>\(two)\(two)</\(name)>") }
    }

    @Test func `labels name an expression and are referred to`() throws {
        #expect(try Self.value("", "<Neg><Int>1</Int></Neg>") == .operation("Neg", [.int(1)]))
        #expect(
            try Self.value("", #"<LabeledElement Name="X" Path="A"/>"#) == .labeledElement(name: "X", .path("A")))
        #expect(
            try Self.value("", #"<LabeledElement Name="X"><Int>1</Int></LabeledElement>"#)
                == .labeledElement(name: "X", .int(1)))
        #expect(
            try Self.value("", "<LabeledElementReference>L.X</LabeledElementReference>")
                == .labeledElementReference("long.name.X"))
    }

    @Test(arguments: [
        #"Bool="maybe""#, #"Int="1.5""#, #"Int="99999999999999999999""#, #"Decimal="1,5""#,
        #"Decimal="1234567890123456789012345678901234567891""#, #"Float="0x1p3""#, #"Float="infinity""#,
    ])
    func `a constant that isn't of its kind is refused`(attribute: String) {
        #expect(throws: MetadataError.self) { try Self.value(attribute) }
    }

    @Test(arguments: [
        "<String>a</String><String>b</String>", "<If><Path>A</Path></If>", "<UrlRef/>", "<Cast><Path>A</Path></Cast>",
        "<Apply><Path>A</Path></Apply>", "<Not/>", "<LabeledElement Name=\"X\"/>",
        "<Record><PropertyValue String=\"x\"/></Record>",
        "<Int/>", "<Bool>x</Bool>",
    ])
    func `an expression with too few or too many operands is refused`(content: String) {
        #expect(throws: MetadataError.self) { try Self.value("", content) }
    }

    @Test func `annotations that stand apart take their block's qualifier and find their element`() throws {
        let parts = try CSDLTestDocument.parts(
            CSDLTestDocument.v4(
                """
                <Annotations Target="ns.E/P" Qualifier="Tablet"><Annotation Term="a.b" Int="1"/>
                  <Annotation Term="a.b" Qualifier="Phone" Int="2"/></Annotations>
                <EntityType Name="E"><Property Name="P" Type="Edm.Byte"><Annotation Term="a.b" Int="0"/></Property></EntityType>
                <Annotations Target="other.ns.F/P"><Annotation Term="a.b"/></Annotations>
                <Annotations Target="ns.E/None"><Annotation Term="a.b"/></Annotations>
                <Annotations Target="ns.C/S"><Annotation Term="a.b"/></Annotations><Annotations Target="ns.E/P@a.b"><Annotation
                 Term="a.c"/></Annotations>
                <EntityContainer Name="C"><EntitySet Name="S" EntityType="ns.E"/></EntityContainer>
                """))
        let property = try #require(parts.structuredTypes[QualifiedName("ns", "E")]?.properties.first)
        #expect(property.annotations.map(\.qualifier) == [nil, "Tablet", "Phone"])
        #expect(property.annotations.map(\.value) == [.int(0), .int(1), .int(2)])
        #expect(parts.container.entitySets.first?.annotations.count == 1)
        #expect(parts.externalAnnotations.keys.sorted() == ["ns.E/None", "ns.E/P@a.b", "other.ns.F/P"])
    }
}
