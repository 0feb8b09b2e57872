import Testing

@testable import OData

@Suite("Types described for people")
struct DescriptionTests {
    @Test(arguments: [
        (TypeReference.primitive(.string), "String"), (length(10), "String(10)"),
        (decimal(15, .fixed(2)), "Decimal(15,2)"),
        (decimal(15, nil), "Decimal(15)"), (decimal(nil, .variable), "Decimal"),
        (decimal(nil, .fixed(3)), "Decimal(*,3)"),
        (decimal(34, .floating), "Decimal(34,floating)"), (decimal(0, nil), "Decimal"),
        (TypeReference(.named(QualifiedName("sample", "Address")), isCollection: true), "Collection(Address)"),
        (TypeReference(.named(QualifiedName("other", "Address"))), "other.Address"),
        (TypeReference(.abstract("Edm.Untyped")), "Untyped"),
    ])
    func `a type is written with its facets`(type: TypeReference, text: String) {
        #expect(Metadata(ModelSamples.parts([])).text(of: type) == text)
    }

    private static func length(_ count: Int) -> TypeReference {
        var type = TypeReference.primitive(.string)
        type.maxLength = count
        return type
    }

    private static func decimal(_ precision: Int?, _ scale: TypeReference.Scale?) -> TypeReference {
        var type = TypeReference.primitive(.decimal)
        (type.precision, type.scale) = (precision, scale)
        return type
    }

    @Test func `a set's description has fields, keys, capabilities and value helps`() throws {
        let description = try #require(SAPModelSamples.version2.description(ofSet: "Orders"))
        #expect(description.key == ["SalesOrder"] && description.set == "Orders")
        let fields = Dictionary(description.fields.map { ($0.name, $0) }) { first, _ in first }
        #expect(fields["SalesOrder"]?.isKey == true && fields["SalesOrder"]?.presentation.label == "Sales Order")
        #expect(fields["Type"]?.hasValueHelp == true && fields["Unit"]?.hasValueHelp == false)
        #expect(fields["YY1_Region_SDH"]?.origin == .keyUser(context: "SDH"))
        #expect(description.capabilities?.isInsertable == false)
    }

    @Test func `inherited fields name their type, navigation its set and multiplicity`() throws {
        var one = NavigationProperty(name: "Boss", target: ModelSamples.name("Person"), isCollection: false)
        one.isNullable = false
        let person = ModelSamples.entity(
            "Person", key: ["ID"], [ModelSamples.property("ID")],
            [NavigationProperty(name: "Team", target: ModelSamples.name("Person"), isCollection: true), one])
        var people = ModelSamples.set("People", of: "Person")
        people.bindings = [NavigationBinding(path: "Team", target: "People")]
        var parts = ModelSamples.parts(
            [person, ModelSamples.entity("Manager", base: "Person", [ModelSamples.property("Budget")])], sets: [people])
        var promote = OData.Operation(kind: .action, name: ModelSamples.name("Promote"))
        promote.isBound = true
        promote.parameters = [
            .init(name: "it", type: TypeReference(.named(ModelSamples.name("Person")))),
            .init(name: "To", type: .primitive(.string)),
        ]
        promote.returnType = TypeReference(.named(ModelSamples.name("Person")))
        parts.operations[promote.name] = [promote]
        let metadata = Metadata(parts)
        let manager = try #require(metadata.description(ofType: ModelSamples.name("Manager")))
        #expect(manager.fields.map(\.name) == ["ID", "Budget"])
        #expect(manager.fields.map { $0.inheritedFrom?.name } == ["Person", nil])
        #expect(manager.navigations.map(\.multiplicity) == ["*", "1"])
        #expect(manager.navigations.map(\.targetSet) == ["People", nil])
        #expect(manager.operations.map(\.name) == ["sample.Promote"])
        #expect(
            manager.operations.first?.parameters.map(\.name) == ["To"]
                && manager.operations.first?.returnType == "Person")
        #expect(
            metadata.description(ofSet: "None") == nil && metadata.description(ofType: ModelSamples.name("None")) == nil
        )
    }

    @Test func `imports are described with their method`() {
        var parts = ModelSamples.parts([])
        var post = OData.Operation(kind: .action, name: ModelSamples.name("Post"))
        post.parameters = [.init(name: "Invoice", type: .primitive(.string))]
        parts.operations[post.name] = [post]
        var item = OperationImport(kind: .action, name: "Post", operation: post.name)
        item.httpMethod = "POST"
        parts.container.operationImports = [item]
        let descriptions = Metadata(parts).importDescriptions
        #expect(descriptions.map(\.name) == ["Post"] && descriptions.first?.httpMethod == "POST")
        #expect(descriptions.first?.parameters.map(\.type) == ["String"])
    }

    @Test func `a type with 20,000 fields and navigations is described in one go`() throws {
        let fields = (0..<20_000).map { ModelSamples.property("P\($0)", sap: ["label": "L"]) }
        let navigations = (0..<20_000).map {
            NavigationProperty(name: "N\($0)", target: ModelSamples.name("Wide"), isCollection: true)
        }
        var set = ModelSamples.set(
            "Wides", of: "Wide",
            [
                ModelSamples.annotation(
                    "Capabilities.FilterRestrictions",
                    SAPModelSamples.record([
                        ("RequiredProperties", .collection(fields.map { .propertyPath($0.name) })),
                        ("NonFilterableProperties", .collection(fields.map { .propertyPath($0.name) })),
                    ]))
            ])
        set.bindings = navigations.map { NavigationBinding(path: $0.name, target: "sample.Container/Wides") }
        var wide = ModelSamples.entity("Wide", key: ["P0"], fields, navigations)
        wide.annotations = (0..<20_000).map { _ in ModelSamples.annotation("Core.X", .null) }
        let metadata = Metadata(ModelSamples.parts([wide], sets: [set]))
        let description = try #require(metadata.description(ofSet: "Wides"))
        #expect(description.fields.count == 20_000 && description.navigations.last?.targetSet == "Wides")
        #expect(description.fields.allSatisfy { $0.presentation.isRequiredInFilter && !$0.presentation.isFilterable })
    }
}
