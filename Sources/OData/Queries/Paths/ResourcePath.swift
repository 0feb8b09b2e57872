/// The path of a resource, relative to the service root; empty for the service document.
public struct ResourcePath: Sendable, Hashable {
    /// In order; a key is a segment of its own.
    public var segments: [PathSegment]

    public init(_ segments: [PathSegment] = []) { self.segments = segments }

    /// The key at the end of the path, if it ends in one.
    public var lastKey: EntityKey? {
        guard case .key(let key) = segments.last else { return nil }
        return key
    }
}

/// A part of a path. A key is one of its own, although no slash stands before it.
public enum PathSegment: Sendable, Hashable {
    /// A set, singleton, property, navigation, function or action import.
    case name(String)
    /// A type cast, an action, or a function without parentheses.
    case qualified(QualifiedName)
    case key(EntityKey)
    /// A key value as a segment of its own, in 4.01 and where a service says so (part 2 §4.3.6).
    case keySegment(ODataValue)
    /// A function with its arguments. Without a namespace and with literals alone it reads like a key: only metadata
    /// tells. Version 2 writes the arguments as options of the query.
    case call(String, [NamedArgument])
    /// `$links` of version 2; a navigation follows.
    case links
    case count
    case value
    /// `$ref` of version 4.
    case ref
    case metadata
    case batch
    /// All entities of the service.
    case all
    case crossjoin([String])
    /// An entity by its id, which is an option.
    case entity
    /// All members of the collection, for a bound action or an update.
    case each
    /// Those members that a condition holds for.
    case filter(QueryExpression)
    /// The options are in the body of a POST (4.01 part 2 §4.17).
    case query
    /// What another request of a batch made: `$1`. Only at the beginning.
    case contentID(String)
}
