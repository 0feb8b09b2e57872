/// A field that a customer or partner added to an entity of SAP's.
public struct ExtensionField: Sendable, Hashable {
    public enum Origin: Sendable, Hashable {
        /// `YY1_NAME_CONTEXT`: made with the key user's tools; the context is the business context (`SDH`, `MMPUR_PDOC`).
        case keyUser(context: String?)
        /// `ZZ…`, `Z…`, `Y…`: the customer's or a partner's name space, of `ZZ1_` the part behind the digit.
        case customer
        /// `_KUT` at the end: key user's tool of Cloud for Customer and Business ByDesign.
        case cloudKeyUser
        /// `_SDK` at the end: a partner's solution there.
        case cloudPartner
    }

    public var name: String
    public var label: String?
    public var type: TypeReference
    public var origin: Origin

    /// Names are all that tells: no document marks such fields.
    ///
    /// - Returns: nil for a name of none of the forms.
    public static func origin(of name: String) -> Origin? {
        if name.hasPrefix("YY1_") {
            // The name itself may have underscores: the context is taken to be what follows its last one.
            let parts = name.dropFirst(4).split(separator: "_")
            return .keyUser(context: parts.count > 1 ? parts.last.map(String.init) : nil)
        }
        if name.hasSuffix("_KUT") { return .cloudKeyUser }
        if name.hasSuffix("_SDK") { return .cloudPartner }
        if name.hasPrefix("ZZ") { return .customer }
        if isCustomerName(name, "Z") || isCustomerName(name, "Y") { return .customer }
        return nil
    }

    /// `Z_…`, `ZA…` or `Z1…`: a word of its own such as `Zone` or `Year` is none.
    private static func isCustomerName(_ name: String, _ letter: Character) -> Bool {
        guard name.first == letter, let second = name.dropFirst().first else { return false }
        return second == "_" || second.isUppercase || second.isNumber
    }
}

extension Metadata {
    /// The fields of a type, its own and inherited, whose names say that they are a customer's or partner's.
    public func extensionFields(of type: QualifiedName) -> [ExtensionField] {
        let context = PresentationContext(of: type, nil, in: self)
        return properties(of: type).compactMap { property in
            ExtensionField.origin(of: property.name).map {
                ExtensionField(
                    name: property.name, label: presentation(of: property.name, in: type, context).label,
                    type: resolved(property.type), origin: $0)
            }
        }
    }

    /// What this service has beside the published one, and what it lacks: what was added, and what a user may not see.
    ///
    /// Types are compared by their names without namespace, since copies of a service have other namespaces.
    ///
    /// - Parameter published: the document that SAP publishes for the release.
    public func difference(to published: Metadata) -> MetadataDifference {
        let here = Self.byName(structuredTypes)
        let there = Self.byName(published.structuredTypes)
        var result = MetadataDifference()
        result.addedTypes = here.keys.filter { there[$0] == nil }.sorted()
        result.missingTypes = there.keys.filter { here[$0] == nil }.sorted()
        let sets = Set(entitySets.map(\.name))
        let publishedSets = Set(published.entitySets.map(\.name))
        result.addedSets = sets.subtracting(publishedSets).sorted()
        result.missingSets = publishedSets.subtracting(sets).sorted()
        for (name, type) in here {
            guard let other = there[name] else { continue }
            let change = Self.difference(type, other)
            if !change.isEmpty { result.changedTypes[name] = change }
        }
        return result
    }

    /// Of several schemas' types with one name the first by namespace, so that the answer is always the same.
    private static func byName(_ types: [QualifiedName: StructuredType]) -> [String: StructuredType] {
        Dictionary(types.map { ($0.key.name, $0.value) }) { left, right in
            left.name.namespace < right.name.namespace ? left : right
        }
    }

    private static func difference(_ type: StructuredType, _ published: StructuredType) -> MetadataDifference.Change {
        var change = MetadataDifference.Change()
        let known = Dictionary(published.properties.map { ($0.name, $0) }) { first, _ in first }
        let names = Set(type.properties.map(\.name))
        change.added = type.properties.filter { known[$0.name] == nil }
        change.missing = published.properties.map(\.name).filter { !names.contains($0) }
        change.retyped = type.properties.filter { property in
            guard let other = known[property.name] else { return false }
            return property.type.withoutNamespace != other.type.withoutNamespace
        }.map(\.name)
        let navigations = Set(type.navigationProperties.map(\.name))
        let publishedNavigations = Set(published.navigationProperties.map(\.name))
        change.addedNavigations = navigations.subtracting(publishedNavigations).sorted()
        change.missingNavigations = publishedNavigations.subtracting(navigations).sorted()
        return change
    }
}

/// How a service differs from the one that SAP publishes. Names are without namespace, in order.
public struct MetadataDifference: Sendable, Hashable {
    public struct Change: Sendable, Hashable {
        /// With their labels in `sap` and `annotations`.
        public var added: [Property] = []
        public var missing: [String] = []
        /// Properties of another type or with other facets.
        public var retyped: [String] = []
        public var addedNavigations: [String] = []
        public var missingNavigations: [String] = []

        var isEmpty: Bool { self == Change() }
    }

    public var addedTypes: [String] = []
    public var missingTypes: [String] = []
    public var addedSets: [String] = []
    public var missingSets: [String] = []
    /// By the type's name without namespace.
    public var changedTypes: [String: Change] = [:]

    public var isEmpty: Bool { self == MetadataDifference() }
}

extension TypeReference {
    fileprivate var withoutNamespace: TypeReference {
        guard case .named(let name) = base else { return self }
        var copy = self
        copy.base = .named(QualifiedName("", name.name))
        return copy
    }
}
