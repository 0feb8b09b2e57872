/// A path in an expression: where it begins, and steps from there.
public struct MemberPath: Sendable, Hashable {
    /// Where a path begins.
    public enum Root: Sendable, Hashable {
        /// The instance that the option is about, or a lambda variable, which is the first step then.
        case implicit
        /// `$it`: the instance that the resource path identifies.
        case it
        /// `$this` of 4.01: the instance that the option is about, where `$it` is another.
        case this
        /// `$root`: the service, whose sets and singletons follow.
        case root
        /// `$these` of data aggregation: all instances of the current collection.
        case these
        /// `@name`, given as an option of the query; its name without the `@`.
        case alias(String)
    }

    /// The implicit instance in most paths.
    public var root: Root
    /// At least one behind the implicit root and `$root`.
    public var steps: [MemberStep]

    public init(_ root: Root = .implicit, _ steps: [MemberStep]) { (self.root, self.steps) = (root, steps) }

    /// - Parameter text: names separated by slashes: `Address/City`, `$it/Name`, `Items/$count`, with type casts
    ///   (`ns.Manager/Level`) and annotations (`@ns.Term`). Nothing is checked before it is written.
    public init(_ text: some StringProtocol) {
        var names = String(text).split(separator: "/" as Character, omittingEmptySubsequences: false).map(String.init)
        switch names.first {
        case "$it": root = .it
        case "$this": root = .this
        case "$root": root = .root
        case "$these": root = .these
        default: root = .implicit
        }
        if root != .implicit { names.removeFirst() }
        steps = names.map { name in
            if name == "$count" { return .count() }
            if name.hasPrefix("@") { return .annotation(String(name.dropFirst())) }
            return QualifiedName(name).map { .type($0) } ?? .name(name)
        }
    }
}

/// A step of a path in an expression.
public enum MemberStep: Sendable, Hashable {
    /// A property, a navigation, a set behind `$root`, a lambda variable.
    case name(String)
    /// To a derived type.
    case type(QualifiedName)
    /// Of the set or navigation before it.
    case key(EntityKey)
    /// A function of the service, with its namespace if the version is below 4.01 or an argument is a literal: without
    /// one it reads like a key.
    case call(String, [NamedArgument])
    /// Without a lambda: whether there is any.
    case any(Lambda?)
    case all(Lambda)
    /// 4.01: those that the condition holds for.
    case filter(QueryExpression)
    /// How many; conditions are of 4.01.
    case count(filter: QueryExpression? = nil, search: SearchExpression? = nil)
    /// An annotation's term with its namespace and perhaps a qualifier: `ns.Term#qualifier`.
    case annotation(String)
    /// Data aggregation's function on a collection.
    case aggregate(AggregateItem)
}

/// A condition on the members of a collection, each of which is its variable.
public struct Lambda: Sendable, Hashable {
    public var variable: String
    public var predicate: QueryExpression

    public init(_ variable: String, _ predicate: QueryExpression) {
        (self.variable, self.predicate) = (variable, predicate)
    }
}
