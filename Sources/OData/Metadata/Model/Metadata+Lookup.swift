extension Metadata {
    public var entitySets: [EntitySet] { container.entitySets }
    public var singletons: [Singleton] { container.singletons }
    public var operationImports: [OperationImport] { container.operationImports }

    public func entitySet(_ name: String) -> EntitySet? { index.entitySets[name].map { container.entitySets[$0] } }
    public func singleton(_ name: String) -> Singleton? { index.singletons[name].map { container.singletons[$0] } }
    public func operationImport(_ name: String) -> OperationImport? {
        index.operationImports[name].map { container.operationImports[$0] }
    }

    public func structuredType(_ name: QualifiedName) -> StructuredType? { structuredTypes[name] }
    public func enumerationType(_ name: QualifiedName) -> EnumerationType? { enumerationTypes[name] }
    public func typeDefinition(_ name: QualifiedName) -> TypeDefinition? { typeDefinitions[name] }
    public func term(_ name: QualifiedName) -> TermDefinition? { terms[name] }
    /// All overloads.
    public func operations(_ name: QualifiedName) -> [Operation] { operations[name] ?? [] }

    /// All entity and complex types, by name.
    public var structuredTypeNames: [QualifiedName] { structuredTypes.keys.sorted { $0.description < $1.description } }
    public var enumerationTypeNames: [QualifiedName] {
        enumerationTypes.keys.sorted { $0.description < $1.description }
    }
    public var operationNames: [QualifiedName] { operations.keys.sorted { $0.description < $1.description } }

    /// The declared type of an entity set's or singleton's entities.
    public func entityType(ofSet name: String) -> StructuredType? {
        (entitySet(name)?.type ?? singleton(name)?.type).flatMap { structuredTypes[$0] }
    }

    /// The first entity set of exactly this type, else of one that it derives from.
    public func entitySet(ofType type: QualifiedName) -> EntitySet? {
        if let place = index.setsByType[type] { return container.entitySets[place] }
        return lineage(of: type).lazy.compactMap { self.index.setsByType[$0] }.first.map { container.entitySets[$0] }
    }

    /// The type without type definitions: what a value is on the wire.
    ///
    /// Facets that the reference has go before those of the definition; nullability and collection are the reference's
    /// (CSDL XML 4.01 §11). A definition must not name another one; up to eight are followed where a document does so.
    public func resolved(_ type: TypeReference) -> TypeReference {
        var result = type
        for _ in 0..<8 {
            guard case .named(let name) = result.base, let definition = typeDefinitions[name] else { return result }
            let below = definition.underlyingType
            result.base = below.base
            result.maxLength = result.maxLength ?? below.maxLength
            result.precision = result.precision ?? below.precision
            result.scale = result.scale ?? below.scale
            result.srid = result.srid ?? below.srid
            result.isUnicode = result.isUnicode ?? below.isUnicode
            result.isFixedLength = result.isFixedLength ?? below.isFixedLength
        }
        return result
    }

    /// The bound operations that can be called on an entity or complex value of this type, or on a collection of them.
    ///
    /// - Returns: overloads whose binding parameter is the type or one of its base types, by name.
    public func boundOperations(of type: QualifiedName, collection: Bool = false) -> [Operation] {
        let bases = lineage(of: type).isEmpty ? [type] : lineage(of: type)
        return operations.values.joined().filter { operation in
            guard operation.isBound, let binding = operation.parameters.first?.type, binding.isCollection == collection,
                case .named(let name) = binding.base
            else { return false }
            return bases.contains(name)
        }.sorted { $0.name.description < $1.name.description }
    }

    /// Whether both say the same, in whatever order their types stand.
    public func isEqual(to other: Metadata) -> Bool { parts == other.parts }

    var parts: MetadataParts {
        MetadataParts(
            version: version, schemas: schemas, references: references, container: container,
            externalAnnotations: externalAnnotations, structuredTypes: structuredTypes,
            enumerationTypes: enumerationTypes, typeDefinitions: typeDefinitions, terms: terms, operations: operations)
    }
}
