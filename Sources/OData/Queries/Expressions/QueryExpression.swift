/// What stands in `$filter`, `$orderby`, `$compute` and in arguments: a tree that is written in either version and read
/// back.
///
/// One tree serves both versions: `contains` becomes `substringof` with its arguments turned round in version 2.
/// Writing fails with a `QueryError` where a version has no such operator or function; no text of a name or value can
/// leave its place.
///
/// Source: OData 4.01 part 2 §5.1.1, ABNF §4; version 2: MS-ODATA §2.2.3.6.1.1.
public indirect enum QueryExpression: Sendable, Hashable {
    /// Nodes on the longest way down, the limit of what is read and written.
    public static let maxDepth = 100

    case literal(ODataValue)
    /// A property, a navigation to one, a function call, a lambda, a parameter alias.
    case path(MemberPath)
    case not(QueryExpression)
    case negate(QueryExpression)
    /// All of them; `true` if there are none, so that conditions can be gathered in an array.
    case and([QueryExpression])
    /// One of them at least; `false` if there are none.
    case or([QueryExpression])
    case binary(QueryOperator, QueryExpression, QueryExpression)
    case call(QueryFunction, [QueryExpression])
    /// Without an expression it is about the current instance.
    case cast(QueryExpression?, QueryTypeName)
    case isOf(QueryExpression?, QueryTypeName)
    /// `case(…)` of 4.01: the value of the first branch whose condition is true.
    case choice([ChoiceBranch])
    /// The right side of `in`, and nothing else.
    case list([QueryExpression])
    /// An array or object as JSON: a parameter, or a collection in `hassubset`. A scalar stands in `array` and `object`
    /// alone.
    case json(JSONNode)
    /// An array whose elements are expressions, one of them at least no JSON: `[FirstName,"Smith"]`.
    case array([QueryExpression])
    /// An object whose values are expressions, one of them at least no JSON.
    case object([ExpressionMember])
}

/// A name and its expression in an object.
public struct ExpressionMember: Sendable, Hashable {
    public var name: String
    public var value: QueryExpression

    public init(_ name: String, _ value: QueryExpression) { (self.name, self.value) = (name, value) }
}

/// A branch of `case(…)`.
public struct ChoiceBranch: Sendable, Hashable {
    public var condition: QueryExpression
    public var value: QueryExpression

    public init(_ condition: QueryExpression, _ value: QueryExpression) {
        (self.condition, self.value) = (condition, value)
    }
}

/// A type in `cast` and `isof`: `Edm.String`, a type of the service, or a collection of either. In 4.01 a type of a
/// default namespace may have an empty namespace here.
public struct QueryTypeName: Sendable, Hashable {
    public var name: QualifiedName
    public var isCollection: Bool

    public init(_ name: QualifiedName, isCollection: Bool = false) {
        (self.name, self.isCollection) = (name, isCollection)
    }

    public static func primitive(_ type: PrimitiveType) -> QueryTypeName {
        QueryTypeName(QualifiedName("Edm", String(type.rawValue.dropFirst("Edm.".count))))
    }
}

/// An argument of a function: by name, or without one where a key is given by a parameter alias (`Products(@id)`).
public struct NamedArgument: Sendable, Hashable {
    public var name: String?
    public var value: QueryExpression

    public init(_ name: String?, _ value: QueryExpression) { (self.name, self.value) = (name, value) }
}
