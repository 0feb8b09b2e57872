internal import LibXML

/// `Schema` (CSDL XML 4.01 §5).
final class SchemaElement: CSDLElement {
    let namespace: String
    private let place: Int

    init(_ tag: borrowing XMLStartTag, _ context: CSDLContext) throws(MetadataError) {
        namespace = try context.required(.namespace, tag, .schema)
        let alias = context.optional(.alias, tag)
        context.names.declare(namespace: namespace, alias: alias)
        place = context.draft.parts.schemas.count
        context.draft.parts.schemas.append(SchemaInfo(namespace: namespace, alias: alias, sap: context.sap(tag)))
    }

    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        switch word {
        case .entityType: return try StructuredTypeElement(.entity, tag, in: namespace, context)
        case .complexType: return try StructuredTypeElement(.complex, tag, in: namespace, context)
        case .enumType: return try EnumTypeElement(tag, in: namespace, context)
        case .typeDefinition: return try TypeDefinitionElement(tag, in: namespace, context)
        case .term: return try TermElement(tag, in: namespace, context)
        case .function: return try OperationElement(.function, tag, in: namespace, context)
        case .action: return try OperationElement(.action, tag, in: namespace, context)
        case .entityContainer: return try EntityContainerElement(tag, in: namespace, context)
        case .association: return try AssociationElement(tag, in: namespace, context)
        case .annotations: return try AnnotationsElement(tag, context)
        case .using:
            context.names.declare(
                namespace: try context.required(.namespace, tag, .using), alias: context.optional(.alias, tag))
            return CSDLElement()
        default: return try super.child(word, tag, context)
        }
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        context.draft.parts.schemas[place].annotations += annotations
    }
}

extension CSDLContext {
    /// The name of a schema's child, in full.
    func declaredName(
        _ tag: borrowing XMLStartTag, _ element: CSDLWord, in namespace: String
    ) throws(MetadataError) -> QualifiedName {
        QualifiedName(namespace, try required(.name, tag, element))
    }

    /// - Throws: `.duplicate` if a type of that name was there before.
    func declareType(_ name: QualifiedName) throws(MetadataError) {
        let isKnown = draft.parts.structuredTypes[name] != nil || draft.parts.enumerationTypes[name] != nil
        guard !isKnown, draft.parts.typeDefinitions[name] == nil else { throw error(.duplicate) }
    }
}
