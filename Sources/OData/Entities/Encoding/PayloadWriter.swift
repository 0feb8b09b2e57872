/// Writes one payload; the working part of `EntityEncoder`.
///
/// It recurs as deep as the values do, which the program has built or a reader has bounded.
struct PayloadWriter {
    var json = JSONWriter()
    let encoder: EntityEncoder

    init(_ encoder: EntityEncoder) { self.encoder = encoder }

    var bytes: [UInt8] { json.bytes }
    var metadata: Metadata? { encoder.metadata }
    var version: ODataVersion { encoder.version }

    // MARK: Objects

    /// - Parameters:
    ///   - declared: the type that is expected where the entity stands.
    ///   - names: the properties to write; nil for all.
    ///   - isReplacing: leaves out what was expanded when the entity was read and was not set since.
    mutating func entity(
        _ entity: Entity, declared: QualifiedName?, only names: Set<String>?, isReplacing: Bool = false
    ) throws(ValueError) {
        let type = entity.type ?? declared
        json.beginObject()
        typeName(entity.type, declared: declared)
        for (name, value) in entity.properties where names?.contains(name) != false {
            let isAsReceived = entity.details.isReceived && !entity.changedNames.contains(name)
            if isAsReceived, value.isDeferred || (isReplacing && value.isExpanded) { continue }
            try member(name, value, in: type)
        }
        json.endObject()
    }

    private mutating func complex(_ value: ComplexValue, declared: QualifiedName?) throws(ValueError) {
        json.beginObject()
        // Where no type is declared, the value alone can say.
        if declared == nil, version.isV4, let type = value.type {
            json.name("@odata.type")
            json.string("#" + type.description)
        } else {
            typeName(value.type, declared: declared)
        }
        for (name, member) in value.properties { try self.member(name, member, in: value.type ?? declared) }
        json.endObject()
    }

    /// The type of an object, where it is another than what is expected.
    private mutating func typeName(_ type: QualifiedName?, declared: QualifiedName?) {
        guard let type, let declared, type != declared else { return }
        if version.isV4 {
            json.name("@odata.type")
            json.string("#" + type.description)
        } else {
            json.name("__metadata")
            json.beginObject()
            json.name("type")
            json.string(type.description)
            json.endObject()
        }
    }

    // MARK: Members

    private mutating func member(
        _ name: String, _ value: ODataValue, in type: QualifiedName?
    ) throws(ValueError) {
        if let links = Links(value) { return try self.links(name, links, in: type) }
        if case .stream = value { return }
        let property = type.flatMap { metadata?.property(name, of: $0) }
        if property == nil, let type { dynamicType(name, value, in: type) }
        json.name(name)
        try self.value(value, property?.type ?? navigationType(name, in: type))
    }

    private func navigationType(_ name: String, in type: QualifiedName?) -> TypeReference? {
        guard let type, let navigation = metadata?.navigationProperty(name, of: type) else { return nil }
        return TypeReference(.named(navigation.target), isCollection: navigation.isCollection)
    }

    /// `Name@odata.type` for a property that an open type doesn't declare, unless the JSON says the type itself.
    private mutating func dynamicType(_ name: String, _ value: ODataValue, in type: QualifiedName) {
        guard version.isV4, let metadata, metadata.isOpenType(type),
            metadata.navigationProperty(name, of: type) == nil, let text = value.dynamicTypeName
        else { return }
        json.name(name + "@odata.type")
        json.string("#" + text)
    }

    // MARK: Values

    /// - Parameter type: what the value is converted to; nil for a type that isn't known.
    mutating func value(_ value: ODataValue, _ type: TypeReference?) throws(ValueError) {
        switch value {
        case .complex(let complex): try self.complex(complex, declared: type?.name)
        case .entity(let entity): try self.entity(entity, declared: type?.name, only: nil)
        case .entities(let collection):
            try elements(collection.entities.map(ODataValue.entity), type)
        case .collection(let values): try elements(values, type)
        case .deferred(let link): reference(link)
        default:
            let metadata = metadata
            let converted = try type.map { (type) throws(ValueError) in
                try value.converted(to: type, version: version, metadata: metadata)
            }
            json.node(try (converted ?? value).jsonNode(version, ieee754Compatible: encoder.ieee754Compatible))
        }
    }

    /// A parameter of an action may be an entity that exists.
    mutating func parameter(_ value: ODataValue, _ type: TypeReference?) throws(ValueError) {
        guard case .deferred(let link) = value, version == .v4 else { return try self.value(value, type) }
        json.beginObject()
        json.name("@odata.id")
        json.string(link.url ?? "")
        json.endObject()
    }

    private mutating func elements(_ values: [ODataValue], _ type: TypeReference?) throws(ValueError) {
        guard type?.isCollection != false else { throw .mismatch(expected: "a single value") }
        var element = type
        element?.isCollection = false
        beginCollection()
        for value in values {
            if case .collection = value, element != nil { throw .mismatch(expected: "a value that is no collection") }
            try self.value(value, element)
        }
        endCollection()
    }

    private var isWrapping: Bool { encoder.wrapsResults && !version.isV4 }

    private mutating func beginCollection() {
        if isWrapping {
            json.beginObject()
            json.name("results")
        }
        json.beginArray()
    }

    private mutating func endCollection() {
        json.endArray()
        if isWrapping { json.endObject() }
    }

    // MARK: Links

    /// Entities that exist, and entities to create, under one navigation.
    private struct Links {
        var bound: [String]
        var created: [ODataValue] = []
        var isCollection = true

        /// - Returns: nil for a value that binds nothing.
        init?(_ value: ODataValue) {
            switch value {
            case .deferred(let link):
                (bound, isCollection) = (link.url.map { [$0] } ?? [], false)
            case .collection(let values):
                bound = values.compactMap { if case .deferred(let link) = $0 { link.url } else { nil } }
                if bound.isEmpty { return nil }
                created = values.filter { if case .deferred = $0 { false } else { true } }
            default: return nil
            }
        }
    }

    private mutating func links(_ name: String, _ links: Links, in type: QualifiedName?) throws(ValueError) {
        // A link without a URL says only that the navigation was not expanded.
        guard !links.bound.isEmpty else { return }
        let target = navigationType(name, in: type)
        let isCollection = links.isCollection || target?.isCollection == true
        if version == .v4 {
            bind(name, links.bound, isCollection)
            if links.created.isEmpty { return }
            json.name(name)
            return try elements(links.created, target)
        }
        json.name(name)
        guard isCollection else { return reference(DeferredLink(url: links.bound.first)) }
        try elements(links.bound.map { .deferred(DeferredLink(url: $0)) } + links.created, target)
    }

    /// `Name@odata.bind` (OData JSON Format 4.0 §8.5).
    private mutating func bind(_ name: String, _ urls: [String], _ isCollection: Bool) {
        json.name(name + "@odata.bind")
        if isCollection { json.beginArray() }
        for url in urls { json.string(url) }
        if isCollection { json.endArray() }
    }

    /// `{"@id":…}` of version 4.01 (§8.5), `{"__metadata":{"uri":…}}` of version 2.
    private mutating func reference(_ link: DeferredLink) {
        json.beginObject()
        if version.isV4 {
            json.name(version == .v401 ? "@id" : "@odata.id")
            json.string(link.url ?? "")
        } else {
            json.name("__metadata")
            json.beginObject()
            json.name("uri")
            json.string(link.url ?? "")
            json.endObject()
        }
        json.endObject()
    }
}

extension TypeReference {
    /// The name of a type that is not primitive.
    fileprivate var name: QualifiedName? {
        guard case .named(let name) = base else { return nil }
        return name
    }
}

extension ODataValue {
    /// What `Name@odata.type` says of a value whose JSON doesn't tell its type; nil if it does, or the value says itself.
    fileprivate var dynamicTypeName: String? {
        switch self {
        case .enumeration(let value): return value.type?.description
        case .collection(let values):
            // An empty one has no type that anybody knows.
            return values.lazy.compactMap(\.elementTypeName).first.map { "Collection(\($0))" }
        case .string, .boolean, .stream: return nil
        default: return elementTypeName
        }
    }

    fileprivate var isDeferred: Bool { if case .deferred = self { true } else { false } }

    /// What stood behind a navigation.
    fileprivate var isExpanded: Bool {
        switch self {
        case .entity, .entities: true
        default: false
        }
    }

    private var elementTypeName: String? {
        switch self {
        case .enumeration(let value): value.type?.description
        case .complex(let value): value.type?.description
        default: primitiveType.map { String($0.rawValue.dropFirst(4)) }
        }
    }
}
