/// The key of a typed entity: what generated code has in place of a dictionary.
public protocol ODataEntityKey: Sendable, Hashable {
    /// All key properties by name, in the order of the metadata; a single one may be without its name.
    var entityKey: EntityKey { get }
}

/// An entity of one type, with properties that Swift knows: what generated code conforms to.
///
/// A value is a view of an `Entity`: it keeps what the type doesn't know of (extension fields, annotations, the tag), and
/// remembers what was set, so that an update sends that alone.
public protocol ODataEntity: Sendable, Hashable {
    associatedtype Key: ODataEntityKey

    /// The entity set that operations use where none is given.
    static var entitySetName: String { get }
    static var typeName: QualifiedName { get }

    var entity: Entity { get set }

    /// Takes an entity as it is; properties that are missing there answer nil.
    init(entity: Entity)
}

extension ODataEntity {
    /// An entity to be created, without any property.
    public init() { self.init(entity: Entity(of: Self.typeName)) }

    /// The tag that came with it, which updates and deletions send as `If-Match`.
    public var etag: ETag? { entity.etag }

    /// A property that the type doesn't know, such as an extension field.
    public subscript(_ name: String) -> ODataValue? {
        get { entity[name] }
        set { entity[name] = newValue }
    }
}
