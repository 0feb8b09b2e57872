internal import LibXML

/// `Annotations`: annotations of an element that is elsewhere (CSDL XML 4.01 §14.2.1).
final class AnnotationsElement: CSDLElement {
    private let target: String
    let qualifier: String?

    init(_ tag: borrowing XMLStartTag, _ context: CSDLContext) throws(MetadataError) {
        guard let target = context.path(.target, tag), !target.isEmpty else {
            throw context.invalid(.annotations, .target)
        }
        self.target = target
        qualifier = context.optional(.qualifier, tag)
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        if let qualifier {
            for index in annotations.indices where annotations[index].qualifier == nil {
                annotations[index].qualifier = qualifier
            }
        }
        guard !annotations.isEmpty else { return }
        context.draft.targets.append(TargetedAnnotations(target: target, annotations: annotations))
    }
}

/// `Annotation` (§14.2). Without an expression it has the term's default; that of a term which this document doesn't declare
/// is taken to be `true`, as it is for tags.
final class AnnotationElement: ExpressionOwner {
    private let owner: CSDLElement
    private let term: QualifiedName
    private let qualifier: String?

    init(_ tag: borrowing XMLStartTag, of owner: CSDLElement, _ context: CSDLContext) throws(MetadataError) {
        self.owner = owner
        term = try context.requiredName(.term, tag, .annotation)
        qualifier = context.optional(.qualifier, tag)
        super.init(.annotation)
        try readConstant(tag, context)
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        let value = try single(context) ?? context.defaultValue(of: term)
        owner.annotations.append(
            Annotation(term: term, qualifier: qualifier, value: value, annotations: annotations))
    }
}

extension CSDLContext {
    /// Of a term that the document declares before; `true` for others.
    fileprivate func defaultValue(of term: QualifiedName) -> AnnotationExpression {
        guard let term = draft.parts.terms[term] else { return .true }
        guard let value = term.defaultValue else { return .true }
        guard case .primitive(let type) = term.type.base, !term.type.isCollection else { return .string(value) }
        let kind: CSDLWord? =
            switch type {
            case .boolean: .bool
            case .byte, .sbyte, .int16, .int32, .int64: .int
            case .decimal: .decimal
            case .double, .single: .float
            default: nil
            }
        return kind.flatMap { ConstantExpression.parse($0, value) } ?? .string(value)
    }
}
