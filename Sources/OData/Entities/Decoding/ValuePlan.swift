/// How a value is read: what its type says, in a form that costs nothing to copy.
struct ValuePlan: Sendable, Equatable {
    enum Kind: Sendable {
        /// Not looked up yet.
        case unresolved
        /// No type is known: what the JSON looks like decides.
        case guess
        /// `Edm.Untyped`: kept as it comes.
        case untyped
        case primitive
        case enumeration
        case complex
        /// A navigation, or an entity that is a result.
        case entity
    }

    var kind: Kind
    var isCollection = false
    var primitive: PrimitiveType = .string
    /// The place of the type's name in `PayloadTypes`.
    var type: Int32 = 0

    static let unresolved = ValuePlan(kind: .unresolved)
    static let guess = ValuePlan(kind: .guess)

    /// The plan of one element.
    var element: ValuePlan {
        var plan = self
        plan.isCollection = false
        return plan
    }

    /// Whether reading it again recurs into nothing.
    var isScalar: Bool { kind == .primitive || kind == .enumeration }
}
