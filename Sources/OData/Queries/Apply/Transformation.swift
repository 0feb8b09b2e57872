/// A step of `$apply` (OData Data Aggregation 4.0 §3, §6): a set of instances becomes another.
public indirect enum Transformation: Sendable, Hashable {
    case aggregate([AggregateItem])
    /// Those with equal properties become one, to which the transformations are applied.
    case groupBy([GroupingItem], [Transformation] = [])
    case filter(QueryExpression)
    case search(SearchExpression)
    case compute([ComputeItem])
    /// `topcount` and the like: so many, such a sum or share, of those with the largest or smallest values.
    case limit(LimitKind, QueryExpression, by: QueryExpression)
    case top(Int)
    case skip(Int)
    case orderBy([OrderItem])
    case identity
    /// The results of all of them, one after the other; at least two.
    case concat([[Transformation]])
    /// A related collection, its members with those of the current one; `isOuter` keeps what has none.
    case join(path: String, as: String, [Transformation] = [], isOuter: Bool = false)
    case nest([NestItem])
    /// Related instances, transformed, under a new name.
    case addNested(path: String, [NestItem])
    /// `ancestors`, `descendants`, `traverse`, and transformations of the service (with a namespace).
    case call(String, [TransformationArgument])

    /// Which instances are kept, by their name in the text.
    public enum LimitKind: String, Sendable, Hashable, CaseIterable {
        case topCount = "topcount"
        case topSum = "topsum"
        case topPercent = "toppercent"
        case bottomCount = "bottomcount"
        case bottomSum = "bottomsum"
        case bottomPercent = "bottompercent"
    }

    /// Transformations with slashes between them.
    ///
    /// - Throws: `.syntax` with the offset in bytes, `.tooDeep`.
    public static func parse(_ text: some StringProtocol, version: ODataVersion) throws(QueryError) -> [Transformation]
    {
        var parser = ExpressionParser(Array(text.utf8), version)
        return try parser.whole { (parser: inout ExpressionParser) throws(QueryError) in try parser.transformations() }
    }
}

/// What `aggregate` makes of many instances.
public struct AggregateItem: Sendable, Hashable {
    /// An earlier aggregation that this one is of: `from Time with average`.
    public struct From: Sendable, Hashable {
        /// Paths that the earlier aggregation was grouped by.
        public var properties: [String]
        public var method: AggregateMethod?

        public init(_ properties: [String], with method: AggregateMethod? = nil) {
            (self.properties, self.method) = (properties, method)
        }
    }

    /// A value of each instance, a path that ends in `$count`, or the name of a custom aggregate.
    public var expression: QueryExpression
    /// nil for counts and custom aggregates.
    public var method: AggregateMethod?
    /// Earlier aggregations, the last one first.
    public var from: [From]
    /// The name of the result; nil for a custom aggregate that keeps its own, and in an expression.
    public var alias: String?

    public init(
        _ expression: QueryExpression, with method: AggregateMethod? = nil, from: [From] = [], as alias: String? = nil
    ) {
        (self.expression, self.method) = (expression, method)
        (self.from, self.alias) = (from, alias)
    }

    /// How many instances there are.
    public static func count(as alias: String) -> AggregateItem {
        AggregateItem(.path(MemberPath(.implicit, [.count()])), as: alias)
    }

    /// The sum of a property.
    public static func sum(_ path: String, as alias: String) -> AggregateItem {
        AggregateItem(.property(path), with: .sum, as: alias)
    }
}

/// How values become one.
public enum AggregateMethod: Sendable, Hashable {
    case sum, min, max, average
    case countDistinct
    case custom(QualifiedName)
}

/// What `groupby` groups by.
public enum GroupingItem: Sendable, Hashable, ExpressibleByStringLiteral {
    /// A path of names.
    case property(String)
    /// Levels from the coarsest to the finest, and all of it if `isTotal` (`$all`, of earlier drafts that SAP has); one
    /// name alone is that of a hierarchy.
    case rollUp([String], isTotal: Bool = false)
    /// `rolluprecursive`.
    case recursive([TransformationArgument])

    public init(stringLiteral path: String) { self = .property(path) }
}

/// A nested result and its name.
public struct NestItem: Sendable, Hashable {
    public var transformations: [Transformation]
    public var alias: String

    public init(_ transformations: [Transformation], as alias: String) {
        (self.transformations, self.alias) = (transformations, alias)
    }
}

/// An argument of a transformation that has no case of its own.
public enum TransformationArgument: Sendable, Hashable {
    /// A path, a number, an order; an ascending order is an expression alone.
    case expression(OrderItem)
    /// By a name.
    case named(String, QueryExpression)
    /// At least one.
    case transformations([Transformation])
    case keepStart
}
