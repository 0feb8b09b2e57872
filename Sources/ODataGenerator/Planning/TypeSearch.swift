internal import OData

/// Finds the types that can be reached, each once, in an order that the document alone decides.
struct TypeSearch {
    private let metadata: Metadata
    private let followsNavigation: Bool
    private var seen: Set<QualifiedName> = []
    private(set) var found: [QualifiedName] = []

    init(_ metadata: Metadata, followsNavigation: Bool) {
        (self.metadata, self.followsNavigation) = (metadata, followsNavigation)
    }

    mutating func add(operations imports: [OperationImport]) {
        add(imports.flatMap { metadata.operations($0.operation) }.flatMap(names))
    }

    mutating func add(_ names: [QualifiedName]) {
        var waiting = Array(names.reversed())
        while let name = waiting.popLast() {
            guard seen.insert(name).inserted else { continue }
            found.append(name)
            waiting += neighbours(of: name).reversed()
        }
    }

    private func neighbours(of name: QualifiedName) -> [QualifiedName] {
        guard let type = metadata.structuredType(name) else { return [] }
        var names = metadata.properties(of: name).compactMap { $0.type.typeName }
        if type.kind == .entity && followsNavigation {
            names += metadata.navigationProperties(of: name).map(\.target)
            names += metadata.boundOperations(of: name).flatMap(self.names)
            names += metadata.boundOperations(of: name, collection: true).flatMap(self.names)
        }
        return names + metadata.directSubtypes(of: name).sorted { $0.description < $1.description }
    }

    /// Types of an operation: of its parameters and what it gives.
    private func names(of operation: OData.Operation) -> [QualifiedName] {
        operation.parameters.compactMap { $0.type.typeName } + [operation.returnType?.typeName].compactMap(\.self)
    }
}
