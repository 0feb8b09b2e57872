extension QueryExpression {
    /// - Parameter path: `Name`, `Address/City`, `$it/Name`, `Items/$count`: see `MemberPath.init(_:)`.
    public static func property(_ path: String) -> QueryExpression { .path(MemberPath(path)) }

    /// A literal, in the type that Swift's has.
    public static func value(_ value: some ODataConvertible) -> QueryExpression { .literal(value.queryLiteral) }

    /// A parameter alias, whose value `Query.alias(_:_:)` gives.
    public static func alias(_ name: String) -> QueryExpression { .path(MemberPath(.alias(name), [])) }

    /// The instance that the resource path identifies.
    public static var it: QueryExpression { .path(MemberPath(.it, [])) }
    /// `$this` of 4.01: the instance that the option is about.
    public static var this: QueryExpression { .path(MemberPath(.this, [])) }

    /// A function of the service on the current instance.
    ///
    /// - Parameter name: with its namespace.
    public static func function(
        _ name: String, _ arguments: KeyValuePairs<String, QueryExpression> = [:]
    ) -> QueryExpression {
        .path(MemberPath(.implicit, [.call(name, arguments.map { NamedArgument($0.key, $0.value) })]))
    }

    /// The service's time; version 4.
    public static var now: QueryExpression { .call(.now, []) }

    /// A property of what this path leads to. Of anything but a path nothing can be had: it can't be written then.
    public func property(_ path: String) -> QueryExpression { appending(MemberPath(path).steps) }

    /// How many members the collection has.
    public var count: QueryExpression { appending([.count()]) }

    /// How many members the condition holds for; 4.01.
    public func count(where condition: QueryExpression) -> QueryExpression { appending([.count(filter: condition)]) }

    /// Whether the collection has any member.
    public func any() -> QueryExpression { appending([.any(nil)]) }

    /// Whether the condition holds for one member at least.
    ///
    /// - Parameter variable: another name than those of lambdas around it.
    public func any(_ variable: String = "x", where condition: (QueryExpression) -> QueryExpression) -> QueryExpression
    {
        appending([.any(Lambda(variable, condition(.path(MemberPath(.implicit, [.name(variable)])))))])
    }

    /// Whether the condition holds for every member.
    public func all(_ variable: String = "x", where condition: (QueryExpression) -> QueryExpression) -> QueryExpression
    {
        appending([.all(Lambda(variable, condition(.path(MemberPath(.implicit, [.name(variable)])))))])
    }

    /// The same as one of a list; an empty list is nothing's.
    ///
    /// Needs 4.01. `isOneOf` says the same in every version.
    public func isIn(_ values: [QueryExpression]) -> QueryExpression { .binary(.in, self, .list(values)) }

    /// Equal to one of the values: `in` spelled with `eq` and `or`, which every version has.
    public func isOneOf(_ values: [QueryExpression]) -> QueryExpression {
        .or(values.map { .binary(.equal, self, $0) })
    }

    /// Whether all these flags are set; version 4.
    public func has(_ flags: EnumerationValue) -> QueryExpression { .binary(.has, self, .literal(.enumeration(flags))) }

    /// Whether the text has the other in it.
    public func contains(_ text: QueryExpression) -> QueryExpression { .call(.contains, [self, text]) }
    /// Whether the text begins with the other.
    public func startsWith(_ text: QueryExpression) -> QueryExpression { .call(.startsWith, [self, text]) }
    /// Whether the text ends with the other.
    public func endsWith(_ text: QueryExpression) -> QueryExpression { .call(.endsWith, [self, text]) }
    /// Whether a regular expression (of ECMAScript) finds something; 4.01.
    public func matches(pattern: QueryExpression) -> QueryExpression { .call(.matchesPattern, [self, pattern]) }
    /// In small letters.
    public func toLower() -> QueryExpression { .call(.toLower, [self]) }
    /// In capitals.
    public func toUpper() -> QueryExpression { .call(.toUpper, [self]) }
    /// Without white space at both ends.
    public func trim() -> QueryExpression { .call(.trim, [self]) }
    /// In characters.
    public var length: QueryExpression { .call(.length, [self]) }
    /// As a value of another type, null where it is none.
    public func cast(to type: QueryTypeName) -> QueryExpression { .cast(self, type) }
    /// Whether it is of the type.
    public func isOf(_ type: QueryTypeName) -> QueryExpression { .isOf(self, type) }

    /// What isn't a path becomes one that no version can write, so that the fault shows when the query is written.
    private func appending(_ steps: [MemberStep]) -> QueryExpression {
        guard case .path(var path) = self else { return .path(MemberPath(.implicit, [.name("")] + steps)) }
        path.steps += steps
        return .path(path)
    }
}

extension ODataConvertible {
    /// Whole numbers of Swift's `Int`, which stands for no particular type of the protocol, are written without a
    /// suffix as far as 32 bits go; metadata gives them their property's type.
    var queryLiteral: ODataValue {
        if let number = self as? Int, let small = Int32(exactly: number) { return .int32(small) }
        return odataValue
    }
}

extension QueryExpression: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .literal(.string(value)) }
    public init(integerLiteral value: Int64) {
        self = .literal(Int32(exactly: value).map { .int32($0) } ?? .int64(value))
    }
    public init(floatLiteral value: Double) { self = .literal(.double(value)) }
    public init(booleanLiteral value: Bool) { self = .literal(.boolean(value)) }
    public init(nilLiteral: ()) { self = .literal(.null) }
}
