internal import LibXML

/// `EntitySet` (CSDL XML 4.01 §13.2).
final class EntitySetElement: CSDLElement {
    private var set: EntitySet

    init(_ tag: borrowing XMLStartTag, _ context: CSDLContext) throws(MetadataError) {
        set = EntitySet(
            name: try context.containerName(tag, .entitySet),
            type: try context.requiredName(.entityType, tag, .entitySet))
        set.isInServiceDocument = try context.boolean(.includeInServiceDocument, tag, .entitySet) ?? true
        set.sap = context.sap(tag)
    }

    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        guard word == .navigationPropertyBinding else { return try super.child(word, tag, context) }
        set.bindings.append(try context.binding(tag))
        return CSDLElement()
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        set.annotations = annotations
        context.draft.parts.container.entitySets.append(set)
    }
}

/// `Singleton` (§13.3).
final class SingletonElement: CSDLElement {
    private var singleton: Singleton

    init(_ tag: borrowing XMLStartTag, _ context: CSDLContext) throws(MetadataError) {
        singleton = Singleton(
            name: try context.containerName(tag, .singleton), type: try context.requiredName(.type, tag, .singleton))
        singleton.isNullable = try context.boolean(.nullable, tag, .singleton) ?? false
    }

    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        guard word == .navigationPropertyBinding else { return try super.child(word, tag, context) }
        singleton.bindings.append(try context.binding(tag))
        return CSDLElement()
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        singleton.annotations = annotations
        context.draft.parts.container.singletons.append(singleton)
    }
}

/// `AssociationSet` of version 2: which sets an association joins.
final class AssociationSetElement: CSDLElement {
    private let place: XMLPosition
    private var set: AssociationSet

    init(_ tag: borrowing XMLStartTag, _ context: CSDLContext) throws(MetadataError) {
        place = context.place
        set = AssociationSet(association: try context.requiredName(.association, tag, .associationSet))
    }

    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        guard word == .end else { return try super.child(word, tag, context) }
        let entitySet = try context.required(.entitySet, tag, .end)
        set.ends.append((context.optional(.role, tag) ?? "", entitySet))
        return CSDLElement()
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        guard set.ends.count <= 2 else { throw context.invalid(.associationSet) }
        context.draft.associationSets.append(.init(item: set, place: place))
    }
}
