/// Answers that lookups need often: places in the container at once, types with what they inherit when first asked for.
struct MetadataIndex: Sendable {
    let entitySets: [String: Int]
    let singletons: [String: Int]
    let operationImports: [String: Int]
    /// The first set of each type.
    let setsByType: [QualifiedName: Int]
    /// Namespaces of the document's schemas, and their aliases.
    let schemaNames: Set<String>
    /// Types with their inherited parts, as far as somebody asked.
    let views = TypeViews()

    init(_ parts: MetadataParts) {
        func places(_ names: [String]) -> [String: Int] {
            Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
        }
        entitySets = places(parts.container.entitySets.map(\.name))
        let sets = parts.container.entitySets
        setsByType = Dictionary(zip(sets.map(\.type), sets.indices), uniquingKeysWith: { first, _ in first })
        schemaNames = Set(parts.schemas.map(\.namespace) + parts.schemas.compactMap(\.alias))
        singletons = places(parts.container.singletons.map(\.name))
        operationImports = places(parts.container.operationImports.map(\.name))
    }
}
