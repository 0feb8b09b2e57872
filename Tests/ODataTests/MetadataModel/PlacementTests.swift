import Testing

@testable import OData

@Suite("Placing annotations that stand apart (CSDL XML 4.01 §14.2.1)")
struct PlacementTests {
    private static func parts() -> MetadataParts {
        var parts = ModelSamples.parts(
            [
                ModelSamples.entity(
                    "Order", [ModelSamples.property("ID")],
                    [NavigationProperty(name: "Items", target: ModelSamples.name("Item"), isCollection: true)])
            ], sets: [ModelSamples.set("Orders", of: "Order")])
        var color = EnumerationType(name: ModelSamples.name("Color"))
        color.members = [EnumerationType.Member(name: "Red", value: 1)]
        parts.enumerationTypes[color.name] = color
        parts.container.singletons = [Singleton(name: "Me", type: ModelSamples.name("Order"))]
        parts.container.operationImports = [
            OperationImport(kind: .action, name: "Run", operation: ModelSamples.name("Run"))
        ]
        parts.operations[ModelSamples.name("Run")] = [
            overload(.init(.named(ModelSamples.name("Order")))), overload(nil),
        ]
        parts.typeDefinitions[ModelSamples.name("Money")] = TypeDefinition(
            name: ModelSamples.name("Money"), underlyingType: .primitive(.decimal))
        return parts
    }

    private static func overload(_ binding: TypeReference?) -> OData.Operation {
        var operation = OData.Operation(kind: .action, name: ModelSamples.name("Run"))
        operation.isBound = binding != nil
        if let binding { operation.parameters.append(OData.Operation.Parameter(name: "it", type: binding)) }
        operation.parameters.append(OData.Operation.Parameter(name: "Level", type: .primitive(.int32)))
        operation.returnType = .primitive(.boolean)
        return operation
    }

    private static func place(_ target: String, in parts: MetadataParts = parts()) -> MetadataParts {
        var parts = parts
        let label = [ModelSamples.annotation("Common.Label", .string(target))]
        parts.place([TargetedAnnotations(target: target, annotations: label)], aliases: ["self": "sample"])
        return parts
    }

    private static let read: [(String, @Sendable (MetadataParts) -> [Annotation]?)] = [
        ("self.Order", { $0.structuredTypes[ModelSamples.name("Order")]?.annotations }),
        ("self.Order/ID", { $0.structuredTypes[ModelSamples.name("Order")]?.properties[0].annotations }),
        ("sample.Order/Items", { $0.structuredTypes[ModelSamples.name("Order")]?.navigationProperties[0].annotations }),
        ("self.Color", { $0.enumerationTypes[ModelSamples.name("Color")]?.annotations }),
        ("self.Color/Red", { $0.enumerationTypes[ModelSamples.name("Color")]?.members[0].annotations }),
        ("self.Container", { $0.container.annotations }),
        ("self.Container/Orders", { $0.container.entitySets[0].annotations }),
        ("self.Container/Me", { $0.container.singletons[0].annotations }),
        ("self.Container/Run", { $0.container.operationImports[0].annotations }),
        ("self.Money", { $0.typeDefinitions[ModelSamples.name("Money")]?.annotations }),
        ("self.Run(self.Order)", { $0.operations[ModelSamples.name("Run")]?[0].annotations }),
        ("self.Run()", { $0.operations[ModelSamples.name("Run")]?[1].annotations }),
        ("self.Run", { $0.operations[ModelSamples.name("Run")]?[0].annotations }),
        ("self.Run(self.Order)/Level", { $0.operations[ModelSamples.name("Run")]?[0].parameters[1].annotations }),
        ("self.Run()/$ReturnType", { $0.operations[ModelSamples.name("Run")]?[1].returnTypeAnnotations }),
        ("self", { $0.schemas[0].annotations }),
        ("sample", { $0.schemas[0].annotations }),
    ]

    @Test(arguments: read.indices)
    func `an element gets what is meant for it and nothing else does`(place: Int) {
        let (target, annotations) = Self.read[place]
        let parts = Self.place(target)
        #expect(annotations(parts)?.map(\.value) == [.string(target)])
        #expect(parts.externalAnnotations.isEmpty)
        let others = Self.read.filter { $0.0 != target && ($0.1(parts)?.isEmpty == false) }.map(\.0)
        // A schema has two names here, and an operation without parentheses means all its overloads.
        let twins = [["self", "sample"], ["self.Run", "self.Run()", "self.Run(self.Order)"]]
        #expect(others.allSatisfy { other in twins.contains { $0.contains(other) && $0.contains(target) } })
    }

    @Test(arguments: [
        ("other.Type", "other.Type"), ("self.Order/Nothing", "sample.Order/Nothing"),
        ("self.Container/Orders/Items", "sample.Container/Orders/Items"),
        ("self.Order/Home/City", "sample.Order/Home/City"),
        ("self.Run(self.Item)", "sample.Run(sample.Item)"), ("self.Run()/Nothing", "sample.Run()/Nothing"),
        ("self.Nothing(Collection(self.Order),Edm.String)", "sample.Nothing(Collection(sample.Order),Edm.String)"),
        ("NoDot", "NoDot"), ("self.Color/Green", "sample.Color/Green"), ("", ""),
        // A mark makes one character of the parenthesis and itself.
        ("self.Run(\u{301})", "sample.Run(\u{301})"), ("self.Run(\u{301}/x", "sample.Run(\u{301}/x)"),
        ("self.Run(a)\u{301}/x", "sample.Run(a)/x"),
    ])
    func `what has no element here stays, by its full name`(target: String, expected: String) {
        let parts = Self.place(target)
        #expect(parts.externalAnnotations.keys.sorted() == [expected])
    }

    @Test func `annotations come behind those that are there, in the order of the document`() {
        var parts = Self.parts()
        parts.structuredTypes[ModelSamples.name("Order")]?.annotations = [ModelSamples.annotation("Core.A", .int(1))]
        parts.place(
            [2, 3].map {
                TargetedAnnotations(target: "self.Order", annotations: [ModelSamples.annotation("Core.A", .int($0))])
            }, aliases: ["self": "sample"])
        let values = parts.structuredTypes[ModelSamples.name("Order")]?.annotations.map(\.value)
        #expect(values == [.int(1), .int(2), .int(3)])
    }

    @Test func `overloads and targets don't multiply`() {
        var parts = Self.parts()
        let name = ModelSamples.name("Run")
        parts.operations[name] = Array(repeating: Self.overload(nil), count: 20_000)
        let label = ModelSamples.annotation("Common.Label", .string("x"))
        parts.place(
            Array(repeating: TargetedAnnotations(target: "sample.Run", annotations: [label]), count: 20_000),
            aliases: [:])
        #expect(parts.externalAnnotations["sample.Run"]?.count == 20_000)
        #expect(parts.operations[name]?.allSatisfy { $0.annotations.isEmpty } == true)
    }

    @Test func `20,000 targets of one type take no longer than they are many`() {
        var parts = ModelSamples.parts([
            ModelSamples.entity("Wide", (0..<20_000).map { ModelSamples.property("P\($0)") })
        ])
        let label = [ModelSamples.annotation("Common.Label", .string("x"))]
        parts.place(
            (0..<20_000).map { TargetedAnnotations(target: "sample.Wide/P\($0)", annotations: label) }, aliases: [:])
        #expect(
            parts.structuredTypes[ModelSamples.name("Wide")]?.properties.allSatisfy { $0.annotations == label } == true)
    }
}
