import Testing

@testable import OData

/// A small model of either version, and what the suites about entities need often.
enum EntitySamples {
    static let namespace = "Sample"

    static func name(_ name: String) -> QualifiedName { QualifiedName(namespace, name) }

    static func metadata(_ version: ODataVersion) -> Metadata {
        var parts = MetadataParts()
        parts.version = version
        for type in [partner(version), person(version), address, messages, item, photo] {
            parts.structuredTypes[type.name] = type
        }
        var color = EnumerationType(name: name("Color"))
        color.isFlags = true
        color.members = [.init(name: "Red", value: 1), .init(name: "Green", value: 2)]
        parts.enumerationTypes[color.name] = color
        parts.typeDefinitions[name("Amount")] = TypeDefinition(
            name: name("Amount"), underlyingType: .primitive(.decimal))
        return Metadata(parts)
    }

    static func property(_ name: String, _ type: PrimitiveType) -> Property {
        Property(name: name, type: .primitive(type))
    }

    static func property(_ name: String, _ type: String, isCollection: Bool = false) -> Property {
        Property(name: name, type: TypeReference(.named(Self.name(type)), isCollection: isCollection))
    }

    private static func partner(_ version: ODataVersion) -> StructuredType {
        var type = StructuredType(kind: .entity, name: name("Partner"))
        type.key = [KeyProperty("ID")]
        type.properties = [
            property("ID", .string), property("Name", .string), property("Blocked", .boolean), property("Size", .int32),
            property("Total", .int64), property("Price", .decimal), property("Ratio", .double),
            property("Weight", .single),
            property("Small", .byte), property("GUID", .guid), property("Data", .binary),
            property("When", version.isV4 ? .dateTimeOffset : .dateTime),
            property("Stamp", .dateTimeOffset), property("Clock", version.isV4 ? .timeOfDay : .time),
            property("Address", "Address"), property("Color", "Color"), property("Amount", "Amount"),
            Property(name: "Tags", type: TypeReference(.primitive(.string), isCollection: true)),
            property("Addresses", "Address", isCollection: true), property("Photo", .stream),
            property("Place", .geographyPoint), property("SAP__Messages", "Message", isCollection: true),
            Property(name: "Free", type: TypeReference(.abstract("Edm.Untyped"))),
        ]
        type.navigationProperties = [
            NavigationProperty(name: "to_Items", target: name("Item"), isCollection: true),
            NavigationProperty(name: "to_Parent", target: name("Partner"), isCollection: false),
        ]
        return type
    }

    private static func person(_ version: ODataVersion) -> StructuredType {
        var type = StructuredType(kind: .entity, name: name("Person"))
        type.baseType = name("Partner")
        type.isOpen = true
        type.properties = [property("Born", version.isV4 ? .date : .dateTime)]
        return type
    }

    private static var address: StructuredType {
        var type = StructuredType(kind: .complex, name: name("Address"))
        type.properties = [property("City", .string), property("Number", .int32)]
        return type
    }

    private static var messages: StructuredType {
        var type = StructuredType(kind: .complex, name: name("Message"))
        type.properties = [
            property("code", .string), property("numericSeverity", .byte), property("transition", .boolean),
        ]
        return type
    }

    private static var item: StructuredType {
        var type = StructuredType(kind: .entity, name: name("Item"))
        type.key = [KeyProperty("Order"), KeyProperty("Position")]
        type.properties = [property("Order", .string), property("Position", .int32), property("Net", .decimal)]
        type.navigationProperties = [
            NavigationProperty(name: "to_Partner", target: name("Partner"), isCollection: false)
        ]
        return type
    }

    private static var photo: StructuredType {
        var type = StructuredType(kind: .entity, name: name("Picture"))
        type.hasStream = true
        type.key = [KeyProperty("ID")]
        type.properties = [property("ID", .string)]
        return type
    }

    // MARK: Readers

    static func decoder(
        _ version: ODataVersion, _ type: String? = "Partner", typed: Bool = true, limits: PayloadLimits = .init(),
        lenient: Bool = false
    ) -> EntityDecoder {
        EntityDecoder(
            metadata: typed ? metadata(version) : nil, type: typed ? type.map(name) : nil, version: version,
            limits: limits,
            lenient: lenient)
    }

    static func decimal(_ text: String) throws -> ODataValue {
        try ODataValue.fromJSON(Array(text.utf8).span, isString: true, as: .decimal, version: .v2)
    }

    static func encoder(_ version: ODataVersion) -> EntityEncoder {
        EntityEncoder(metadata: metadata(version), version: version, declaredType: name("Partner"))
    }
}

/// What reading a text throws; nil if it throws nothing.
func entityFailure<Result>(_ body: () throws(PayloadError) -> Result) -> PayloadError? {
    do {
        _ = try body()
        return nil
    } catch {
        return error
    }
}

extension EntityDecoder {
    func entity(_ text: String) throws(PayloadError) -> Entity { try entity(Array(text.utf8)) }
    func collection(_ text: String) throws(PayloadError) -> EntityCollection { try collection(Array(text.utf8)) }
    func value(_ text: String, of type: TypeReference? = nil) throws(PayloadError) -> ODataValue {
        try value(Array(text.utf8), of: type)
    }

    /// What `FeedReader` makes of a text that arrives in pieces of some size.
    func streamed(_ bytes: [UInt8], by size: Int) throws(PayloadError) -> EntityCollection {
        var reader = FeedReader(decoder: self)
        var entities: [Entity] = []
        var offset = 0
        while offset < bytes.count {
            let end = min(offset + size, bytes.count)
            try reader.append(Array(bytes[offset..<end]))
            offset = end
            while let entity = try reader.next() { entities.append(entity) }
        }
        try reader.finish()
        return EntityCollection(entities, reader.page.details)
    }
}
