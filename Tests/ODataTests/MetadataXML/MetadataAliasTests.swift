import Testing

@testable import OData

@Suite("Aliases in $metadata")
struct MetadataAliasTests {
    /// Everything that can have a name, written with a prefix for the own schema and one for a vocabulary.
    private static func content(_ own: String, _ vocabulary: String) -> String {
        """
        <EntityType Name="E" BaseType="\(own).B"><Property Name="P" Type="Collection(\(own).K)"/>
          <NavigationProperty Name="N" Type="\(own).E" Partner="\(own).E/N"/></EntityType>
        <EntityType Name="B"/><ComplexType Name="K"/>
        <Term Name="T" Type="\(own).K" BaseTerm="\(vocabulary).T"/>
        <Function Name="F" IsBound="true" EntitySetPath="it/\(own).E/N"><Parameter Name="it" Type="\(own).E"/>
          <ReturnType Type="\(own).K"><Annotation Term="\(vocabulary).R"/></ReturnType></Function>
        <EnumType Name="C"><Member Name="M"><Annotation Term="\(vocabulary).M"/></Member></EnumType>
        <TypeDefinition Name="D" UnderlyingType="Edm.Byte"><Annotation Term="\(vocabulary).D"/></TypeDefinition>
        <EntityContainer Name="X"><EntitySet Name="S" EntityType="\(own).E">
            <NavigationPropertyBinding Path="\(own).E/N" Target="\(own).X/S"/></EntitySet>
          <Singleton Name="O" Type="\(own).E"/><FunctionImport Name="I" Function="\(own).F" EntitySet="S"/></EntityContainer>
        <Annotations Target="\(own).E/P"><Annotation Term="\(vocabulary).A" EnumMember="\(vocabulary).Z/Y \(own).C/M"/>
          <Annotation Term="\(vocabulary).B" AnnotationPath="N/@\(vocabulary).A#q"/>
          <Annotation Term="\(vocabulary).C"><Collection><Record Type="\(own).K"><Annotation Term="\(vocabulary).E"/>
            <PropertyValue Property="V"><If><Path>\(own).E/P</Path><Cast Type="\(own).K"><Path>P</Path></Cast>
            <Null/></If></PropertyValue></Record></Collection></Annotation></Annotations>
        <Annotations Target="\(own).F(\(own).E)/it"><Annotation Term="\(vocabulary).A"/></Annotations>
        <Annotations Target="\(own).E/P@\(vocabulary).A"><Annotation Term="\(vocabulary).A" String="E"/></Annotations>
        """
    }

    private static let reference =
        #"<edmx:Reference Uri="u"><edmx:Include Namespace="voc.abulary.v1" Alias="SAP__v"/></edmx:Reference>"#

    private static func document(_ content: String, alias: String = "", rest: String = "") -> [UInt8] {
        Array(
            """
            <edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">\(reference)<edmx:DataServices>
            <Schema Namespace="my.ns" \(alias) xmlns="http://docs.oasis-open.org/odata/ns/edm">\(content)</Schema>\(rest)
            </edmx:DataServices></edmx:Edmx>
            """.utf8)
    }

    /// The same document, once with namespaces in full and once with aliases, but for what says the alias itself.
    private static func expectSame(_ short: [UInt8], _ full: [UInt8]) throws {
        var (left, right) = (try CSDLTestDocument.parts(short), try CSDLTestDocument.parts(full))
        for index in left.schemas.indices { left.schemas[index].alias = nil }
        for index in right.schemas.indices { right.schemas[index].alias = nil }
        #expect(left.structuredTypes == right.structuredTypes)
        #expect(left.container == right.container)
        #expect(left.externalAnnotations == right.externalAnnotations)
        #expect(left == right)
    }

    @Test func `pitfall 44: the schema's alias and included ones are resolved wherever a name stands`() throws {
        try Self.expectSame(
            Self.document(Self.content("SAP__self", "SAP__v"), alias: #"Alias="SAP__self""#),
            Self.document(Self.content("my.ns", "voc.abulary.v1")))
    }

    @Test func `an alias that a later schema declares is resolved in what came before`() throws {
        let later = #"<Schema Namespace="late.ns" Alias="late" xmlns="http://docs.oasis-open.org/odata/ns/edm">"#
        let types =
            #"<EntityType Name="E"><NavigationProperty Name="N" Type="late.E"/></EntityType><EntityType Name="B"/>"#
        let more = #"<ComplexType Name="K"/><EnumType Name="C"><Member Name="M"/></EnumType></Schema>"#
        let full = types.split(separator: "late.E").joined(separator: "late.ns.E")
        try Self.expectSame(
            Self.document(Self.content("late", "SAP__v"), rest: later + types + more),
            Self.document(Self.content("late.ns", "voc.abulary.v1"), rest: later + full + more))
    }

    @Test func `the alias in version 2's associations is resolved, early and late`() throws {
        func schema(_ name: String) -> String {
            """
            <EntityType Name="T"><NavigationProperty Name="N" Relationship="\(name).A" FromRole="f" ToRole="t"/></EntityType>
            <EntityContainer Name="X"><EntitySet Name="S" EntityType="\(name).T"/>
              <AssociationSet Name="a" Association="\(name).A"><End Role="f" EntitySet="S"/><End Role="t" EntitySet="S"/>
              </AssociationSet></EntityContainer>
            <Association Name="A"><End Role="f" Type="\(name).T" Multiplicity="1"/>
              <End Role="t" Type="\(name).T" Multiplicity="*"/></Association>
            """
        }
        let using = #"<Using Namespace="ns" Alias="Me"/>"#
        let full = try CSDLTestDocument.parts(CSDLTestDocument.v2(schema("ns")))
        #expect(try CSDLTestDocument.parts(CSDLTestDocument.v2(using + schema("Me"))) == full)
        #expect(try CSDLTestDocument.parts(CSDLTestDocument.v2(schema("Me") + using)) == full)
        #expect(full.container.entitySets[0].bindings.count == 1)
    }

    @Test func `a text is no path, and a namespace that only begins like an alias is none`() {
        let aliases = ["UI": "com.sap.vocabularies.UI.v1"]
        for same in ["UI", "UI/UI", "UI.x.y", "my.UI.x", "xUI.y", "a/b", "", ".", "UI..x", "@", "#UI"] {
            #expect(CSDLNames.path(same, aliases) == same)
        }
        #expect(CSDLNames.path("@UI.LineItem", aliases) == "@com.sap.vocabularies.UI.v1.LineItem")
        #expect(
            CSDLNames.path("a@UI.X#q/UI.Y,UI.Z(UI.é)", aliases)
                == "a@com.sap.vocabularies.UI.v1.X#q/com.sap.vocabularies.UI.v1.Y,com.sap.vocabularies.UI.v1.Z("
                + "com.sap.vocabularies.UI.v1.é)")
    }
}
