/// An entity or complex type with the properties that it declares itself; `Metadata` answers for inherited ones.
public struct StructuredType: Sendable, Hashable {
    public enum Kind: Sendable, Hashable { case entity, complex }

    public var kind: Kind
    public var name: QualifiedName
    public var baseType: QualifiedName?
    public var isAbstract = false
    public var isOpen = false
    /// A media entity (`m:HasStream`, `HasStream`).
    public var hasStream = false
    /// Key properties in order; of the base type where this is empty.
    public var key: [KeyProperty] = []
    public var properties: [Property] = []
    public var navigationProperties: [NavigationProperty] = []
    public var annotations: [Annotation] = []
    public var sap = SAPAttributes()

    public init(kind: Kind, name: QualifiedName) { (self.kind, self.name) = (kind, name) }
}

public struct KeyProperty: Sendable, Hashable {
    /// A property's name, or a path into a complex property, which then has an alias.
    public var path: String
    public var alias: String?

    public init(_ path: String, alias: String? = nil) { (self.path, self.alias) = (path, alias) }

    /// What stands in a key predicate.
    public var name: String { alias ?? path }
}

public struct Property: Sendable, Hashable {
    public var name: String
    public var type: TypeReference
    public var defaultValue: String?
    /// `ConcurrencyMode="Fixed"` of version 2.
    public var isConcurrencyToken = false
    /// `m:FC_TargetPath` of version 2: where a feed puts it besides.
    public var feedTargetPath: String?
    public var annotations: [Annotation] = []
    public var sap = SAPAttributes()

    public init(name: String, type: TypeReference) { (self.name, self.type) = (name, type) }
}

public struct NavigationProperty: Sendable, Hashable {
    public enum OnDelete: String, Sendable, Hashable {
        case cascade = "Cascade"
        case none = "None"
        case setNull = "SetNull"
        case setDefault = "SetDefault"
    }

    public var name: String
    /// The entity type that it leads to.
    public var target: QualifiedName
    public var isCollection: Bool
    public var isNullable = true
    /// The navigation that leads back.
    public var partner: String?
    public var containsTarget = false
    /// Properties here and there that are equal, in order.
    public var constraints: [ReferentialConstraint] = []
    public var onDelete: OnDelete?
    /// The association of version 2 that it came from.
    public var relationship: QualifiedName?
    public var annotations: [Annotation] = []
    public var sap = SAPAttributes()

    public init(name: String, target: QualifiedName, isCollection: Bool) {
        (self.name, self.target, self.isCollection) = (name, target, isCollection)
    }
}

public struct ReferentialConstraint: Sendable, Hashable {
    public var property: String
    public var referencedProperty: String

    public init(property: String, referencedProperty: String) {
        (self.property, self.referencedProperty) = (property, referencedProperty)
    }
}

public struct EnumerationType: Sendable, Hashable {
    public struct Member: Sendable, Hashable {
        public var name: String
        public var value: Int64
        public var annotations: [Annotation]

        public init(name: String, value: Int64, annotations: [Annotation] = []) {
            (self.name, self.value, self.annotations) = (name, value, annotations)
        }
    }

    public var name: QualifiedName
    public var underlyingType: PrimitiveType = .int32
    public var isFlags = false
    public var members: [Member] = []
    public var annotations: [Annotation] = []

    public init(name: QualifiedName) { self.name = name }
}

/// Another name for a primitive type with facets (`TypeDefinition`).
public struct TypeDefinition: Sendable, Hashable {
    public var name: QualifiedName
    public var underlyingType: TypeReference
    public var annotations: [Annotation] = []

    public init(name: QualifiedName, underlyingType: TypeReference) {
        (self.name, self.underlyingType) = (name, underlyingType)
    }
}

/// A vocabulary term that the document declares.
public struct TermDefinition: Sendable, Hashable {
    public var name: QualifiedName
    public var type: TypeReference
    public var baseTerm: QualifiedName?
    public var defaultValue: String?
    public var appliesTo: [String] = []
    public var annotations: [Annotation] = []

    public init(name: QualifiedName, type: TypeReference) { (self.name, self.type) = (name, type) }
}

/// A function or action, one overload of it. A function import of version 2 declares one of its own name.
public struct Operation: Sendable, Hashable {
    public enum Kind: Sendable, Hashable { case function, action }

    public struct Parameter: Sendable, Hashable {
        public var name: String
        public var type: TypeReference
        public var isOptional = false
        public var annotations: [Annotation] = []
        public var sap = SAPAttributes()

        public init(name: String, type: TypeReference) { (self.name, self.type) = (name, type) }
    }

    public var kind: Kind
    public var name: QualifiedName
    public var isBound = false
    public var isComposable = false
    public var entitySetPath: String?
    /// The binding parameter is the first one, if it is bound.
    public var parameters: [Parameter] = []
    public var returnType: TypeReference?
    public var returnTypeAnnotations: [Annotation] = []
    public var annotations: [Annotation] = []

    public init(kind: Kind, name: QualifiedName) { (self.kind, self.name) = (kind, name) }
}
