internal import LibXML

/// `ActionImport` and `FunctionImport` of version 4 (CSDL XML 4.01 §13.5, §13.6).
final class OperationImportElement: CSDLElement {
    private var imported: OperationImport

    init(_ kind: Operation.Kind, _ tag: borrowing XMLStartTag, _ context: CSDLContext) throws(MetadataError) {
        let (element, attribute): (CSDLWord, CSDLWord) =
            kind == .function ? (.functionImport, .function) : (.actionImport, .action)
        imported = OperationImport(
            kind: kind, name: try context.containerName(tag, element),
            operation: try context.requiredName(attribute, tag, element))
        imported.entitySet = context.path(.entitySet, tag)
        imported.sap = context.sap(tag)
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        imported.annotations = annotations
        context.draft.parts.container.operationImports.append(imported)
    }
}

/// `FunctionImport` of version 2, which is its own declaration: it becomes an unbound operation of its name in the container's
/// namespace, a function if it is asked for with GET and else an action, and an import of that.
final class ServiceOperationElement: CSDLElement, ParameterOwner {
    var operation: Operation
    private var imported: OperationImport
    /// Version 3 has overloads, which are one import.
    private let isOverload: Bool

    init(_ tag: borrowing XMLStartTag, in namespace: String, _ context: CSDLContext) throws(MetadataError) {
        let name = try context.required(.name, tag, .functionImport)
        let method = context.metadataAttribute(.httpMethod, tag)
        let kind = (method ?? "GET") == "GET" ? Operation.Kind.function : .action
        operation = Operation(kind: kind, name: QualifiedName(namespace, name))
        isOverload = context.draft.parts.operations[operation.name] != nil
        if !isOverload { _ = try context.containerName(tag, .functionImport) }
        operation.returnType = try context.type(.returnType, tag, .functionImport)
        imported = OperationImport(kind: kind, name: name, operation: operation.name)
        imported.entitySet = context.optional(.entitySet, tag)
        imported.httpMethod = method
        imported.sap = context.sap(tag)
    }

    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        switch word {
        case .parameter: return try ParameterElement(tag, of: self, context)
        case .returnType:
            operation.returnType = try context.requiredType(.type, tag, .returnType)
            imported.entitySet = context.optional(.entitySet, tag) ?? imported.entitySet
            return CSDLElement()
        default: return try super.child(word, tag, context)
        }
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        let parts = ["import", operation.name.description] + operation.parameters.map(\.name)
        let signature = parts.joined(separator: "\u{0}")
        guard context.draft.signatures.insert(signature).inserted else { throw context.error(.duplicate) }
        operation.annotations = annotations
        imported.annotations = annotations
        context.draft.parts.operations[operation.name, default: []].append(operation)
        if !isOverload { context.draft.parts.container.operationImports.append(imported) }
    }
}
