/// How drafts of a set's entities are made and become active (`Common.DraftRoot`, `Common.DraftNode`).
///
/// A draft stands beside its active entity under the same key and `IsActiveEntity eq false`. Editing makes one of an active
/// entity, a POST makes one of nothing; preparing checks it, activating makes it active, discarding it is its DELETE or the
/// discard action.
public struct DraftInfo: Sendable, Hashable {
    public enum Role: Sendable, Hashable {
        /// The entity that is edited and activated.
        case root
        /// A part of one, which goes with it.
        case node
    }

    public var role: Role
    /// Bound actions of version 4, function imports of version 2, with their namespace where the document has it.
    public var editAction: String?
    public var preparationAction: String?
    public var activationAction: String?
    public var discardAction: String?
    /// Makes a draft of nothing, in place of a POST.
    public var newAction: String?
    public var validationFunction: String?
    public var resumeAction: String?
    /// The key property that tells drafts from active entities: `IsActiveEntity`.
    public var isActiveProperty: String?
    /// Whether an active entity has a draft: `HasDraftEntity`.
    public var hasDraftProperty: String?
    /// Whether a draft has an active entity: `HasActiveEntity`.
    public var hasActiveProperty: String?
    /// The key of drafts in version 2: `DraftUUID`; unset in active entities.
    public var draftKeyProperty: String?
    /// From one to the other: `SiblingEntity`.
    public var siblingNavigation: String?
    /// Who edits since when: `DraftAdministrativeData`.
    public var administrationNavigation: String?

    public init(role: Role) { self.role = role }
}

extension Metadata {
    /// How drafts of a set work; nil for a set without.
    public func draft(of set: EntitySet) -> DraftInfo? {
        if let root = draftRecord("DraftRoot", set) { return draft(.root, root, set) }
        if let node = draftRecord("DraftNode", set) { return draft(.node, node, set) }
        return nil
    }

    /// How drafts of the set with this name work.
    public func draft(ofSet name: String) -> DraftInfo? { entitySet(name).flatMap { draft(of: $0) } }

    private func draftRecord(_ term: String, _ set: EntitySet) -> AnnotationRecord? {
        let annotation =
            set.annotations.first(.common, term) ?? annotations(ofType: set.type).first(.common, term)
        return annotation.map { $0.value.record ?? AnnotationRecord() }
    }

    private func draft(_ role: DraftInfo.Role, _ record: AnnotationRecord, _ set: EntitySet) -> DraftInfo {
        func name(_ member: String) -> String? { record[member]?.typedPath.map { withoutAlias($0) } }
        var info = DraftInfo(role: role)
        info.editAction = name("EditAction")
        info.preparationAction = name("PreparationAction")
        info.activationAction = name("ActivationAction")
        info.discardAction = name("DiscardAction")
        info.newAction = name("NewAction")
        info.validationFunction = name("ValidationFunction")
        info.resumeAction = name("ResumeAction")
        func property(_ name: String) -> String? { self.property(name, of: set.type).map(\.name) }
        func navigation(_ name: String) -> String? { navigationProperty(name, of: set.type).map(\.name) }
        info.isActiveProperty = property("IsActiveEntity")
        info.hasDraftProperty = property("HasDraftEntity")
        info.hasActiveProperty = property("HasActiveEntity")
        info.draftKeyProperty = property("DraftUUID")
        info.siblingNavigation = navigation("SiblingEntity")
        info.administrationNavigation = navigation("DraftAdministrativeData")
        return info
    }

    /// Names in annotations are mere text to the notations, so that an alias stays in them.
    private func withoutAlias(_ text: String) -> String {
        let head = text.prefix { $0 != "(" }
        guard let name = QualifiedName(head), let schema = schemas.first(where: { $0.alias == name.namespace }) else {
            return text
        }
        return "\(schema.namespace).\(name.name)" + text.dropFirst(head.count)
    }

    /// The property with an entity's messages: what `Common.Messages` of its type names, else `SAP__Messages` if there is one.
    public func messagesProperty(of type: QualifiedName) -> String? {
        if let path = annotations(ofType: type).value(.common, "Messages")?.dynamicPath { return path }
        return property("SAP__Messages", of: type)?.name
    }
}
