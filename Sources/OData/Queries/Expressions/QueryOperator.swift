/// An operator between two expressions, besides `and` and `or`.
public enum QueryOperator: String, Sendable, Hashable, CaseIterable {
    case equal = "eq"
    case notEqual = "ne"
    case greater = "gt"
    case greaterOrEqual = "ge"
    case less = "lt"
    case lessOrEqual = "le"
    /// Flags of an enumeration; version 4.
    case has
    /// Member of a list; 4.01.
    case `in`
    case add
    case subtract = "sub"
    case multiply = "mul"
    case divide = "div"
    /// Division with a fraction, of integers too; 4.01.
    case divideExactly = "divby"
    case modulo = "mod"

    /// The first version that has it.
    public var since: ODataVersion {
        switch self {
        case .has: .v4
        case .in, .divideExactly: .v401
        default: .v2
        }
    }

    /// Both sides are compared with each other.
    var isComparison: Bool {
        switch self {
        case .equal, .notEqual, .greater, .greaterOrEqual, .less, .lessOrEqual: true
        default: false
        }
    }

    var precedence: Precedence {
        switch self {
        case .equal, .notEqual: .equality
        case .greater, .greaterOrEqual, .less, .lessOrEqual: .relational
        case .add, .subtract: .additive
        case .multiply, .divide, .divideExactly, .modulo: .multiplicative
        case .has, .in: .membership
        }
    }
}

/// How tightly operators bind, loosest first (OData 4.01 part 2 §5.1.1.17).
enum Precedence: Int, Comparable {
    case any, or, and, equality, relational, additive, multiplicative, unary, membership, primary

    static func < (left: Precedence, right: Precedence) -> Bool { left.rawValue < right.rawValue }
}
