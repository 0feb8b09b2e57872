internal import LibXML

/// `Association` of version 2: two entity types, how many of each, and which properties say so.
final class AssociationElement: CSDLElement {
    private let name: QualifiedName
    fileprivate var association = Association()

    init(_ tag: borrowing XMLStartTag, in namespace: String, _ context: CSDLContext) throws(MetadataError) {
        name = try context.declaredName(tag, .association, in: namespace)
        guard context.draft.associations[name] == nil else { throw context.error(.duplicate) }
    }

    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        switch word {
        case .end:
            association.ends.append(try end(tag, context))
            return AssociationEndElement(of: self, end: association.ends.count - 1)
        case .referentialConstraint: return AssociationConstraintElement(of: self)
        default: return try super.child(word, tag, context)
        }
    }

    private func end(_ tag: borrowing XMLStartTag, _ context: CSDLContext) throws(MetadataError) -> Association.End {
        let multiplicity = try context.required(.multiplicity, tag, .end)
        guard ["0..1", "1", "*"].contains(multiplicity) else { throw context.invalid(.end, .multiplicity) }
        let type = try context.requiredName(.type, tag, .end)
        // Without a role the end is known by the name of its type.
        return Association.End(
            role: context.optional(.role, tag) ?? type.name, type: type, isCollection: multiplicity == "*",
            isNullable: multiplicity == "0..1")
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        guard association.ends.count == 2 else { throw context.invalid(.association) }
        guard association.ends[0].role != association.ends[1].role else { throw context.error(.duplicate) }
        context.draft.associations[name] = association
    }
}

private final class AssociationEndElement: CSDLElement {
    private let owner: AssociationElement
    private let end: Int

    init(of owner: AssociationElement, end: Int) { (self.owner, self.end) = (owner, end) }

    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        guard word == .onDelete else { return try super.child(word, tag, context) }
        owner.association.ends[end].onDelete = try context.onDelete(tag)
        return CSDLElement()
    }
}

/// `ReferentialConstraint` of an association: which properties at the dependent end repeat the principal end's key.
private final class AssociationConstraintElement: CSDLElement {
    private let owner: AssociationElement

    init(of owner: AssociationElement) { self.owner = owner }

    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        switch word {
        case .principal:
            owner.association.principalRole = try context.required(.role, tag, .principal)
            return ConstraintRoleElement(of: owner, properties: \.principalProperties)
        case .dependent:
            owner.association.dependentRole = try context.required(.role, tag, .dependent)
            return ConstraintRoleElement(of: owner, properties: \.dependentProperties)
        default: return try super.child(word, tag, context)
        }
    }
}

private final class ConstraintRoleElement: CSDLElement {
    private let owner: AssociationElement
    private let properties: WritableKeyPath<Association, [String]>

    init(of owner: AssociationElement, properties: WritableKeyPath<Association, [String]>) {
        (self.owner, self.properties) = (owner, properties)
    }

    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        guard word == .propertyRef else { return try super.child(word, tag, context) }
        owner.association[keyPath: properties].append(try context.required(.name, tag, .propertyRef))
        return CSDLElement()
    }
}
