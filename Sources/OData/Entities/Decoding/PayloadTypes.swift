/// The types that a reader has met, each with a number, and what it has learnt about their payloads.
///
/// Number 0 is the type of objects of which nothing is known.
struct PayloadTypes: Sendable {
    private(set) var names: [QualifiedName?] = [nil]
    private var numbers: [QualifiedName: Int32] = [:]
    /// By the text in a payload (`#NS.Type`, `Collection(Edm.String)`), with a bound.
    private var plans: [String: ValuePlan] = [:]
    let metadata: Metadata?
    let version: ODataVersion

    private static let maxPlans = 1024

    init(metadata: Metadata?, version: ODataVersion) { (self.metadata, self.version) = (metadata, version) }

    mutating func number(of name: QualifiedName) -> Int32 {
        if let number = numbers[name] { return number }
        let number = Int32(names.count)
        numbers[name] = number
        names.append(name)
        return number
    }

    /// - Parameter type: by its number.
    mutating func plan(ofMember name: String, in type: Int32) -> ValuePlan {
        guard let metadata, let owner = names[Int(type)] else { return .guess }
        if let property = metadata.property(name, of: owner) { return plan(property.type) }
        guard let navigation = metadata.navigationProperty(name, of: owner) else { return .guess }
        return ValuePlan(kind: .entity, isCollection: navigation.isCollection, type: number(of: navigation.target))
    }

    mutating func plan(_ type: TypeReference) -> ValuePlan {
        var plan: ValuePlan
        switch type.base {
        case .primitive(let primitive): plan = ValuePlan(kind: .primitive, primitive: primitive)
        case .named(let name): plan = self.plan(named: name)
        case .abstract("Edm.Untyped"): plan = ValuePlan(kind: .untyped)
        case .abstract: plan = .guess
        }
        plan.isCollection = type.isCollection
        return plan
    }

    private mutating func plan(named name: QualifiedName) -> ValuePlan {
        if let definition = metadata?.typeDefinition(name) {
            // Of a primitive type always; anything else would be a circle.
            guard case .primitive(let primitive) = definition.underlyingType.base else { return .guess }
            return ValuePlan(kind: .primitive, primitive: primitive)
        }
        if metadata?.enumerationType(name) != nil { return ValuePlan(kind: .enumeration, type: number(of: name)) }
        guard let type = metadata?.structuredType(name) else { return .guess }
        return ValuePlan(kind: type.kind == .entity ? .entity : .complex, type: number(of: name))
    }

    /// The plan for a type that a payload names. A type that the metadata doesn't have is guessed.
    mutating func plan(text: String) -> ValuePlan {
        if let known = plans[text] { return known }
        let plan = parsed(text)
        if plans.count < Self.maxPlans { plans[text] = plan }
        return plan
    }

    private mutating func parsed(_ text: String) -> ValuePlan {
        var name = text.drop { $0 == "#" }
        let isCollection = name.hasPrefix("Collection(") && name.hasSuffix(")")
        if isCollection { name = name.dropFirst(11).dropLast().drop { $0 == "#" } }
        var plan = plan(name: String(name))
        plan.isCollection = isCollection
        return plan
    }

    private mutating func plan(name: String) -> ValuePlan {
        // Version 4 leaves `Edm.` away in payloads.
        let full = name.contains(".") ? name : "Edm." + name
        if full == "Edm.Untyped" { return ValuePlan(kind: .untyped) }
        if let primitive = PrimitiveType(rawValue: full) { return ValuePlan(kind: .primitive, primitive: primitive) }
        return QualifiedName(full).map { plan(named: $0) } ?? .guess
    }

    /// The number of a structured type that a payload names for an object; nil for one that the metadata doesn't have.
    mutating func structured(_ text: String) -> Int32? {
        let plan = plan(text: text)
        guard !plan.isCollection, plan.kind == .complex || plan.kind == .entity else { return nil }
        return plan.type
    }
}
