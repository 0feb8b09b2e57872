import Testing

@testable import OData

@Suite("Finding elements of a model")
struct LookupTests {
    private static func bindings() -> Metadata {
        var orders = ModelSamples.set("Orders", of: "Order")
        orders.bindings = [
            NavigationBinding(path: "Items", target: "Items"),
            NavigationBinding(path: "Header/Partner", target: "sample.Container/Partners"),
            NavigationBinding(path: "sample.SpecialOrder/Approver", target: "Partners"),
            NavigationBinding(path: "Elsewhere", target: "other.Container/Partners"),
            NavigationBinding(path: "Contained", target: "Partners/Addresses"),
            NavigationBinding(path: "Me", target: "Me"),
        ]
        var parts = ModelSamples.parts(
            [], sets: [orders, ModelSamples.set("Items", of: "Item"), ModelSamples.set("Partners", of: "Partner")])
        parts.container.singletons = [Singleton(name: "Me", type: ModelSamples.name("Partner"))]
        return Metadata(parts)
    }

    @Test(arguments: [
        ("Items", "Items"), ("Header/Partner", "Partners"), ("Approver", "Partners"), ("Elsewhere", nil),
        ("Contained", nil), ("Me", nil), ("Nothing", nil),
    ])
    func `a binding leads to a set of this service or to none`(navigation: String, expected: String?) throws {
        let metadata = Self.bindings()
        let orders = try #require(metadata.entitySet("Orders"))
        #expect(metadata.target(of: navigation, from: orders)?.name == expected)
    }

    @Test func `a binding to a singleton is found as one`() throws {
        let metadata = Self.bindings()
        let orders = try #require(metadata.entitySet("Orders"))
        #expect(metadata.targetSingleton(of: "Me", from: orders)?.name == "Me")
    }

    @Test func `a type definition gives its facets where the reference has none`() {
        var parts = ModelSamples.parts([])
        var amount = TypeReference.primitive(.decimal)
        (amount.precision, amount.scale) = (15, .fixed(2))
        parts.typeDefinitions[ModelSamples.name("Amount")] = TypeDefinition(
            name: ModelSamples.name("Amount"), underlyingType: amount)
        let metadata = Metadata(parts)
        var reference = TypeReference(.named(ModelSamples.name("Amount")), isCollection: true, isNullable: false)
        reference.scale = .fixed(3)
        let resolved = metadata.resolved(reference)
        #expect(resolved.base == .primitive(.decimal))
        #expect((resolved.precision, resolved.scale) == (15, .fixed(3)))
        #expect(resolved.isCollection && !resolved.isNullable)
    }

    @Test func `a definition that leads to itself ends`() {
        var parts = ModelSamples.parts([])
        let name = ModelSamples.name("Loop")
        parts.typeDefinitions[name] = TypeDefinition(name: name, underlyingType: TypeReference(.named(name)))
        #expect(Metadata(parts).resolved(TypeReference(.named(name))).base == .named(name))
    }

    @Test func `bound operations are found for derived types too`() {
        var parts = ModelSamples.parts([
            ModelSamples.entity("Person", []), ModelSamples.entity("Manager", base: "Person", []),
        ])
        var promote = Operation(kind: .action, name: ModelSamples.name("Promote"))
        promote.isBound = true
        promote.parameters = [Operation.Parameter(name: "it", type: TypeReference(.named(ModelSamples.name("Person"))))]
        parts.operations[promote.name] = [promote]
        let metadata = Metadata(parts)
        #expect(metadata.boundOperations(of: ModelSamples.name("Manager")) == [promote])
        #expect(metadata.boundOperations(of: ModelSamples.name("Manager"), collection: true).isEmpty)
    }

    @Test func `equality sees a single annotation`() {
        let parts = ModelSamples.parts([ModelSamples.entity("A", [ModelSamples.property("P")])])
        var other = parts
        #expect(Metadata(parts).isEqual(to: Metadata(other)))
        other.structuredTypes[ModelSamples.name("A")]?.properties[0].annotations = [
            ModelSamples.annotation("Common.Label", .string("P"))
        ]
        #expect(!Metadata(parts).isEqual(to: Metadata(other)))
    }
}
