internal import LibXML

/// `NavigationProperty` (CSDL XML 4.01 §8; of version 2, CSDL 2.0, the two roles of an association).
final class NavigationPropertyElement: CSDLElement {
    private let owner: StructuredTypeElement
    private var navigation: NavigationProperty
    private var roles: NavigationRoles?

    init(_ tag: borrowing XMLStartTag, of owner: StructuredTypeElement, _ context: CSDLContext) throws(MetadataError) {
        self.owner = owner
        let name = try owner.memberName(tag, .navigationProperty, context)
        if let relationship = try context.name(.relationship, tag, .navigationProperty) {
            // The type is put right when all associations are known.
            navigation = NavigationProperty(name: name, target: relationship, isCollection: false)
            navigation.relationship = relationship
            roles = NavigationRoles(
                type: relationship, navigation: 0, from: try context.required(.fromRole, tag, .navigationProperty),
                to: try context.required(.toRole, tag, .navigationProperty), place: context.place)
        } else {
            navigation = try Self.typed(name, tag, context)
        }
        navigation.sap = context.sap(tag)
    }

    private static func typed(
        _ name: String, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> NavigationProperty {
        let type = try context.requiredType(.type, tag, .navigationProperty)
        let target: QualifiedName
        switch type.base {
        case .named(let name): target = name
        case .abstract("Edm.EntityType"): target = QualifiedName("Edm", "EntityType")
        case .abstract, .primitive: throw context.invalid(.navigationProperty, .type)
        }
        var navigation = NavigationProperty(name: name, target: target, isCollection: type.isCollection)
        navigation.isNullable = type.isNullable
        navigation.partner = context.path(.partner, tag)
        navigation.containsTarget = try context.boolean(.containsTarget, tag, .navigationProperty) ?? false
        return navigation
    }

    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        switch word {
        case .referentialConstraint:
            navigation.constraints.append(
                ReferentialConstraint(
                    property: try context.required(.property, tag, .referentialConstraint),
                    referencedProperty: try context.required(.referencedProperty, tag, .referentialConstraint)))
        case .onDelete:
            guard navigation.onDelete == nil else { throw context.error(.duplicate) }
            navigation.onDelete = try context.onDelete(tag)
        default: return try super.child(word, tag, context)
        }
        return CSDLElement()
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        navigation.annotations = annotations
        owner.append(navigation, roles: roles)
    }
}

extension CSDLContext {
    /// `OnDelete` (§8.6), the same in both versions.
    func onDelete(_ tag: borrowing XMLStartTag) throws(MetadataError) -> NavigationProperty.OnDelete {
        guard let action = NavigationProperty.OnDelete(rawValue: try required(.action, tag, .onDelete)) else {
            throw invalid(.onDelete, .action)
        }
        return action
    }
}
