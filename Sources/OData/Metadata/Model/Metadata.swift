/// What a service consists of, read from its `$metadata`: one model for both versions and all notations. Immutable.
///
/// Names are qualified in full, aliases are resolved, annotations that stood apart (`<Annotations Target=…>`) are at their
/// elements and, by target, in `externalAnnotations` where the element is not of this document.
public final class Metadata: Sendable {
    public let version: ODataVersion
    public let schemas: [SchemaInfo]
    public let references: [Reference]
    public let container: EntityContainer
    public let externalAnnotations: [String: [Annotation]]

    /// By name; lookups go through the functions of `Metadata+Lookup.swift`.
    let structuredTypes: [QualifiedName: StructuredType]
    let enumerationTypes: [QualifiedName: EnumerationType]
    let typeDefinitions: [QualifiedName: TypeDefinition]
    let terms: [QualifiedName: TermDefinition]
    let operations: [QualifiedName: [Operation]]
    /// What lookups need often, made once: see `MetadataIndex`.
    let index: MetadataIndex

    init(_ parts: MetadataParts) {
        (version, schemas, references) = (parts.version, parts.schemas, parts.references)
        (container, externalAnnotations) = (parts.container, parts.externalAnnotations)
        (structuredTypes, enumerationTypes) = (parts.structuredTypes, parts.enumerationTypes)
        (typeDefinitions, terms, operations) = (parts.typeDefinitions, parts.terms, parts.operations)
        index = MetadataIndex(parts)
    }
}

/// A schema of a document.
public struct SchemaInfo: Sendable, Hashable {
    public var namespace: String
    public var alias: String?
    public var annotations: [Annotation]
    public var sap: SAPAttributes

    public init(namespace: String, alias: String? = nil, annotations: [Annotation] = [], sap: SAPAttributes = .init()) {
        (self.namespace, self.alias) = (namespace, alias)
        (self.annotations, self.sap) = (annotations, sap)
    }
}

/// Another document that this one refers to (`edmx:Reference`, `$Reference`). Nothing is fetched by itself.
public struct Reference: Sendable, Hashable {
    public struct Include: Sendable, Hashable {
        public var namespace: String
        public var alias: String?

        public init(namespace: String, alias: String? = nil) { (self.namespace, self.alias) = (namespace, alias) }
    }

    public var uri: String
    public var includes: [Include] = []
    /// `TermNamespace` of `IncludeAnnotations`.
    public var annotationNamespaces: [String] = []

    public init(uri: String) { self.uri = uri }
}

/// What readers of documents gather; `Metadata` is made of it.
struct MetadataParts: Sendable, Equatable {
    var version: ODataVersion = .v4
    var schemas: [SchemaInfo] = []
    var references: [Reference] = []
    var container = EntityContainer()
    var externalAnnotations: [String: [Annotation]] = [:]
    var structuredTypes: [QualifiedName: StructuredType] = [:]
    var enumerationTypes: [QualifiedName: EnumerationType] = [:]
    var typeDefinitions: [QualifiedName: TypeDefinition] = [:]
    var terms: [QualifiedName: TermDefinition] = [:]
    var operations: [QualifiedName: [Operation]] = [:]
}
