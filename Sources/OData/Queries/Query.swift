/// A resource and options: what a URL below the service root says.
///
/// Values are built up by calls that each give a new query, and are written for a version at the end:
///
///     Query("A_BusinessPartner").key("1").navigate("to_Address").select("City").filter(.property("City") == "Rome")
///
/// Nothing is checked before `encoded(_:metadata:)`, which throws rather than write a URL that the version doesn't
/// have.
public struct Query: Sendable, Hashable {
    /// Where it is.
    public var path: ResourcePath
    /// What of it, and how.
    public var options = QueryOptions()

    /// The service document, and the start of nested options.
    public init() { path = ResourcePath() }

    /// - Parameter path: a set, singleton or import, or several names with slashes between them; a name with dots is
    ///   a type or an operation. Keys are given by `key(_:)`.
    public init(_ path: String) {
        self.path = ResourcePath(Query.segments(path))
    }

    public init(path: ResourcePath, options: QueryOptions = QueryOptions()) {
        (self.path, self.options) = (path, options)
    }

    /// `$metadata`: what the service consists of.
    public static var metadata: Query { Query(path: ResourcePath([.metadata])) }
    /// `$batch`: several requests in one.
    public static var batch: Query { Query(path: ResourcePath([.batch])) }
    /// `$all`: every entity of the service, of whatever type. Version 4.
    public static var all: Query { Query(path: ResourcePath([.all])) }

    /// All combinations of the sets' entities.
    public static func crossjoin(_ sets: String...) -> Query { Query(path: ResourcePath([.crossjoin(sets)])) }

    /// An entity by its id, as a payload gave it.
    public static func entity(id: String) -> Query {
        var query = Query(path: ResourcePath([.entity]))
        query.options.id = id
        return query
    }

    /// What the request with this Content-ID of the same batch makes or changes.
    public static func contentID(_ id: String) -> Query { Query(path: ResourcePath([.contentID(id)])) }

    static func segments(_ path: String) -> [PathSegment] {
        path.split(separator: "/", omittingEmptySubsequences: false).map { text in
            let name = String(text)
            return ResourcePath.keyword(name) ?? QualifiedName(name).map { .qualified($0) } ?? .name(name)
        }
    }
}

extension ResourcePath {
    /// Segments that the protocol has.
    static func keyword(_ name: String) -> PathSegment? {
        switch name {
        case "$count": .count
        case "$value": .value
        case "$ref": .ref
        case "$links": .links
        case "$metadata": .metadata
        case "$batch": .batch
        case "$all": .all
        case "$entity": .entity
        case "$each": .each
        case "$query": .query
        default: nil
        }
    }
}
