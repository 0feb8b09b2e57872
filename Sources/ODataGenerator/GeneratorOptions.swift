/// What is generated, and how it is called.
public struct GeneratorOptions: Sendable, Hashable {
    public enum AccessLevel: String, Sendable, Hashable, CaseIterable {
        case `public`, package, `internal`
    }

    /// Names the service's type (`BusinessPartner` gives `BusinessPartnerService`) and stands in each file's first line.
    public var serviceName: String
    /// Only the entity types of these sets, with the complex and enumeration types that they use; navigations to others give
    /// untyped entities. nil: everything that can be reached from the service document and its operations.
    public var entitySets: [String]?
    public var accessLevel = AccessLevel.public
    /// In front of each type's name, for two services in one module.
    public var typePrefix = ""

    public init(serviceName: String, entitySets: [String]? = nil) {
        (self.serviceName, self.entitySets) = (serviceName, entitySets)
    }
}

/// Why nothing can be generated.
public enum GeneratorError: Error, Sendable, Hashable {
    /// The metadata doesn't have this set.
    case unknownEntitySet(String)
    /// A name or prefix without a letter in it.
    case invalidName(String)
}

/// A file to be written, as UTF-8.
public struct GeneratedFile: Sendable, Hashable {
    /// A name without folders: `Customer.swift`. No two differ in case alone.
    public let name: String
    public let text: String
}
