/// An entity or complex type for people: what `describe` shows.
public struct TypeDescription: Sendable, Hashable {
    public struct Field: Sendable, Hashable {
        public var name: String
        /// `String(10)`, `Decimal(15,2)`, `Collection(Address)`; names of this service without their namespace.
        public var type: String
        public var isKey: Bool
        public var isNullable: Bool
        /// Of another type's declaration; nil if it is this type's own.
        public var inheritedFrom: QualifiedName?
        public var presentation: FieldPresentation
        public var hasValueHelp: Bool
        /// A customer's or partner's field.
        public var origin: ExtensionField.Origin?
    }

    public struct Navigation: Sendable, Hashable {
        public var name: String
        public var target: QualifiedName
        public var isCollection: Bool
        public var isNullable: Bool
        public var isContainment: Bool
        /// The set that it leads to from the set described, if there is one.
        public var targetSet: String?
        public var constraints: [ReferentialConstraint]
        public var label: String?

        /// `*`, `0..1` or `1`.
        public var multiplicity: String { isCollection ? "*" : isNullable ? "0..1" : "1" }
    }

    public var name: QualifiedName
    public var kind: StructuredType.Kind
    public var label: String?
    public var baseType: QualifiedName?
    public var isAbstract: Bool
    public var isOpen: Bool
    public var isMediaEntity: Bool
    /// Names in a key predicate, in order.
    public var key: [String]
    public var fields: [Field]
    public var navigations: [Navigation]
    /// The set described, or the first set of the type.
    public var set: String?
    public var capabilities: SetCapabilities?
    public var draft: DraftInfo?
    /// Bound actions and functions, with the parameters behind the binding one.
    public var operations: [OperationDescription]
}

/// A function, action or import for people.
public struct OperationDescription: Sendable, Hashable {
    public struct Parameter: Sendable, Hashable {
        public var name: String
        public var type: String
        public var isOptional: Bool
        public var label: String?
    }

    public var name: String
    public var kind: Operation.Kind
    public var label: String?
    /// Of a version 2 import.
    public var httpMethod: String?
    /// It is bound to a collection of the type, not to one.
    public var isBoundToCollection: Bool
    public var parameters: [Parameter]
    public var returnType: String?
}

extension Metadata {
    /// A set's entity type, with what the set says about it; nil for a name that is no set.
    public func description(ofSet name: String) -> TypeDescription? {
        entitySet(name).flatMap { describe($0.type, $0) }
    }

    /// A type, with the first set of it.
    public func description(ofType name: QualifiedName) -> TypeDescription? { describe(name, entitySet(ofType: name)) }

    /// Imports, by name.
    public var importDescriptions: [OperationDescription] {
        operationImports.flatMap { item in
            let overloads = operations(item.operation)
            let found = overloads.filter { !$0.isBound }.map { overload in
                var text = describe(overload, named: item.name)
                (text.httpMethod, text.label) = (item.httpMethod, label(item.sap, item.annotations) ?? text.label)
                return text
            }
            return found
        }.sorted { $0.name < $1.name }
    }

    private func describe(_ name: QualifiedName, _ set: EntitySet?) -> TypeDescription? {
        guard let type = structuredType(name), let view = view(of: name) else { return nil }
        let key = keyProperties(of: name)
        return TypeDescription(
            name: name, kind: type.kind, label: label(type.sap, type.annotations), baseType: type.baseType,
            isAbstract: type.isAbstract, isOpen: isOpenType(name), isMediaEntity: isMediaEntity(name),
            key: key.map(\.name),
            fields: fields(view, Set(key.map(\.path)), set), navigations: navigations(name, set), set: set?.name,
            capabilities: set.map { capabilities(of: $0) }, draft: set.flatMap { draft(of: $0) },
            operations: (boundOperations(of: name) + boundOperations(of: name, collection: true)).map { describe($0) })
    }

    private func fields(_ view: TypeView, _ key: Set<String>, _ set: EntitySet?) -> [TypeDescription.Field] {
        let name = view.type.name
        let context = PresentationContext(of: name, set, in: self)
        return view.lineage.reversed().flatMap { owner in
            owner.type.properties.map { property in
                TypeDescription.Field(
                    name: property.name, type: text(of: property.type), isKey: key.contains(property.name),
                    isNullable: property.type.isNullable, inheritedFrom: owner === view ? nil : owner.type.name,
                    presentation: presentation(of: property.name, in: name, context),
                    hasValueHelp: hasValueHelp(property.name, in: name),
                    origin: ExtensionField.origin(of: property.name))
            }
        }
    }

    private func navigations(_ name: QualifiedName, _ set: EntitySet?) -> [TypeDescription.Navigation] {
        let targets = set.map { bindingTargets(of: $0) } ?? [:]
        return navigationProperties(of: name).map { navigation in
            TypeDescription.Navigation(
                name: navigation.name, target: navigation.target, isCollection: navigation.isCollection,
                isNullable: navigation.isNullable, isContainment: navigation.containsTarget,
                targetSet: targets[navigation.name].flatMap { entitySet($0)?.name },
                constraints: navigation.constraints,
                label: label(navigation.sap, navigation.annotations))
        }
    }

    private func describe(_ operation: Operation, named name: String? = nil) -> OperationDescription {
        let binding = operation.isBound ? operation.parameters.first : nil
        return OperationDescription(
            name: name ?? operation.name.description, kind: operation.kind,
            label: label(SAPAttributes(), operation.annotations), httpMethod: nil,
            isBoundToCollection: binding?.type.isCollection ?? false,
            parameters: operation.parameters.dropFirst(operation.isBound ? 1 : 0).map { parameter in
                OperationDescription.Parameter(
                    name: parameter.name, type: text(of: parameter.type), isOptional: parameter.isOptional,
                    label: label(parameter.sap, parameter.annotations))
            },
            returnType: operation.returnType.map { text(of: $0) })
    }

    private func label(_ sap: SAPAttributes, _ annotations: [Annotation]) -> String? {
        sap["label"] ?? annotations.text(.common, "Label") ?? annotations.text(.core, "Description")
    }

    /// A type with its facets, for people: `String(10)`, `Decimal(15,2)`, `Collection(Address)`.
    public func text(of type: TypeReference) -> String {
        let item: String
        switch type.base {
        case .primitive(let primitive): item = primitive.rawValue.dropFirst(4) + type.facetText
        case .named(let name): item = index.schemaNames.contains(name.namespace) ? name.name : name.description
        case .abstract(let name): item = name.hasPrefix("Edm.") ? String(name.dropFirst(4)) : name
        }
        return type.isCollection ? "Collection(\(item))" : item
    }
}

extension TypeReference {
    /// In parentheses; empty without facets.
    fileprivate var facetText: String {
        if let maxLength { return "(\(maxLength))" }
        let scaleText: String? =
            switch scale {
            case .fixed(let digits): String(digits)
            case .variable: "variable"
            case .floating: "floating"
            case nil: nil
            }
        switch (precision, scaleText) {
        case (let precision?, let scale?): return "(\(precision),\(scale))"
        case (let precision?, nil): return precision == 0 ? "" : "(\(precision))"
        case (nil, let scale?): return scale == "variable" ? "" : "(*,\(scale))"
        case (nil, nil): return ""
        }
    }
}
