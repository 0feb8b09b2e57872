/// What a service has to offer: sets, singletons and imports. Several containers of a document are one here.
public struct EntityContainer: Sendable, Hashable {
    public var name: QualifiedName?
    public var entitySets: [EntitySet] = []
    public var singletons: [Singleton] = []
    public var operationImports: [OperationImport] = []
    public var annotations: [Annotation] = []
    public var sap = SAPAttributes()

    public init(name: QualifiedName? = nil) { self.name = name }
}

/// Where a navigation of a set's entities leads to.
public struct NavigationBinding: Sendable, Hashable {
    public var path: String
    /// An entity set or singleton, with a container's name in front if it is another's.
    public var target: String

    public init(path: String, target: String) { (self.path, self.target) = (path, target) }
}

public struct EntitySet: Sendable, Hashable {
    public var name: String
    public var type: QualifiedName
    public var isInServiceDocument = true
    /// Version 2's association sets are bindings here.
    public var bindings: [NavigationBinding] = []
    public var annotations: [Annotation] = []
    public var sap = SAPAttributes()

    public init(name: String, type: QualifiedName) { (self.name, self.type) = (name, type) }
}

public struct Singleton: Sendable, Hashable {
    public var name: String
    public var type: QualifiedName
    public var isNullable = false
    public var bindings: [NavigationBinding] = []
    public var annotations: [Annotation] = []

    public init(name: String, type: QualifiedName) { (self.name, self.type) = (name, type) }
}

/// A function or action that is called by its own name.
public struct OperationImport: Sendable, Hashable {
    public var kind: Operation.Kind
    public var name: String
    /// Of a function or action; of version 2, the import's own name in its container's namespace.
    public var operation: QualifiedName
    public var entitySet: String?
    /// `m:HttpMethod` of version 2 (`GET`, `POST`, …); nil in version 4, where the kind decides.
    public var httpMethod: String?
    public var annotations: [Annotation] = []
    public var sap = SAPAttributes()

    public init(kind: Operation.Kind, name: String, operation: QualifiedName) {
        (self.kind, self.name, self.operation) = (kind, name, operation)
    }
}
