extension QueryExpression {
    public static func == (left: QueryExpression, right: QueryExpression) -> QueryExpression {
        .binary(.equal, left, right)
    }
    public static func != (left: QueryExpression, right: QueryExpression) -> QueryExpression {
        .binary(.notEqual, left, right)
    }
    public static func > (left: QueryExpression, right: QueryExpression) -> QueryExpression {
        .binary(.greater, left, right)
    }
    public static func < (left: QueryExpression, right: QueryExpression) -> QueryExpression {
        .binary(.less, left, right)
    }
    public static func >= (left: QueryExpression, right: QueryExpression) -> QueryExpression {
        .binary(.greaterOrEqual, left, right)
    }
    public static func <= (left: QueryExpression, right: QueryExpression) -> QueryExpression {
        .binary(.lessOrEqual, left, right)
    }

    public static func == (left: QueryExpression, right: some ODataConvertible) -> QueryExpression {
        left == value(right)
    }
    public static func != (left: QueryExpression, right: some ODataConvertible) -> QueryExpression {
        left != value(right)
    }
    public static func > (left: QueryExpression, right: some ODataConvertible) -> QueryExpression {
        left > value(right)
    }
    public static func < (left: QueryExpression, right: some ODataConvertible) -> QueryExpression {
        left < value(right)
    }
    public static func >= (left: QueryExpression, right: some ODataConvertible) -> QueryExpression {
        left >= value(right)
    }
    public static func <= (left: QueryExpression, right: some ODataConvertible) -> QueryExpression {
        left <= value(right)
    }

    public static func + (left: QueryExpression, right: QueryExpression) -> QueryExpression {
        .binary(.add, left, right)
    }
    public static func - (left: QueryExpression, right: QueryExpression) -> QueryExpression {
        .binary(.subtract, left, right)
    }
    public static func * (left: QueryExpression, right: QueryExpression) -> QueryExpression {
        .binary(.multiply, left, right)
    }
    /// `div`: of two integers an integer.
    public static func / (left: QueryExpression, right: QueryExpression) -> QueryExpression {
        .binary(.divide, left, right)
    }
    public static func % (left: QueryExpression, right: QueryExpression) -> QueryExpression {
        .binary(.modulo, left, right)
    }
    public static prefix func - (operand: QueryExpression) -> QueryExpression { .negate(operand) }

    /// Joins chains of `&&` to one node, so that a long one is not a deep tree.
    public static func && (left: QueryExpression, right: QueryExpression) -> QueryExpression {
        guard case .and(var members) = left, members.count > 1 else { return .and([left, right]) }
        members.append(right)
        return .and(members)
    }

    public static func || (left: QueryExpression, right: QueryExpression) -> QueryExpression {
        guard case .or(var members) = left, members.count > 1 else { return .or([left, right]) }
        members.append(right)
        return .or(members)
    }

    public static prefix func ! (operand: QueryExpression) -> QueryExpression { .not(operand) }
}
