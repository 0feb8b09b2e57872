/// A property or navigation with a name, for `select` and `expand`.
public protocol NamedProperty: Sendable {
    /// A path of names.
    var name: String { get }
}

/// A property whose owner's and value's types Swift knows: what generated code has for each property.
///
/// Compares with values of that type alone: `Partner.city == "Rome"`; `Partner.blocked == 3` doesn't compile.
public struct TypedProperty<Root, Value>: NamedProperty, Hashable {
    public let name: String

    public init(_ name: String) { self.name = name }

    /// For what has no operator here.
    public var expression: QueryExpression { .property(name) }

    /// A property behind this complex property or single navigation.
    public func appending<Next>(_ next: TypedProperty<Value, Next>) -> TypedProperty<Root, Next> {
        TypedProperty<Root, Next>(name + "/" + next.name)
    }

    /// Whether there is no value.
    public var isNull: QueryExpression { .binary(.equal, expression, .literal(.null)) }
}

extension TypedProperty where Value: ODataConvertible {
    public static func == (left: Self, right: Value) -> QueryExpression { left.expression == .value(right) }
    public static func != (left: Self, right: Value) -> QueryExpression { left.expression != .value(right) }
    public static func > (left: Self, right: Value) -> QueryExpression { left.expression > .value(right) }
    public static func < (left: Self, right: Value) -> QueryExpression { left.expression < .value(right) }
    public static func >= (left: Self, right: Value) -> QueryExpression { left.expression >= .value(right) }
    public static func <= (left: Self, right: Value) -> QueryExpression { left.expression <= .value(right) }

    public static func == (left: Self, right: Self) -> QueryExpression { left.expression == right.expression }
    public static func != (left: Self, right: Self) -> QueryExpression { left.expression != right.expression }
    public static func > (left: Self, right: Self) -> QueryExpression { left.expression > right.expression }
    public static func < (left: Self, right: Self) -> QueryExpression { left.expression < right.expression }
    public static func >= (left: Self, right: Self) -> QueryExpression { left.expression >= right.expression }
    public static func <= (left: Self, right: Self) -> QueryExpression { left.expression <= right.expression }

    /// Equal to one of the values; see `QueryExpression.isOneOf(_:)`.
    public func isOneOf(_ values: [Value]) -> QueryExpression { expression.isOneOf(values.map { .value($0) }) }
    /// One of a list; 4.01.
    public func isIn(_ values: [Value]) -> QueryExpression { expression.isIn(values.map { .value($0) }) }
}

extension TypedProperty where Value == String {
    /// Whether the text has the other in it.
    public func contains(_ text: String) -> QueryExpression { expression.contains(.value(text)) }
    /// Whether the text begins with the other.
    public func startsWith(_ text: String) -> QueryExpression { expression.startsWith(.value(text)) }
    /// Whether the text ends with the other.
    public func endsWith(_ text: String) -> QueryExpression { expression.endsWith(.value(text)) }
}
