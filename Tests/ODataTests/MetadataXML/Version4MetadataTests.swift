import Testing

@testable import OData

@Suite("Metadata of version 4 (CSDL XML)")
struct Version4MetadataTests {
    private static func type(_ name: String, _ parts: MetadataParts) throws -> StructuredType {
        try #require(parts.structuredTypes[QualifiedName("ns", name)])
    }

    @Test(arguments: [("4.0", ODataVersion.v4), ("4.01", .v401)])
    func `pitfall 45: the package's version is the model's`(text: String, version: ODataVersion) throws {
        #expect(try CSDLTestDocument.parts(CSDLTestDocument.v4("", version: text)).version == version)
    }

    @Test(arguments: ["", "1", "2.0", "3.0", "5.0"])
    func `another version is no format that is known`(version: String) {
        #expect(CSDLTestDocument.error(CSDLTestDocument.v4("", version: version)) != nil)
    }

    @Test func `types with flags, keys with aliases, and facets of all kinds`() throws {
        let parts = try CSDLTestDocument.parts(
            CSDLTestDocument.v4(
                """
                <EntityType Name="E" Abstract="true" OpenType="true" HasStream="true"><Key>
                  <PropertyRef Name="Address/City" Alias="City"/></Key><Property Name="Address" Type="ns.Address"/></EntityType>
                <EntityType Name="F" BaseType="ns.E"><Property Name="D" Type="Edm.Decimal" Scale="variable"/>
                  <Property Name="G" Type="Edm.GeographyPoint" SRID="4326"/><Property Name="H" Type="Edm.Decimal" Scale="floating"/>
                  <Property Name="Tags" Type="Collection(Edm.String)" MaxLength="max"/>
                  <Property Name="Many" Type="Collection(ns.Address)" Nullable="true"/>
                  <Property Name="U" Type="Edm.Untyped"/><Property Name="V" Type="ns.Color" DefaultValue="Red"/></EntityType>
                <ComplexType Name="Address"><Property Name="City" Type="ns.Name"/></ComplexType>
                <TypeDefinition Name="Name" UnderlyingType="Edm.String" MaxLength="40"/><EnumType Name="Color"/>
                """))
        let base = try Self.type("E", parts)
        #expect(base.isAbstract && base.isOpen && base.hasStream && base.kind == .entity)
        #expect(base.key == [KeyProperty("Address/City", alias: "City")])
        let type = try Self.type("F", parts)
        #expect(type.baseType == QualifiedName("ns", "E"))
        #expect(type.properties.map(\.type.scale) == [.variable, nil, .floating, nil, nil, nil, nil])
        #expect(type.properties[1].type.srid == "4326")
        #expect(type.properties[3].type.isCollection && !type.properties[3].type.isNullable)
        #expect(type.properties[4].type.isCollection && type.properties[4].type.isNullable)
        #expect(type.properties[5].type.base == .abstract("Edm.Untyped"))
        #expect(type.properties[6].defaultValue == "Red")
        #expect(try Self.type("Address", parts).kind == .complex)
        #expect(parts.typeDefinitions[QualifiedName("ns", "Name")]?.underlyingType.maxLength == 40)
    }

    @Test func `navigation with partner, containment, constraints and deletion`() throws {
        let parts = try CSDLTestDocument.parts(
            CSDLTestDocument.v4(
                """
                <EntityType Name="E"><NavigationProperty Name="Up" Type="ns.E" Nullable="false" Partner="Down">
                  <ReferentialConstraint Property="UpID" ReferencedProperty="ID"><Annotation Term="a.b"/></ReferentialConstraint>
                  <OnDelete Action="SetNull"/></NavigationProperty>
                  <NavigationProperty Name="Down" Type="Collection(ns.E)" ContainsTarget="true"/>
                  <NavigationProperty Name="Any" Type="Edm.EntityType"/></EntityType>
                """))
        let navigations = try Self.type("E", parts).navigationProperties
        #expect(!navigations[0].isNullable && navigations[0].partner == "Down" && !navigations[0].isCollection)
        #expect(navigations[0].constraints == [ReferentialConstraint(property: "UpID", referencedProperty: "ID")])
        #expect(navigations[0].onDelete == .setNull)
        #expect(navigations[1].containsTarget && navigations[1].isCollection)
        #expect(navigations[2].target == QualifiedName("Edm", "EntityType"))
    }

    @Test func `enumerations count on from the member before`() throws {
        let parts = try CSDLTestDocument.parts(
            CSDLTestDocument.v4(
                """
                <EnumType Name="A"><Member Name="X"/><Member Name="Y"/><Member Name="Z" Value="7"/><Member Name="W"/></EnumType>
                <EnumType Name="B" UnderlyingType="Edm.Byte" IsFlags="true"><Member Name="One" Value="1">
                  <Annotation Term="a.b" String="first"/></Member><Member Name="Two" Value="2"/></EnumType>
                """))
        #expect(parts.enumerationTypes[QualifiedName("ns", "A")]?.members.map(\.value) == [0, 1, 7, 8])
        let flags = try #require(parts.enumerationTypes[QualifiedName("ns", "B")])
        #expect(flags.isFlags && flags.underlyingType == .byte)
        #expect(flags.members[0].annotations.first?.value == .string("first"))
    }

    @Test func `functions and actions with overloads, binding, results and optional parameters`() throws {
        let parts = try CSDLTestDocument.parts(
            CSDLTestDocument.v4(
                """
                <Function Name="F" IsBound="true" IsComposable="true" EntitySetPath="in/Items">
                  <Parameter Name="in" Type="Collection(ns.E)"/><Parameter Name="p" Type="Edm.Int32" Nullable="false">
                  <Annotation Term="Org.OData.Core.V1.OptionalParameter"><Record/></Annotation></Parameter>
                  <ReturnType Type="Collection(Edm.String)" MaxLength="9"><Annotation Term="a.b"/></ReturnType></Function>
                <Function Name="F"><Parameter Name="p" Type="Edm.Int32"/><ReturnType Type="Edm.String"/></Function>
                <Action Name="A" IsBound="true"><Parameter Name="it" Type="ns.E"/></Action>
                <Action Name="A" IsBound="true"><Parameter Name="it" Type="ns.G"/></Action><Action Name="A"/>
                """))
        let functions = try #require(parts.operations[QualifiedName("ns", "F")])
        #expect(functions.map(\.isBound) == [true, false])
        #expect(functions[0].isComposable && functions[0].entitySetPath == "in/Items")
        #expect(functions[0].parameters.map(\.isOptional) == [false, true])
        #expect(functions[0].returnType?.maxLength == 9 && functions[0].returnTypeAnnotations.count == 1)
        #expect(parts.operations[QualifiedName("ns", "A")]?.count == 3)
        #expect(parts.operations[QualifiedName("ns", "A")]?.allSatisfy { $0.returnType == nil } == true)
    }

    @Test func `a container with sets, singletons, bindings and imports, over another one that it extends`() throws {
        let parts = try CSDLTestDocument.parts(
            CSDLTestDocument.v4(
                """
                <EntityContainer Name="Base"><EntitySet Name="S" EntityType="ns.E" IncludeInServiceDocument="false"/>
                </EntityContainer>
                <EntityContainer Name="C" Extends="ns.Base"><EntitySet Name="T" EntityType="ns.E">
                  <NavigationPropertyBinding Path="ns.F/Up" Target="ns.Base/S"/></EntitySet>
                  <Singleton Name="Me" Type="ns.E" Nullable="true"><NavigationPropertyBinding Path="Up" Target="T"/></Singleton>
                  <ActionImport Name="A" Action="ns.A" EntitySet="T"/>
                  <FunctionImport Name="F" Function="ns.F" EntitySet="ns.C/T" IncludeInServiceDocument="true"/>
                  <Annotation Term="a.b"/></EntityContainer>
                """))
        let container = parts.container
        #expect(container.name == QualifiedName("ns", "C"))
        #expect(container.entitySets.map(\.name) == ["S", "T"])
        #expect(container.entitySets.map(\.isInServiceDocument) == [false, true])
        #expect(container.entitySets[1].bindings == [NavigationBinding(path: "ns.F/Up", target: "ns.Base/S")])
        #expect(container.singletons.first?.isNullable == true)
        #expect(container.singletons.first?.bindings == [NavigationBinding(path: "Up", target: "T")])
        #expect(container.operationImports.map(\.name) == ["A", "F"])
        #expect(container.operationImports.map(\.operation.name) == ["A", "F"])
        #expect(container.annotations.count == 1)
    }

    @Test func `terms with defaults, and references with what they include`() throws {
        let references = """
            <edmx:Reference Uri="../v.xml"><edmx:Include Namespace="v.w" Alias="V"/><edmx:Include Namespace="x.y"/>
            <edmx:IncludeAnnotations TermNamespace="t.u" Qualifier="Phone"/></edmx:Reference>
            """
        let parts = try CSDLTestDocument.parts(
            CSDLTestDocument.v4(
                """
                <Term Name="Size" Type="Edm.Int32" DefaultValue="3" AppliesTo="EntityType  Property" BaseTerm="V.Base"/>
                <Term Name="Note" Type="Edm.String" DefaultValue="none"/><Term Name="Flag" Type="Edm.Boolean" DefaultValue="false"/>
                <EntityType Name="E"><Annotation Term="ns.Size"/><Annotation Term="ns.Note"/><Annotation Term="ns.Flag"/>
                  <Annotation Term="V.Tag"/></EntityType>
                """, references: references))
        let size = try #require(parts.terms[QualifiedName("ns", "Size")])
        #expect(size.appliesTo == ["EntityType", "Property"] && size.baseTerm == QualifiedName("v.w", "Base"))
        #expect(
            try Self.type("E", parts).annotations.map(\.value) == [
                .int(3), .string("none"), .boolean(false), .boolean(true),
            ])
        let reference = try #require(parts.references.first)
        #expect(reference.uri == "../v.xml" && reference.annotationNamespaces == ["t.u"])
        #expect(reference.includes == [.init(namespace: "v.w", alias: "V"), .init(namespace: "x.y")])
    }

    @Test(arguments: [
        #"<EntityType Name="A"/><ComplexType Name="A"/>"#,
        #"<EnumType Name="A"/><TypeDefinition Name="A" UnderlyingType="Edm.Byte"/>"#,
        #"<EntityType Name="A"><Property Name="P" Type="Edm.Byte"/><Property Name="P" Type="Edm.Byte"/></EntityType>"#,
        #"<EntityType Name="A"><Property Name="P" Type="Edm.Byte"/><NavigationProperty Name="P" Type="ns.A"/></EntityType>"#,
        #"<EnumType Name="A"><Member Name="M"/><Member Name="M"/></EnumType>"#,
        #"<Action Name="A"/><Action Name="A"/>"#, #"<Term Name="A" Type="Edm.Byte"/><Term Name="A" Type="Edm.Byte"/>"#,
        #"<Function Name="F"><Parameter Name="p" Type="Edm.Byte"/><Parameter Name="p" Type="Edm.Byte"/></Function>"#,
        #"<EntityContainer Name="C"><EntitySet Name="S" EntityType="ns.A"/><Singleton Name="S" Type="ns.A"/></EntityContainer>"#,
        #"<EntityContainer Name="C"/><EntityContainer Name="C"/>"#,
    ])
    func `a name that occurs twice is refused`(schema: String) {
        #expect(CSDLTestDocument.error(CSDLTestDocument.v4(schema))?.reason == .duplicate)
    }

    @Test func `the same property name in two types is none that occurs twice`() throws {
        let schema = ["A", "B", "C"].map {
            #"<ComplexType Name="\#($0)"><Property Name="P" Type="Edm.Byte"/></ComplexType>"#
        }
        #expect(try CSDLTestDocument.parts(CSDLTestDocument.v4(schema.joined())).structuredTypes.count == 3)
    }

    @Test(arguments: [
        ("<EntityType/>", "EntityType", "Name"), (#"<EntityType Name=""/>"#, "EntityType", "Name"),
        (#"<EntityType Name="A" Abstract="yes"/>"#, "EntityType", "Abstract"),
        (#"<EntityType Name="A" BaseType="B"/>"#, "EntityType", "BaseType"),
        (#"<EntityType Name="A"><Key/></EntityType>"#, "Key", nil),
        (#"<ComplexType Name="A"><Property Name="B" Type="Edm.Nothing"/></ComplexType>"#, "Property", "Type"),
        (#"<ComplexType Name="A"><Property Name="B" Type="nothing"/></ComplexType>"#, "Property", "Type"),
        (
            #"<ComplexType Name="A"><Property Name="B" Type="Edm.Byte" MaxLength="x"/></ComplexType>"#, "Property",
            "MaxLength"
        ),
        (
            #"<ComplexType Name="A"><Property Name="B" Type="Edm.Byte" MaxLength="-1"/></ComplexType>"#, "Property",
            "MaxLength"
        ),
        (
            #"<ComplexType Name="A"><Property Name="B" Type="Edm.Byte" Scale="some"/></ComplexType>"#, "Property",
            "Scale"
        ),
        (
            #"<ComplexType Name="A"><Property Name="B" Type="Edm.Byte" Nullable="TRUE"/></ComplexType>"#, "Property",
            "Nullable"
        ),
        (
            #"<EntityType Name="A"><NavigationProperty Name="B" Type="Edm.Byte"/></EntityType>"#, "NavigationProperty",
            "Type"
        ),
        (#"<EnumType Name="A" UnderlyingType="Edm.String"/>"#, "EnumType", "UnderlyingType"),
        (#"<EnumType Name="A" UnderlyingType="Edm.Byte"><Member Name="M" Value="256"/></EnumType>"#, "Member", "Value"),
        (#"<EnumType Name="A"><Member Name="M" Value="2147483647"/><Member Name="N"/></EnumType>"#, "Member", "Value"),
        (#"<TypeDefinition Name="A" UnderlyingType="ns.B"/>"#, "TypeDefinition", "UnderlyingType"),
        (#"<Action Name="A" IsBound="true"/>"#, "Action", "IsBound"),
        (#"<EntityContainer Name="C"><EntitySet Name="S"/></EntityContainer>"#, "EntitySet", "EntityType"),
        (#"<EntityContainer Name="C"><ActionImport Name="S"/></EntityContainer>"#, "ActionImport", "Action"),
        (#"<Annotations><Annotation Term="a.b"/></Annotations>"#, "Annotations", "Target"),
        (#"<Annotation Term="b"/>"#, "Annotation", "Term"),
    ])
    func `a required attribute that is missing or wrong is named`(schema: String, element: String, attribute: String?) {
        let error = CSDLTestDocument.error(CSDLTestDocument.v4(schema))
        #expect(error?.reason == .invalid(element: element, attribute: attribute))
        #expect((error?.line ?? 0) == 3 && (error?.column ?? 0) > 1)
    }
}
