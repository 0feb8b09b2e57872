/// Resolves aliases that a document declares after it has used them: those of its second and further schemas.
///
/// CSDL XML 4.01 §5.2 gives an alias to the whole document, and a parser that doesn't keep the document learns of it too
/// late for what it has read. Most documents have one schema and never come here.
struct AliasRewriter {
    private let aliases: [String: String]

    static func rewrite(_ draft: inout CSDLDraft, _ aliases: [String: String]) {
        guard !aliases.isEmpty else { return }
        let rewriter = AliasRewriter(aliases: aliases)
        rewriter.rewriteParts(&draft.parts)
        for index in draft.targets.indices {
            rewriter.rewrite(path: &draft.targets[index].target)
            rewriter.rewrite(&draft.targets[index].annotations)
        }
        for name in Array(draft.associations.keys) {
            for end in draft.associations[name]?.ends.indices ?? 0..<0 {
                draft.associations[name]?.ends[end].type.resolve(aliases)
            }
        }
        for index in draft.associationSets.indices { draft.associationSets[index].item.association.resolve(aliases) }
    }

    private func rewriteParts(_ parts: inout MetadataParts) {
        for index in parts.schemas.indices { rewrite(&parts.schemas[index].annotations) }
        for name in Array(parts.structuredTypes.keys) { parts.structuredTypes[name].map(in: { rewrite(&$0) }) }
        for name in Array(parts.enumerationTypes.keys) { parts.enumerationTypes[name].map(in: { rewrite(&$0) }) }
        for name in Array(parts.typeDefinitions.keys) {
            parts.typeDefinitions[name].map(in: { rewrite(&$0.annotations) })
        }
        for name in Array(parts.terms.keys) {
            parts.terms[name].map(in: { term in
                rewrite(&term.type)
                term.baseTerm?.resolve(aliases)
                rewrite(&term.annotations)
            })
        }
        for name in Array(parts.operations.keys) {
            parts.operations[name].map(in: { overloads in
                for index in overloads.indices { rewrite(&overloads[index]) }
            })
        }
        rewrite(&parts.container)
    }

    private func rewrite(_ type: inout StructuredType) {
        type.baseType?.resolve(aliases)
        rewrite(&type.annotations)
        for index in type.properties.indices {
            rewrite(&type.properties[index].type)
            rewrite(&type.properties[index].annotations)
        }
        for index in type.navigationProperties.indices {
            type.navigationProperties[index].target.resolve(aliases)
            type.navigationProperties[index].relationship?.resolve(aliases)
            if var partner = type.navigationProperties[index].partner {
                rewrite(path: &partner)
                type.navigationProperties[index].partner = partner
            }
            rewrite(&type.navigationProperties[index].annotations)
        }
    }

    private func rewrite(_ type: inout EnumerationType) {
        rewrite(&type.annotations)
        for index in type.members.indices { rewrite(&type.members[index].annotations) }
    }

    private func rewrite(_ operation: inout Operation) {
        for index in operation.parameters.indices {
            rewrite(&operation.parameters[index].type)
            rewrite(&operation.parameters[index].annotations)
        }
        if var type = operation.returnType {
            rewrite(&type)
            operation.returnType = type
        }
        if var path = operation.entitySetPath {
            rewrite(path: &path)
            operation.entitySetPath = path
        }
        rewrite(&operation.returnTypeAnnotations)
        rewrite(&operation.annotations)
    }

    private func rewrite(_ container: inout EntityContainer) {
        rewrite(&container.annotations)
        for index in container.entitySets.indices {
            container.entitySets[index].type.resolve(aliases)
            rewrite(&container.entitySets[index].bindings)
            rewrite(&container.entitySets[index].annotations)
        }
        for index in container.singletons.indices {
            container.singletons[index].type.resolve(aliases)
            rewrite(&container.singletons[index].bindings)
            rewrite(&container.singletons[index].annotations)
        }
        for index in container.operationImports.indices {
            container.operationImports[index].operation.resolve(aliases)
            rewrite(&container.operationImports[index].annotations)
        }
    }

    private func rewrite(_ bindings: inout [NavigationBinding]) {
        for index in bindings.indices {
            rewrite(path: &bindings[index].path)
            rewrite(path: &bindings[index].target)
        }
    }

    private func rewrite(path: inout String) { path = CSDLNames.path(path, aliases) }

    private func rewrite(_ type: inout TypeReference) {
        guard case .named(var name) = type.base else { return }
        name.resolve(aliases)
        type.base = .named(name)
    }

    /// Expressions nest no deeper than the document did.
    private func rewrite(_ annotations: inout [Annotation]) {
        for index in annotations.indices {
            annotations[index].term.resolve(aliases)
            annotations[index].value = rewritten(annotations[index].value)
            rewrite(&annotations[index].annotations)
        }
    }

    private func rewritten(_ expression: AnnotationExpression) -> AnnotationExpression {
        switch expression {
        case .null, .boolean, .int, .decimal, .float, .string, .date, .dateTimeOffset, .duration, .timeOfDay, .guid,
            .binary:
            expression
        case .enumMember(let text): .enumMember(CSDLNames.path(text, aliases))
        case .path(let text): .path(CSDLNames.path(text, aliases))
        case .propertyPath(let text): .propertyPath(CSDLNames.path(text, aliases))
        case .navigationPropertyPath(let text): .navigationPropertyPath(CSDLNames.path(text, aliases))
        case .annotationPath(let text): .annotationPath(CSDLNames.path(text, aliases))
        case .modelElementPath(let text): .modelElementPath(CSDLNames.path(text, aliases))
        case .anyPropertyPath(let text): .anyPropertyPath(CSDLNames.path(text, aliases))
        case .labeledElementReference(let text): .labeledElementReference(CSDLNames.path(text, aliases))
        case .collection(let items): .collection(items.map(rewritten))
        case .record(let record): .record(rewritten(record))
        case .apply(let function, let operands): .apply(function: function, operands.map(rewritten))
        case .if(let operands): .if(operands.map(rewritten))
        case .cast(let type, let operand): .cast(rewritten(type), rewritten(operand))
        case .isOf(let type, let operand): .isOf(rewritten(type), rewritten(operand))
        case .labeledElement(let name, let operand): .labeledElement(name: name, rewritten(operand))
        case .urlRef(let operand): .urlRef(rewritten(operand))
        case .operation(let name, let operands): .operation(name, operands.map(rewritten))
        }
    }

    private func rewritten(_ type: TypeReference) -> TypeReference {
        var type = type
        rewrite(&type)
        return type
    }

    private func rewritten(_ record: AnnotationRecord) -> AnnotationRecord {
        var record = record
        record.type?.resolve(aliases)
        for index in record.properties.indices {
            record.properties[index].value = rewritten(record.properties[index].value)
            rewrite(&record.properties[index].annotations)
        }
        rewrite(&record.annotations)
        return record
    }
}

extension QualifiedName {
    fileprivate mutating func resolve(_ aliases: [String: String]) {
        if let namespace = aliases[namespace] { self = QualifiedName(namespace, name) }
    }
}

extension Optional {
    fileprivate mutating func map(in change: (inout Wrapped) -> Void) {
        guard var value = self else { return }
        change(&value)
        self = value
    }
}
