internal import LibXML

/// Turns version 2's associations into what version 4 says of a navigation property itself: type, multiplicity, constraints,
/// partner, and the bindings of entity sets.
struct AssociationResolver {
    /// A document whose sets and navigations all meet would need a binding for each pair.
    private static let maxBindings = 200_000

    private var draft: CSDLDraft
    private var setPlaces: [String: Int] = [:]

    /// Base types have been checked: no circles, and a bounded depth.
    static func resolve(_ draft: inout CSDLDraft) throws(MetadataError) {
        guard !draft.roles.isEmpty || !draft.associationSets.isEmpty else { return }
        var resolver = AssociationResolver(draft: draft)
        // Nothing else holds the draft while it is changed, so nothing is copied.
        draft = CSDLDraft()
        try resolver.resolveNavigations()
        try resolver.bind()
        draft = resolver.draft
    }

    private init(draft: CSDLDraft) { self.draft = draft }

    private func navigation(_ roles: NavigationRoles) -> NavigationProperty? {
        draft.parts.structuredTypes[roles.type]?.navigationProperties[roles.navigation]
    }

    private struct Way: Hashable {
        var association: QualifiedName
        var from: String
    }

    private mutating func resolveNavigations() throws(MetadataError) {
        let back = names(byWay: draft.roles)
        for roles in draft.roles {
            guard let relationship = navigation(roles)?.relationship, let association = draft.associations[relationship]
            else {
                throw Self.invalid(.relationship, at: roles.place)
            }
            guard let from = association.end(roles.from) else { throw Self.invalid(.fromRole, at: roles.place) }
            guard let to = association.end(roles.to), roles.from != roles.to else {
                throw Self.invalid(.toRole, at: roles.place)
            }
            draft.parts.structuredTypes[roles.type]?.navigationProperties[roles.navigation].lead(
                from: from, to: to, of: association, partner: back[Way(association: relationship, from: roles.to)])
        }
    }

    /// The navigation that begins at an end of an association, if there is just one.
    private func names(byWay roles: [NavigationRoles]) -> [Way: String] {
        var names: [Way: String] = [:]
        var repeated: Set<Way> = []
        for roles in roles {
            guard let navigation = navigation(roles), let relationship = navigation.relationship else { continue }
            let way = Way(association: relationship, from: roles.from)
            if names.updateValue(navigation.name, forKey: way) != nil { repeated.insert(way) }
        }
        for way in repeated { names[way] = nil }
        return names
    }

    private mutating func bind() throws(MetadataError) {
        for (place, set) in draft.parts.container.entitySets.enumerated() { setPlaces[set.name] = place }
        var ways: [QualifiedName: [Int]] = [:]
        for (place, roles) in draft.roles.enumerated() {
            if let relationship = navigation(roles)?.relationship { ways[relationship, default: []].append(place) }
        }
        var steps = 0
        for set in draft.associationSets {
            for way in ways[set.item.association] ?? [] {
                steps += 1
                guard steps <= Self.maxBindings else { throw CSDLContext.error(.tooLarge, at: set.place) }
                bind(draft.roles[way], set.item)
            }
        }
    }

    private mutating func bind(_ roles: NavigationRoles, _ set: AssociationSet) {
        guard let source = self.set(of: roles.from, set), let target = self.set(of: roles.to, set),
            let place = setPlaces[source], let name = navigation(roles)?.name
        else { return }
        let type = draft.parts.container.entitySets[place].type
        if derives(type, from: roles.type) {
            draft.parts.container.entitySets[place].bindings.append(.init(path: name, target: target))
        } else if derives(roles.type, from: type) {
            // Only entities of the derived type have it (CSDL XML 4.01 §13.4.1).
            draft.parts.container.entitySets[place].bindings.append(
                .init(path: "\(roles.type)/\(name)", target: target))
        }
    }

    /// An end of an association set without a role is the one whose type its set has.
    private func set(of role: String, _ set: AssociationSet) -> String? {
        if let found = set.set(role) { return found }
        guard let type = draft.associations[set.association]?.end(role)?.type else { return nil }
        return set.ends.first { end in
            end.role.isEmpty
                && draft.parts.container.entitySets.prefix(Self.maxGuessedSets).contains {
                    $0.name == end.set && $0.type == type
                }
        }?.set
    }

    private static let maxGuessedSets = 100

    private func derives(_ type: QualifiedName, from ancestor: QualifiedName) -> Bool {
        var current: QualifiedName? = type
        while let name = current {
            if name == ancestor { return true }
            current = draft.parts.structuredTypes[name]?.baseType
        }
        return false
    }

    private static func invalid(_ attribute: CSDLWord, at place: XMLPosition) -> MetadataError {
        let reason = MetadataError.Reason.invalid(
            element: CSDLWord.navigationProperty.text, attribute: attribute.text)
        return CSDLContext.error(reason, at: place)
    }
}

extension NavigationProperty {
    fileprivate mutating func lead(
        from: Association.End, to: Association.End, of association: Association, partner name: String?
    ) {
        target = to.type
        isCollection = to.isCollection
        isNullable = to.isNullable
        partner = name
        onDelete = from.onDelete
        // Only the dependent end has properties that repeat the other's key, as in version 4.
        if association.dependentRole == from.role {
            constraints = zip(association.dependentProperties, association.principalProperties).map {
                ReferentialConstraint(property: $0, referencedProperty: $1)
            }
        }
    }
}
