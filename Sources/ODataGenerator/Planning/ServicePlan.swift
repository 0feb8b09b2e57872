internal import OData

/// Which types are generated, and what they are called in Swift.
struct ServicePlan: Sendable {
    struct Named<Model: Sendable>: Sendable {
        let model: Model
        let swiftName: String
    }

    let metadata: Metadata
    let serviceTypeName: String
    let entitySets: [EntitySet]
    let singletons: [Singleton]
    let operationImports: [OperationImport]
    private(set) var entities: [Named<StructuredType>] = []
    private(set) var complexTypes: [Named<StructuredType>] = []
    private(set) var enumerations: [Named<EnumerationType>] = []
    private(set) var swiftNames: [QualifiedName: String] = [:]

    init(_ metadata: Metadata, _ options: GeneratorOptions) throws(GeneratorError) {
        self.metadata = metadata
        let chosen = try Self.chosenSets(metadata, options)
        entitySets = chosen ?? metadata.entitySets
        singletons = chosen == nil ? metadata.singletons : []
        let types = Set(entitySets.map(\.type))
        operationImports = metadata.operationImports.filter { operation in
            guard let chosen else { return true }
            return chosen.contains { $0.name == operation.entitySet }
                || metadata.operations(operation.operation).contains {
                    types.contains($0.returnType?.typeName ?? .none)
                }
        }
        var scope = NameScope(reserved: ReservedNames.types, ignoringCase: true)
        let prefix = try Self.prefix(options.typePrefix)
        serviceTypeName = scope.unused(prefix + (try Self.serviceName(options.serviceName)), suffix: "API")
        var search = TypeSearch(metadata, followsNavigation: chosen == nil)
        search.add(entitySets.map(\.type) + singletons.map(\.type))
        if chosen == nil { search.add(operations: operationImports) }
        for name in search.found { place(name, prefix, &scope) }
    }

    /// For names inside of types. They begin small, and those of scripts without capitals would hide a type's name.
    func scope(_ reserved: Set<String>) -> NameScope {
        NameScope(reserved: reserved.union(swiftNames.values).union([serviceTypeName]))
    }

    private mutating func place(_ name: QualifiedName, _ prefix: String, _ scope: inout NameScope) {
        func swiftName() -> String { scope.unused(prefix + SwiftIdentifier.type(name.name), suffix: "Type") }
        if let type = metadata.structuredType(name) {
            let named = Named(model: type, swiftName: swiftName())
            swiftNames[name] = named.swiftName
            if type.kind == .entity { entities.append(named) } else { complexTypes.append(named) }
        } else if let type = metadata.enumerationType(name) {
            let named = Named(model: type, swiftName: swiftName())
            swiftNames[name] = named.swiftName
            enumerations.append(named)
        }
    }

    private static func chosenSets(
        _ metadata: Metadata, _ options: GeneratorOptions
    ) throws(GeneratorError) -> [EntitySet]? {
        guard let names = options.entitySets else { return nil }
        for name in names where metadata.entitySet(name) == nil { throw .unknownEntitySet(name) }
        let wanted = Set(names)
        return metadata.entitySets.filter { wanted.contains($0.name) }
    }

    private static func serviceName(_ name: String) throws(GeneratorError) -> String {
        guard name.contains(where: \.isLetter) else { throw .invalidName(name) }
        let type = SwiftIdentifier.type(name)
        return type.hasSuffix("Service") ? type : type + "Service"
    }

    private static func prefix(_ text: String) throws(GeneratorError) -> String {
        if text.isEmpty { return "" }
        guard text.first?.isLetter == true else { throw .invalidName(text) }
        return SwiftIdentifier.type(text)
    }
}

extension QualifiedName {
    /// Of no type.
    static let none = QualifiedName("", "")
}

extension TypeReference {
    var typeName: QualifiedName? {
        guard case .named(let name) = base else { return nil }
        return name
    }
}
