public import OData

/// Writes Swift for a service: a type for each entity, complex and enumeration type, and one for the service with its
/// operations.
///
///     let generator = try Generator(metadata: metadata, options: GeneratorOptions(serviceName: "CustomerMaterial"))
///     for file in generator.files() { … }
///
/// The code stands on the OData module alone and holds no more than names and types: entities are views of `Entity`, so that
/// extension fields, annotations and tags stay reachable, and all of `ODataClient` works with them. The same metadata and
/// options give the same bytes; nothing tells the time or the place. Names of the metadata become Swift's: `SalesOrganization`
/// is `salesOrganization`, `A_CustomerMaterialType` is `CustomerMaterial`. Whatever a document calls its things, the code
/// compiles and does nothing but what is described here.
public struct Generator: Sendable {
    private let plan: ServicePlan
    private let options: GeneratorOptions

    /// - Throws: `.unknownEntitySet`, `.invalidName`.
    public init(metadata: Metadata, options: GeneratorOptions) throws(GeneratorError) {
        self.options = options
        plan = try ServicePlan(metadata, options)
    }

    /// One file for each type, and one for the service, in the order of their names.
    public func files() -> [GeneratedFile] {
        var files = plan.entities.map { file($0.swiftName, EntityWriter(plan, options).text(of: $0)) }
        files += plan.complexTypes.map { file($0.swiftName, ComplexWriter(plan, options).text(of: $0)) }
        files += plan.enumerations.map { file($0.swiftName, EnumerationWriter(plan, options).text(of: $0)) }
        files.append(file(plan.serviceTypeName, ServiceWriter(plan, options).text()))
        return files.sorted { $0.name < $1.name }
    }

    private func file(_ typeName: String, _ text: String) -> GeneratedFile {
        GeneratedFile(name: typeName + ".swift", text: text)
    }
}
