/// The options of a query, or of an expanded navigation. nil and empty are not written.
public struct QueryOptions: Sendable, Hashable {
    /// A Boolean expression.
    public var filter: QueryExpression?
    /// All properties if it is empty.
    public var select: [SelectItem] = []
    /// Navigations whose entities come in the same answer.
    public var expand: [ExpandItem] = []
    /// The first one first.
    public var orderBy: [OrderItem] = []
    /// At most so many; the client follows the server's pages until they are there.
    public var top: Int?
    /// Without so many at the beginning.
    public var skip: Int?
    /// `$count=true`, or `$inlinecount=allpages` of version 2: the answer says how many there are.
    public var count: Bool?
    /// Free text; version 4.
    public var search: SearchExpression?
    /// 4.01.
    public var compute: [ComputeItem] = []
    /// Transformations one after the other.
    public var apply: [Transformation] = []
    /// Of an expanded navigation alone: how often it is followed.
    public var levels: ExpandLevels?
    /// `json`, or a media type.
    public var format: String?
    /// Where a new member of an ordered collection goes; negative counts from the end. 4.01.
    public var index: Int?
    /// The server's own, not to be made up.
    public var skipToken: String?
    /// The server's own. Version 4.
    public var deltaToken: String?
    /// 4.01; `*` is the current one.
    public var schemaVersion: String?
    /// The entity that `$entity` or `$ref` is about.
    public var id: String?
    /// Values of `@name` in expressions and arguments; version 4.
    public var aliases: [QueryAlias] = []
    /// Options of the service, such as `sap-client`, in order; a name may occur twice.
    public var custom: [CustomOption] = []

    public init() {}

    /// Nothing is set.
    public var isEmpty: Bool { self == QueryOptions() }
}

/// A parameter alias and its value.
public struct QueryAlias: Sendable, Hashable {
    /// Without the `@`.
    public var name: String
    public var value: QueryExpression

    public init(_ name: String, _ value: QueryExpression) { (self.name, self.value) = (name, value) }
}

/// An option that the protocol doesn't know. Neither part begins an option of its own, whatever characters it has.
public struct CustomOption: Sendable, Hashable {
    /// Not empty, without `$` or `@` in front.
    public var name: String
    /// nil: a name without `=`.
    public var value: String?

    public init(_ name: String, _ value: String?) { (self.name, self.value) = (name, value) }
}

/// What `$select` names: a path of names, `*`, `ns.*` for all operations of a schema, `ns.Function(parameter,…)`.
public struct SelectItem: Sendable, Hashable, ExpressibleByStringLiteral {
    public var path: String
    /// 4.01: of a complex property or a collection.
    public var options: QueryOptions

    public init(_ path: String, options: QueryOptions = QueryOptions()) { (self.path, self.options) = (path, options) }
    public init(stringLiteral path: String) { self.init(path) }
}

/// A navigation that is expanded.
public struct ExpandItem: Sendable, Hashable, ExpressibleByStringLiteral {
    /// What of the entities is wanted.
    public enum Form: Sendable, Hashable {
        case entities
        /// `/$ref`: their ids alone.
        case references
        /// `/$count`: how many, and nothing of them.
        case count
    }

    /// A navigation's name, with complex properties and type casts in front; `*` for all navigations. Version 2 has
    /// navigations of navigations here (`to_Items/to_Product`), which with metadata are written nested in version 4.
    public var path: String
    public var form: Form
    public var options: QueryOptions

    public init(_ path: String, form: Form = .entities, options: QueryOptions = QueryOptions()) {
        (self.path, self.form, self.options) = (path, form, options)
    }

    public init(stringLiteral path: String) { self.init(path) }
}

/// How often a navigation from a type to itself is followed.
public enum ExpandLevels: Sendable, Hashable {
    case count(Int)
    /// As far as the service does.
    case max
}

/// What a result is ordered by.
public struct OrderItem: Sendable, Hashable {
    public var expression: QueryExpression
    public var isDescending: Bool

    public init(_ expression: QueryExpression, isDescending: Bool = false) {
        (self.expression, self.isDescending) = (expression, isDescending)
    }

    /// From the smallest to the largest.
    public static func ascending(_ path: String) -> OrderItem { OrderItem(.property(path)) }
    /// From the largest to the smallest.
    public static func descending(_ path: String) -> OrderItem { OrderItem(.property(path), isDescending: true) }
    /// From the smallest to the largest.
    public static func ascending(_ property: some NamedProperty) -> OrderItem { .ascending(property.name) }
    /// From the largest to the smallest.
    public static func descending(_ property: some NamedProperty) -> OrderItem { .descending(property.name) }
}

/// A property that the service computes.
public struct ComputeItem: Sendable, Hashable {
    public var expression: QueryExpression
    public var alias: String

    public init(_ expression: QueryExpression, as alias: String) { (self.expression, self.alias) = (expression, alias) }
}
