import Testing

@testable import OData

@Suite("Types with what they inherit (CSDL 4.01 §6.2)")
struct InheritanceTests {
    private let metadata: Metadata

    init() {
        var complex = StructuredType(kind: .complex, name: ModelSamples.name("Address"))
        complex.properties = [ModelSamples.property("City")]
        var person = ModelSamples.entity(
            "Person", key: ["ID"], [ModelSamples.property("ID"), ModelSamples.property("Name")],
            [NavigationProperty(name: "Friends", target: ModelSamples.name("Person"), isCollection: true)])
        person.isOpen = true
        person.properties.append(Property(name: "Home", type: TypeReference(.named(complex.name))))
        var manager = ModelSamples.entity("Manager", base: "Employee", [ModelSamples.property("Budget", .decimal)])
        manager.hasStream = true
        metadata = Metadata(
            ModelSamples.parts(
                [
                    person,
                    ModelSamples.entity("Employee", base: "Person", [ModelSamples.property("Salary", .decimal)]),
                    manager, complex,
                ], sets: [ModelSamples.set("People", of: "Person")]))
    }

    @Test func `inherited properties come first`() {
        let names = metadata.properties(of: ModelSamples.name("Manager")).map(\.name)
        #expect(names == ["ID", "Name", "Home", "Salary", "Budget"])
    }

    @Test func `the key is the nearest base type's`() {
        #expect(metadata.keyProperties(of: ModelSamples.name("Manager")) == [KeyProperty("ID")])
    }

    @Test func `a property is found in the type and above, not below`() {
        #expect(metadata.property("Name", of: ModelSamples.name("Manager"))?.name == "Name")
        #expect(metadata.property("Budget", of: ModelSamples.name("Employee")) == nil)
        #expect(metadata.navigationProperty("Friends", of: ModelSamples.name("Manager"))?.isCollection == true)
        #expect(metadata.navigationProperties(of: ModelSamples.name("Manager")).map(\.name) == ["Friends"])
    }

    @Test func `a type derives from itself and its bases only`() {
        let (person, manager) = (ModelSamples.name("Person"), ModelSamples.name("Manager"))
        #expect(metadata.isType(manager, derivedFrom: person))
        #expect(metadata.isType(person, derivedFrom: person))
        #expect(!metadata.isType(person, derivedFrom: manager))
        #expect(!metadata.isType(ModelSamples.name("Nobody"), derivedFrom: person))
        #expect(metadata.lineage(of: manager).map(\.name) == ["Manager", "Employee", "Person"])
        #expect(metadata.directSubtypes(of: person).map(\.name) == ["Employee"])
    }

    @Test func `openness comes from above, a stream doesn't go up`() {
        #expect(metadata.isOpenType(ModelSamples.name("Manager")))
        #expect(metadata.isMediaEntity(ModelSamples.name("Manager")))
        #expect(!metadata.isMediaEntity(ModelSamples.name("Person")))
    }

    @Test func `the set of a derived type is its base type's`() {
        #expect(metadata.entitySet(ofType: ModelSamples.name("Manager"))?.name == "People")
        #expect(metadata.entityType(ofSet: "People")?.name.name == "Person")
        #expect(metadata.entityType(ofSet: "Nothing") == nil)
    }

    @Test func `an unknown type has nothing and does no harm`() {
        let unknown = QualifiedName("other", "Type")
        #expect(metadata.properties(of: unknown).isEmpty)
        #expect(metadata.keyProperties(of: unknown).isEmpty)
        #expect(metadata.lineage(of: unknown).isEmpty)
    }

    @Test func `paths lead through complex properties, navigations and casts`() {
        let person = ModelSamples.name("Person")
        #expect(metadata.property(atPath: "Home/City", from: person)?.name == "City")
        #expect(metadata.property(atPath: "Friends/Home/City", from: person)?.name == "City")
        #expect(metadata.property(atPath: "sample.Manager/Budget", from: person)?.name == "Budget")
        #expect(metadata.property(atPath: "Name/City", from: person) == nil)
        #expect(metadata.property(atPath: "sample.Address/City", from: person) == nil)
        #expect(metadata.target(ofPath: "", from: person) == .type(person))
    }

    // MARK: What a document must not have

    @Test func `a circle of base types is found`() {
        var parts = ModelSamples.parts([
            ModelSamples.entity("A", base: "B", []), ModelSamples.entity("B", base: "C", []),
            ModelSamples.entity("C", base: "B", []), ModelSamples.entity("D", []),
        ])
        #expect(parts.checkInheritance() != nil)
        parts.structuredTypes[ModelSamples.name("C")]?.baseType = ModelSamples.name("D")
        #expect(parts.checkInheritance() == nil)
    }

    @Test func `a type that is its own base is found`() {
        #expect(ModelSamples.parts([ModelSamples.entity("A", base: "A", [])]).checkInheritance() != nil)
    }

    @Test func `64 base types are allowed and 65 are not`() {
        func chain(_ length: Int) -> MetadataParts {
            ModelSamples.parts(
                (0..<length).map { ModelSamples.entity("T\($0)", base: $0 == 0 ? nil : "T\($0 - 1)", []) })
        }
        #expect(chain(65).checkInheritance() == nil)
        #expect(chain(66).checkInheritance() != nil)
    }

    @Test func `lookups end where a circle was not refused`() {
        let circle = Metadata(
            ModelSamples.parts([
                ModelSamples.entity("A", base: "B", [ModelSamples.property("X")]),
                ModelSamples.entity("B", base: "A", []),
            ]))
        #expect(circle.property("Y", of: ModelSamples.name("A")) == nil)
        #expect(circle.property("X", of: ModelSamples.name("B"))?.name == "X")
    }

    @Test func `20,000 types with one large base cost their own size`() {
        let base = ModelSamples.entity("Base", key: ["P0"], (0..<2_000).map { ModelSamples.property("P\($0)") })
        let derived = (0..<20_000).map { ModelSamples.entity("T\($0)", base: "Base", []) }
        let parts = ModelSamples.parts([base] + derived)
        #expect(parts.checkInheritance() == nil)
        let metadata = Metadata(parts)
        var found = 0
        for type in derived where metadata.property("P1999", of: type.name) != nil { found += 1 }
        #expect(found == 20_000)
    }

    @Test func `views made by many threads at once are one`() async {
        let metadata = metadata
        let manager = ModelSamples.name("Manager")
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<64 { group.addTask { metadata.properties(of: manager).count } }
            for await count in group { #expect(count == 5) }
        }
        #expect(metadata.view(of: manager) === metadata.view(of: manager))
    }
}
