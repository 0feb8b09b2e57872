@testable import OData

/// Numbers that look random and are the same in every run.
struct QueriesRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}

/// A small service in both versions.
enum QueriesSamples {
    static let namespace = "test"

    static func name(_ name: String) -> QualifiedName { QualifiedName(namespace, name) }

    static let version2 = Metadata(parts2())
    static let version4 = Metadata(parts4())

    private static func property(_ name: String, _ type: PrimitiveType) -> Property {
        Property(name: name, type: .primitive(type))
    }

    private static func parts2() -> MetadataParts {
        var parts = MetadataParts()
        parts.version = .v2
        parts.schemas = [SchemaInfo(namespace: namespace)]
        var partner = StructuredType(kind: .entity, name: name("Partner"))
        partner.key = [KeyProperty("ID")]
        partner.properties = [
            property("ID", .string), property("City", .string), property("Amount", .decimal), property("Code", .guid),
            property("Number", .int64), property("Count", .int32), property("Blocked", .boolean),
            property("Since", .dateTime), property("Changed", .dateTimeOffset), property("At", .time),
            property("Photo", .binary), property("Rate", .double),
        ]
        partner.navigationProperties = [
            NavigationProperty(name: "to_Address", target: name("Address"), isCollection: true),
            NavigationProperty(name: "to_Country", target: name("Country"), isCollection: false),
        ]
        var address = StructuredType(kind: .entity, name: name("Address"))
        address.key = [KeyProperty("Partner"), KeyProperty("AddressID")]
        address.properties = [
            property("Partner", .string), property("AddressID", .int32), property("Street", .string),
        ]
        address.navigationProperties = [
            NavigationProperty(name: "to_Country", target: name("Country"), isCollection: false)
        ]
        var country = StructuredType(kind: .entity, name: name("Country"))
        country.key = [KeyProperty("Key")]
        country.properties = [property("Key", .string), property("Label", .string)]
        for type in [partner, address, country] { parts.structuredTypes[type.name] = type }
        parts.container.entitySets = [
            EntitySet(name: "Partners", type: partner.name), EntitySet(name: "Addresses", type: address.name),
            EntitySet(name: "Countries", type: country.name),
        ]
        var release = Operation(kind: .function, name: name("Release"))
        release.parameters = [
            Operation.Parameter(name: "ID", type: .primitive(.string)),
            Operation.Parameter(name: "Amount", type: .primitive(.decimal)),
        ]
        release.returnType = TypeReference(.named(partner.name))
        parts.operations[release.name] = [release]
        parts.container.operationImports = [
            OperationImport(kind: .function, name: "Release", operation: release.name)
        ]
        return parts
    }

    private static func parts4() -> MetadataParts {
        var parts = MetadataParts()
        parts.version = .v4
        parts.schemas = [SchemaInfo(namespace: namespace, alias: "self")]
        var product = StructuredType(kind: .entity, name: name("Product"))
        product.key = [KeyProperty("ID")]
        product.properties = [
            property("ID", .guid), property("Name", .string), property("Price", .decimal), property("Rating", .int32),
            property("Big", .int64), property("On", .date), property("Changed", .dateTimeOffset),
            property("At", .timeOfDay), property("Life", .duration), property("Active", .boolean),
            Property(name: "Colour", type: TypeReference(.named(name("Colour")))),
            Property(name: "Place", type: TypeReference(.named(name("Place")))),
            Property(name: "Tags", type: TypeReference(.primitive(.string), isCollection: true)),
            property("Picture", .stream),
        ]
        product.navigationProperties = [
            NavigationProperty(name: "Parts", target: name("Part"), isCollection: true),
            NavigationProperty(name: "Maker", target: name("Maker"), isCollection: false),
        ]
        var special = StructuredType(kind: .entity, name: name("SpecialProduct"))
        special.baseType = product.name
        special.properties = [property("Extra", .string)]
        var part = StructuredType(kind: .entity, name: name("Part"))
        part.key = [KeyProperty("ProductID"), KeyProperty("Position")]
        part.properties = [
            property("ProductID", .guid), property("Position", .int32), property("Quantity", .decimal),
            property("Label", .string),
        ]
        part.navigationProperties = [
            NavigationProperty(name: "Maker", target: name("Maker"), isCollection: false)
        ]
        var maker = StructuredType(kind: .entity, name: name("Maker"))
        maker.key = [KeyProperty("Code")]
        maker.properties = [property("Code", .string), property("Label", .string)]
        maker.isOpen = true
        var place = StructuredType(kind: .complex, name: name("Place"))
        place.properties = [property("City", .string), property("Zip", .string)]
        for type in [product, special, part, maker, place] { parts.structuredTypes[type.name] = type }
        var colour = EnumerationType(name: name("Colour"))
        colour.members = [.init(name: "Red", value: 1), .init(name: "Blue", value: 2)]
        colour.isFlags = true
        parts.enumerationTypes[colour.name] = colour
        parts.container.entitySets = [
            EntitySet(name: "Products", type: product.name), EntitySet(name: "Parts", type: part.name),
            EntitySet(name: "Makers", type: maker.name),
        ]
        parts.container.singletons = [Singleton(name: "Main", type: maker.name)]
        addOperations(to: &parts, product.name)
        return parts
    }

    private static func addOperations(to parts: inout MetadataParts, _ product: QualifiedName) {
        var best = Operation(kind: .function, name: name("Best"))
        best.isBound = true
        best.parameters = [
            Operation.Parameter(name: "it", type: TypeReference(.named(product), isCollection: true)),
            Operation.Parameter(name: "Limit", type: TypeReference(.primitive(.decimal), isNullable: false)),
        ]
        best.returnType = TypeReference(.named(product))
        var discount = Operation(kind: .action, name: name("Discount"))
        discount.isBound = true
        discount.parameters = [Operation.Parameter(name: "it", type: TypeReference(.named(product)))]
        var near = Operation(kind: .function, name: name("Near"))
        near.parameters = [Operation.Parameter(name: "City", type: .primitive(.string))]
        near.returnType = TypeReference(.named(product), isCollection: true)
        for operation in [best, discount, near] { parts.operations[operation.name] = [operation] }
        parts.container.operationImports = [
            OperationImport(kind: .function, name: "Near", operation: near.name)
        ]
    }
}

extension Query {
    /// The URL, or the error in words, so that tables can hold either.
    func urlForTest(_ version: ODataVersion, _ metadata: Metadata? = nil) -> String {
        do throws(QueryError) {
            return try encoded(version, metadata: metadata).relativeURL
        } catch {
            return "error: \(error)"
        }
    }
}
