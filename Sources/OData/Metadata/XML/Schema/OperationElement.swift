internal import LibXML

/// `Function` and `Action`, one overload (CSDL XML 4.01 §12).
final class OperationElement: CSDLElement, ParameterOwner {
    var operation: Operation
    private let word: CSDLWord

    init(
        _ kind: Operation.Kind, _ tag: borrowing XMLStartTag, in namespace: String, _ context: CSDLContext
    ) throws(MetadataError) {
        word = kind == .function ? .function : .action
        operation = Operation(kind: kind, name: try context.declaredName(tag, word, in: namespace))
        operation.isBound = try context.boolean(.isBound, tag, word) ?? false
        operation.isComposable = try context.boolean(.isComposable, tag, word) ?? false
        operation.entitySetPath = context.path(.entitySetPath, tag)
    }

    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        switch word {
        case .parameter: return try ParameterElement(tag, of: self, context)
        case .returnType:
            guard operation.returnType == nil else { throw context.error(.duplicate) }
            operation.returnType = try context.requiredType(.type, tag, .returnType)
            return ReturnTypeElement(of: self)
        default: return try super.child(word, tag, context)
        }
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        if operation.isBound, operation.parameters.isEmpty { throw context.invalid(word, .isBound) }
        guard context.draft.signatures.insert(signature).inserted else { throw context.error(.duplicate) }
        operation.annotations = annotations
        context.draft.parts.operations[operation.name, default: []].append(operation)
    }

    /// What overloads differ in (§12.3): of actions the binding type, of functions types and names of parameters.
    private var signature: String {
        var parts = [operation.name.description, operation.isBound ? "bound" : "", word.text]
        let isFunction = operation.kind == .function
        let counted = operation.parameters.prefix(isFunction ? operation.parameters.count : operation.isBound ? 1 : 0)
        for parameter in counted {
            parts.append(isFunction ? parameter.name : "")
            parts.append(parameter.type.signatureText)
        }
        return parts.joined(separator: "\u{0}")
    }
}

/// Something with parameters: an operation, or a function import of version 2.
protocol ParameterOwner: AnyObject {
    var operation: Operation { get set }
}

/// `Parameter` (§12.9).
final class ParameterElement: CSDLElement {
    private var parameter: Operation.Parameter
    private let owner: any ParameterOwner

    init(_ tag: borrowing XMLStartTag, of owner: any ParameterOwner, _ context: CSDLContext) throws(MetadataError) {
        self.owner = owner
        parameter = Operation.Parameter(
            name: try context.required(.name, tag, .parameter), type: try context.requiredType(.type, tag, .parameter))
        let name = parameter.name
        guard !owner.operation.parameters.contains(where: { $0.name == name }) else { throw context.error(.duplicate) }
        guard owner.operation.parameters.count < Self.maxParameters else { throw context.error(.tooLarge) }
        parameter.sap = context.sap(tag)
    }

    /// Each name is compared with all before it.
    private static let maxParameters = 256

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        parameter.annotations = annotations
        let optional = QualifiedName("Org.OData.Core.V1", "OptionalParameter")
        parameter.isOptional = annotations.contains { $0.term == optional }
        owner.operation.parameters.append(parameter)
    }
}

/// `ReturnType` (§12.8).
private final class ReturnTypeElement: CSDLElement {
    private let owner: OperationElement

    init(of owner: OperationElement) { self.owner = owner }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        owner.operation.returnTypeAnnotations = annotations
    }
}
