internal import LibXML

/// `EntityContainer` (CSDL XML 4.01 §13). Several in one document, by `Extends` or as version 2 allows, become one with the
/// name of the default one, else of the last.
final class EntityContainerElement: CSDLElement {
    private let name: QualifiedName

    init(_ tag: borrowing XMLStartTag, in namespace: String, _ context: CSDLContext) throws(MetadataError) {
        name = try context.declaredName(tag, .entityContainer, in: namespace)
        guard context.draft.containers.insert(name).inserted else { throw context.error(.duplicate) }
        let flag = context.metadataAttribute(.isDefaultEntityContainer, tag)
        let isDefault = flag.map { CSDLContext.boolean($0) ?? false } ?? false
        if isDefault || !context.draft.hasDefaultContainer {
            context.draft.parts.container.name = name
            context.draft.parts.container.sap = context.sap(tag)
        }
        if isDefault { context.draft.hasDefaultContainer = true }
    }

    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        switch word {
        case .entitySet: try EntitySetElement(tag, context)
        case .singleton: try SingletonElement(tag, context)
        case .actionImport: try OperationImportElement(.action, tag, context)
        case .functionImport:
            if context.draft.parts.version == .v2 {
                try ServiceOperationElement(tag, in: name.namespace, context)
            } else {
                try OperationImportElement(.function, tag, context)
            }
        case .associationSet: try AssociationSetElement(tag, context)
        default: try super.child(word, tag, context)
        }
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        context.draft.parts.container.annotations += annotations
    }
}

extension CSDLContext {
    /// The name of a container's child.
    ///
    /// - Throws: `.duplicate` if the container has one of that name.
    func containerName(_ tag: borrowing XMLStartTag, _ element: CSDLWord) throws(MetadataError) -> String {
        let name = try required(.name, tag, element)
        guard draft.containerNames.insert(name).inserted else { throw error(.duplicate) }
        return name
    }

    /// `NavigationPropertyBinding` (§13.4).
    func binding(_ tag: borrowing XMLStartTag) throws(MetadataError) -> NavigationBinding {
        guard let path = self.path(.path, tag), !path.isEmpty else { throw invalid(.navigationPropertyBinding, .path) }
        guard let target = self.path(.target, tag), !target.isEmpty else {
            throw invalid(.navigationPropertyBinding, .target)
        }
        return NavigationBinding(path: path, target: target)
    }
}
