/// Writes what is sent to services in JSON: entities to create, changes, values, parameters and references.
///
/// With metadata, values are written as the types of their properties want them (an integer given for an `Edm.Decimal`, a
/// text for an enumeration); without it as they are. Streams are left out: they have requests of their own.
///
/// A navigation is created along with the entity where its value is `entity` or `entities` (deep insert), and bound to what
/// exists where it is `deferred` with a link, or a collection of those: `Name@odata.bind` in version 4.0, `{"@id":…}` in 4.01,
/// `{"__metadata":{"uri":…}}` in version 2. Links that came with a received entity and were not set since are left out.
public struct EntityEncoder: Sendable {
    public let metadata: Metadata?
    public let version: ODataVersion
    /// Whether `Edm.Int64` and `Edm.Decimal` are strings in version 4; the content type must say
    /// `IEEE754Compatible=true` then. In version 2 they always are.
    public let ieee754Compatible: Bool
    /// The type that the target of the request has; an entity of another type says which one it is.
    public let declaredType: QualifiedName?
    /// Whether collections of version 2 are sent as `{"results":[…]}`, which some services want, instead of bare arrays.
    public let wrapsResults: Bool

    public init(
        metadata: Metadata?, version: ODataVersion, ieee754Compatible: Bool = true, declaredType: QualifiedName? = nil,
        wrapsResults: Bool = false
    ) {
        (self.metadata, self.version, self.ieee754Compatible) = (metadata, version, ieee754Compatible)
        (self.declaredType, self.wrapsResults) = (declaredType, wrapsResults)
    }

    /// All properties of an entity: to create it, with what is below it.
    ///
    /// - Throws: `ValueError` for a value that its property or the version can't have.
    public func entity(_ entity: Entity) throws(ValueError) -> [UInt8] {
        var writer = PayloadWriter(self)
        try writer.entity(entity, declared: declaredType, only: nil)
        return writer.bytes
    }

    /// All properties of an entity: to replace it.
    ///
    /// Without what a received entity had below its navigations, unless it was set since: an expansion may be a part of what
    /// there is, and a service that replaces that too would take the rest away.
    public func replacement(of entity: Entity) throws(ValueError) -> [UInt8] {
        var writer = PayloadWriter(self)
        try writer.entity(entity, declared: declaredType, only: nil, isReplacing: true)
        return writer.bytes
    }

    /// The properties that were set since the entity was read, and those alone; `{}` if none was.
    public func changes(of entity: Entity) throws(ValueError) -> [UInt8] {
        var writer = PayloadWriter(self)
        try writer.entity(entity, declared: declaredType, only: entity.changedNames)
        return writer.bytes
    }

    /// The value of one property, to replace it: `{"value":…}` in version 4, `{"Name":…}` in version 2; entities and complex
    /// values of version 4 stand bare.
    ///
    /// - Parameters:
    ///   - type: what the value is converted to; nil writes it as it is.
    ///   - name: the property's, for version 2.
    public func value(
        _ value: ODataValue, of type: TypeReference? = nil, name: String = "value"
    ) throws(ValueError) -> [UInt8] {
        var writer = PayloadWriter(self)
        switch value {
        case .complex where version.isV4, .entity where version.isV4:
            try writer.value(value, type)
        default:
            writer.json.beginObject()
            writer.json.name(version.isV4 ? "value" : name)
            try writer.value(value, type)
            writer.json.endObject()
        }
        return writer.bytes
    }

    /// The body of an action: one object with the parameters, in the order of their names.
    ///
    /// - Parameter operation: for the types of its parameters.
    public func parameters(
        _ parameters: [String: ODataValue], of operation: Operation? = nil
    ) throws(ValueError) -> [UInt8] {
        var writer = PayloadWriter(self)
        writer.json.beginObject()
        for (name, value) in parameters.sorted(by: { $0.key < $1.key }) {
            writer.json.name(name)
            try writer.parameter(value, operation?.parameters.first { $0.name == name }?.type)
        }
        writer.json.endObject()
        return writer.bytes
    }

    /// The body of a request that adds or sets a reference: `{"@odata.id":…}` in version 4, `{"uri":…}` in version 2.
    public func reference(to url: String) -> [UInt8] {
        var writer = PayloadWriter(self)
        writer.json.beginObject()
        writer.json.name(version.isV4 ? "@odata.id" : "uri")
        writer.json.string(url)
        writer.json.endObject()
        return writer.bytes
    }
}
