internal import LibXML

/// `TypeDefinition` (CSDL XML 4.01 §11).
final class TypeDefinitionElement: CSDLElement {
    private var definition: TypeDefinition

    init(_ tag: borrowing XMLStartTag, in namespace: String, _ context: CSDLContext) throws(MetadataError) {
        let underlying = try context.requiredType(.underlyingType, tag, .typeDefinition)
        guard case .primitive = underlying.base, !underlying.isCollection else {
            throw context.invalid(.typeDefinition, .underlyingType)
        }
        definition = TypeDefinition(
            name: try context.declaredName(tag, .typeDefinition, in: namespace), underlyingType: underlying)
        try context.declareType(definition.name)
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        definition.annotations = annotations
        context.draft.parts.typeDefinitions[definition.name] = definition
    }
}

/// `Term` (§14.1).
final class TermElement: CSDLElement {
    private var term: TermDefinition

    init(_ tag: borrowing XMLStartTag, in namespace: String, _ context: CSDLContext) throws(MetadataError) {
        term = TermDefinition(
            name: try context.declaredName(tag, .term, in: namespace), type: try context.requiredType(.type, tag, .term)
        )
        guard context.draft.parts.terms[term.name] == nil else { throw context.error(.duplicate) }
        term.baseTerm = try context.name(.baseTerm, tag, .term)
        term.defaultValue = context.optional(.defaultValue, tag)
        let appliesTo = context.optional(.appliesTo, tag) ?? ""
        term.appliesTo = appliesTo.split(whereSeparator: \.isWhitespace).map(String.init)
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        term.annotations = annotations
        context.draft.parts.terms[term.name] = term
    }
}
