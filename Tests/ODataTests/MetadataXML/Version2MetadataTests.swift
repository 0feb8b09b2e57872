import Testing

@testable import OData

@Suite("Metadata of version 2 (EDMX 1.0)")
struct Version2MetadataTests {
    private static let orders = """
        <EntityType Name="Order" m:HasStream="true" sap:label="Order"><Key><PropertyRef Name="ID"/></Key>
          <Property Name="ID" Type="Edm.String" Nullable="false" MaxLength="10" FixedLength="true" Unicode="false"/>
          <Property Name="Total" Type="Edm.Decimal" Precision="34" Scale="14" sap:unit="Currency" DefaultValue="0"/>
          <Property Name="ETag" Type="Edm.DateTimeOffset" Precision="0" ConcurrencyMode="Fixed"
            m:FC_TargetPath="SyndicationUpdated" m:FC_KeepInContent="true"/>
          <NavigationProperty Name="Items" Relationship="ns.OrderItems" FromRole="order" ToRole="item" sap:filterable="false"/>
        </EntityType>
        <EntityType Name="Item"><Key><PropertyRef Name="OrderID"/><PropertyRef Name="Position"/></Key>
          <Property Name="OrderID" Type="Edm.String" Nullable="false" MaxLength="Max"/>
          <Property Name="Position" Type="Edm.Int32" Nullable="false"/>
          <NavigationProperty Name="Order" Relationship="ns.OrderItems" FromRole="item" ToRole="order"/>
        </EntityType>
        <Association Name="OrderItems"><End Type="ns.Order" Role="order" Multiplicity="1"><OnDelete Action="Cascade"/></End>
          <End Type="ns.Item" Role="item" Multiplicity="*"/>
          <ReferentialConstraint><Principal Role="order"><PropertyRef Name="ID"/></Principal>
            <Dependent Role="item"><PropertyRef Name="OrderID"/></Dependent></ReferentialConstraint></Association>
        <EntityContainer Name="Entities" m:IsDefaultEntityContainer="true" sap:supported-formats="atom json">
          <EntitySet Name="Orders" EntityType="ns.Order" sap:creatable="false"/><EntitySet Name="Items" EntityType="ns.Item"/>
          <AssociationSet Name="x" Association="ns.OrderItems"><End EntitySet="Orders" Role="order"/>
            <End EntitySet="Items" Role="item"/></AssociationSet>
        """

    private static func parts(_ rest: String = "") throws -> MetadataParts {
        try CSDLTestDocument.parts(CSDLTestDocument.v2(orders + rest + "</EntityContainer>"))
    }

    private static func type(_ name: String, _ parts: MetadataParts) throws -> StructuredType {
        try #require(parts.structuredTypes[QualifiedName("ns", name)])
    }

    @Test func `facets, the stream flag, the concurrency token and the feed's path are kept`() throws {
        let parts = try Self.parts()
        #expect(parts.version == .v2)
        let order = try Self.type("Order", parts)
        #expect(order.hasStream)
        #expect(order.key == [KeyProperty("ID")])
        #expect(order.sap["label"] == "Order")
        let id = order.properties[0].type
        #expect(id.base == .primitive(.string) && !id.isNullable && id.maxLength == 10)
        #expect(id.isFixedLength == true && id.isUnicode == false)
        let total = order.properties[1]
        #expect(total.type.precision == 34 && total.type.scale == .fixed(14) && total.type.isNullable)
        #expect(total.defaultValue == "0" && total.sap["unit"] == "Currency")
        let tag = order.properties[2]
        #expect(tag.isConcurrencyToken && tag.feedTargetPath == "SyndicationUpdated")
        #expect(try Self.type("Item", parts).properties[0].type.maxLength == nil)
    }

    @Test func `an association becomes target, multiplicity, partner, constraint and deletion of both ends`() throws {
        let parts = try Self.parts()
        let items = try #require(try Self.type("Order", parts).navigationProperties.first)
        #expect(items.target == QualifiedName("ns", "Item") && items.isCollection && !items.isNullable)
        #expect(items.partner == "Order" && items.constraints.isEmpty && items.onDelete == .cascade)
        #expect(items.relationship == QualifiedName("ns", "OrderItems") && items.sap["filterable"] == "false")
        let order = try #require(try Self.type("Item", parts).navigationProperties.first)
        #expect(order.target == QualifiedName("ns", "Order") && !order.isCollection && !order.isNullable)
        #expect(order.constraints == [ReferentialConstraint(property: "OrderID", referencedProperty: "ID")])
        #expect(order.partner == "Items" && order.onDelete == nil)
    }

    @Test func `an association set becomes the bindings of both sets`() throws {
        let container = try Self.parts().container
        #expect(container.name == QualifiedName("ns", "Entities"))
        #expect(container.sap["supported-formats"] == "atom json")
        #expect(
            container.entitySets.map(\.bindings) == [
                [NavigationBinding(path: "Items", target: "Items")],
                [NavigationBinding(path: "Order", target: "Orders")],
            ])
        #expect(container.entitySets[0].sap["creatable"] == "false")
    }

    @Test func `navigation that a base type or a derived type declares is bound where it can be followed`() throws {
        let parts = try CSDLTestDocument.parts(
            CSDLTestDocument.v2(
                """
                <EntityType Name="Base"><NavigationProperty Name="N" Relationship="ns.A" FromRole="f" ToRole="t"/></EntityType>
                <EntityType Name="Derived" BaseType="ns.Base"/>
                <EntityType Name="Leaf" BaseType="ns.Derived">
                  <NavigationProperty Name="M" Relationship="ns.B" FromRole="f" ToRole="t"/></EntityType>
                <Association Name="A"><End Role="f" Type="ns.Base" Multiplicity="1"/>
                  <End Role="t" Type="ns.Base" Multiplicity="0..1"/></Association>
                <Association Name="B"><End Role="f" Type="ns.Leaf" Multiplicity="1"/>
                  <End Role="t" Type="ns.Base" Multiplicity="*"/></Association>
                <EntityContainer Name="C"><EntitySet Name="S" EntityType="ns.Derived"/>
                  <AssociationSet Name="a" Association="ns.A"><End EntitySet="S"/><End EntitySet="S" Role="t"/></AssociationSet>
                  <AssociationSet Name="b" Association="ns.B"><End EntitySet="S" Role="f"/><End EntitySet="S" Role="t"/>
                  </AssociationSet></EntityContainer>
                """))
        #expect(parts.container.entitySets[0].bindings == [NavigationBinding(path: "ns.Leaf/M", target: "S")])
        let named = try CSDLTestDocument.parts(
            CSDLTestDocument.v2(
                """
                <EntityType Name="Base"><NavigationProperty Name="N" Relationship="ns.A" FromRole="f" ToRole="t"/></EntityType>
                <EntityType Name="Derived" BaseType="ns.Base"/>
                <Association Name="A"><End Role="f" Type="ns.Base" Multiplicity="1"/>
                  <End Role="t" Type="ns.Base" Multiplicity="0..1"/></Association>
                <EntityContainer Name="C"><EntitySet Name="S" EntityType="ns.Derived"/>
                  <AssociationSet Name="a" Association="ns.A"><End EntitySet="S" Role="f"/><End EntitySet="S" Role="t"/>
                  </AssociationSet></EntityContainer>
                """))
        #expect(named.container.entitySets[0].bindings == [NavigationBinding(path: "N", target: "S")])
    }

    @Test func `a function import is an operation and its import, with method, parameters and result`() throws {
        let parts = try Self.parts(
            """
            <FunctionImport Name="Find" ReturnType="Collection(ns.Order)" EntitySet="Orders" m:HttpMethod="GET"
              sap:label="Find orders"><Parameter Name="Text" Type="Edm.String" Mode="In" MaxLength="40" sap:label="Text"/>
            </FunctionImport>
            <FunctionImport Name="Cancel" ReturnType="ns.Order" EntitySet="Orders" m:HttpMethod="POST" sap:action-for="ns.Order">
              <Parameter Name="ID" Type="Edm.String" Nullable="false"/></FunctionImport>
            """)
        let imports = parts.container.operationImports
        #expect(imports.map(\.kind) == [.function, .action])
        #expect(imports.map(\.httpMethod) == ["GET", "POST"])
        #expect(imports[1].sap["action-for"] == "ns.Order" && imports[0].entitySet == "Orders")
        let find = try #require(parts.operations[QualifiedName("ns", "Find")]?.first)
        #expect(imports[0].operation == find.name && find.kind == .function && !find.isBound)
        #expect(find.returnType?.isCollection == true)
        #expect(find.returnType?.base == .named(QualifiedName("ns", "Order")))
        #expect(find.parameters.map(\.name) == ["Text"] && find.parameters[0].type.maxLength == 40)
        #expect(find.parameters[0].sap["label"] == "Text")
    }

    @Test func `overloads of a function import are one import, and the same one twice is a duplicate`() throws {
        let one = #"<FunctionImport Name="F"><Parameter Name="A" Type="Edm.Int32"/></FunctionImport>"#
        let two = #"<FunctionImport Name="F"><Parameter Name="B" Type="Edm.Int32"/></FunctionImport>"#
        let parts = try Self.parts(one + two)
        #expect(parts.container.operationImports.count == 1)
        #expect(parts.operations[QualifiedName("ns", "F")]?.count == 2)
        let twice = CSDLTestDocument.v2(Self.orders + one + one + "</EntityContainer>")
        #expect(CSDLTestDocument.error(twice)?.reason == .duplicate)
    }

    @Test func `documentation becomes the core vocabulary's description`() throws {
        let parts = try CSDLTestDocument.parts(
            CSDLTestDocument.v2(
                """
                <EntityType Name="T"><Documentation><Summary>  In
                  short. </Summary><LongDescription>At length.</LongDescription></Documentation></EntityType>
                """))
        let annotations = try Self.type("T", parts).annotations
        #expect(
            annotations.map(\.term.description) == [
                "Org.OData.Core.V1.Description", "Org.OData.Core.V1.LongDescription",
            ])
        #expect(annotations.map(\.value) == [.string("In short."), .string("At length.")])
    }

    @Test func `pitfall 42: several schemas are one model`() throws {
        let document = String(decoding: CSDLTestDocument.v2(#"<EntityType Name="A"/>"#), as: UTF8.self)
        let second = """
            </Schema><Schema Namespace="cds.other" Alias="o" xmlns="http://schemas.microsoft.com/ado/2006/04/edm">
            <ComplexType Name="B"/><EntityContainer Name="C"><EntitySet Name="S" EntityType="ns.A"/></EntityContainer></Schema>
            """
        let both = document.replacingFirst("</Schema>", with: second)
        let parts = try CSDLTestDocument.parts(Array(both.utf8))
        #expect(parts.schemas.map(\.namespace) == ["ns", "cds.other"])
        #expect(parts.structuredTypes.keys.map(\.description).sorted() == ["cds.other.B", "ns.A"])
        #expect(parts.container.name == QualifiedName("cds.other", "C"))
    }

    @Test(arguments: [
        (#"Relationship="ns.None" FromRole="f" ToRole="t""#, "Relationship"),
        (#"Relationship="ns.A" FromRole="x" ToRole="t""#, "FromRole"),
        (#"Relationship="ns.A" FromRole="f" ToRole="x""#, "ToRole"),
        (#"Relationship="ns.A" FromRole="f" ToRole="f""#, "ToRole"), (#"Relationship="ns.A" FromRole="f""#, "ToRole"),
        (#"Relationship="nothing" FromRole="f" ToRole="t""#, "Relationship"),
    ])
    func `navigation without a way through an association is refused at its place`(attributes: String, wrong: String) {
        let document = CSDLTestDocument.v2(
            """

            <EntityType Name="T">
            <NavigationProperty Name="N" \(attributes)/></EntityType><Association Name="A">
            <End Role="f" Type="ns.T" Multiplicity="1"/><End Role="t" Type="ns.T" Multiplicity="*"/></Association>
            """)
        let error = CSDLTestDocument.error(document)
        #expect(error?.reason == .invalid(element: "NavigationProperty", attribute: wrong))
        #expect(error?.line == 7)
    }

    @Test(arguments: [
        #"<Association Name="A"><End Role="f" Type="ns.T" Multiplicity="1"/></Association>"#,
        #"<Association Name="A"><End Role="f" Type="ns.T" Multiplicity="2"/><End Type="ns.T" Multiplicity="1"/></Association>"#,
        #"<Association Name="A"><End Type="ns.T" Multiplicity="1"/><End Type="ns.T" Multiplicity="1"/></Association>"#,
        #"<Association Name="A"><End Role="f" Multiplicity="1"/></Association>"#,
        #"<EntityType Name="T" m:HasStream="maybe"/>"#,
    ])
    func `broken associations and flags are refused`(schema: String) {
        #expect(CSDLTestDocument.error(CSDLTestDocument.v2(schema)) != nil)
    }
}

extension String {
    /// Each text of this is in the document once.
    fileprivate func replacingFirst(_ text: String, with other: String) -> String {
        guard let range = firstRange(of: text) else { return self }
        return self[..<range.lowerBound] + other + self[range.upperBound...]
    }
}
