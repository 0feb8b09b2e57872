/// An entity as a service sent it, or as it is to be sent: properties in exact types, its identity, links and tag.
///
/// It remembers which properties were set since it was read, so that an update sends those alone. Equality is that of what
/// the entity says; which names were set makes no difference to it.
public struct Entity: Sendable, Hashable {
    /// To be read; what is set by the entity's own subscript is known to be changed.
    public internal(set) var properties: PropertyValues
    /// Names that were set since the entity was read.
    public internal(set) var changedNames: Set<String>
    /// nil for one that has nothing of it.
    private var shared: Shared<EntityDetails>?

    /// - Parameter type: needed where the type that the service declares has derived types; else `nil` does.
    public init(of type: QualifiedName? = nil, _ properties: PropertyValues = PropertyValues()) {
        (self.properties, changedNames) = (properties, [])
        if let type { shared = Shared(EntityDetails(type: type)) }
    }

    init(_ properties: PropertyValues, _ details: Shared<EntityDetails>?) {
        (self.properties, changedNames, shared) = (properties, [], details)
    }

    /// A property's value: nil where the payload doesn't have it, which is not `null`.
    public subscript(_ name: String) -> ODataValue? {
        get { properties[name] }
        set {
            properties[name] = newValue
            changedNames.insert(name)
        }
    }

    /// Forgets which names were set: what an entity is after the service has taken its changes.
    public mutating func markUnchanged() { changedNames = [] }

    public static func == (left: Entity, right: Entity) -> Bool {
        left.properties == right.properties && (left.shared === right.shared || left.details == right.details)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(properties)
        hasher.combine(details)
    }
}

extension Entity {
    private static let noDetails = EntityDetails()

    var details: EntityDetails {
        get { shared?.value ?? Self.noDetails }
        set { shared = Shared(newValue) }
    }

    /// The most derived type that the payload names, else the declared one; nil without metadata.
    public var type: QualifiedName? {
        get { shared?.value.type }
        set { details.type = newValue }
    }

    /// `@odata.context`, as it came: what relative links are relative to; itself perhaps relative to the request.
    public var context: String? {
        get { shared?.value.context }
        set { details.context = newValue }
    }

    /// `@odata.id`, or `__metadata.uri`: as it came; its host may be an internal one.
    public var id: String? {
        get { shared?.value.id }
        set { details.id = newValue }
    }

    public var editLink: String? {
        get { shared?.value.editLink }
        set { details.editLink = newValue }
    }

    public var readLink: String? {
        get { shared?.value.readLink }
        set { details.readLink = newValue }
    }

    public var etag: ETag? {
        get { shared?.value.etag }
        set { details.etag = newValue }
    }

    /// The media resource of a media entity (`m:HasStream`, `HasStream`).
    public var media: StreamReference? {
        get { shared?.value.media }
        set { details.media = newValue }
    }

    /// What the payload said besides (`@ns.term`, `Name@ns.term`), by its whole name.
    public var annotations: [String: JSONNode] {
        get { shared?.value.annotations ?? [:] }
        set { details.annotations = newValue }
    }

    /// Actions and functions that the server offers. Links of navigations that were not expanded are values (`deferred`).
    public var operations: [AdvertisedOperation] {
        get { shared?.value.operations ?? [] }
        set { details.operations = newValue }
    }
}

/// An action or function that a server offers on an entity.
public struct AdvertisedOperation: Sendable, Hashable {
    /// Qualified, with its namespace.
    public var name: String
    public var title: String?
    public var target: String?

    public init(name: String, title: String? = nil, target: String? = nil) {
        (self.name, self.title, self.target) = (name, title, target)
    }
}
