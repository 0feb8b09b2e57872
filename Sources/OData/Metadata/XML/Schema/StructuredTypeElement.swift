internal import LibXML

/// `EntityType` and `ComplexType` (CSDL XML 4.01 §6, §9).
final class StructuredTypeElement: CSDLElement {
    private let place: XMLPosition
    fileprivate var type: StructuredType
    private let number: Int
    private var roles: [NavigationRoles] = []

    init(
        _ kind: StructuredType.Kind, _ tag: borrowing XMLStartTag, in namespace: String, _ context: CSDLContext
    ) throws(MetadataError) {
        let element = kind == .entity ? CSDLWord.entityType : .complexType
        (place, number) = (context.place, context.nextTypeNumber())
        type = StructuredType(kind: kind, name: try context.declaredName(tag, element, in: namespace))
        try context.declareType(type.name)
        type.baseType = try context.name(.baseType, tag, element)
        type.isAbstract = try context.boolean(.abstract, tag, element) ?? false
        type.isOpen = try context.boolean(.openType, tag, element) ?? false
        type.hasStream = try context.boolean(.hasStream, tag, element) ?? false
        if let value = context.metadataAttribute(.hasStream, tag) {
            guard let flag = CSDLContext.boolean(value) else { throw context.invalid(element, .hasStream) }
            type.hasStream = flag
        }
        type.sap = context.sap(tag)
    }

    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        switch word {
        case .key where type.kind == .entity:
            guard type.key.isEmpty else { throw context.error(.duplicate) }
            return KeyElement(of: self)
        case .property: return try PropertyElement(tag, of: self, context)
        case .navigationProperty: return try NavigationPropertyElement(tag, of: self, context)
        default: return try super.child(word, tag, context)
        }
    }

    /// The name of a property or navigation property, which are unique together.
    func memberName(
        _ tag: borrowing XMLStartTag, _ element: CSDLWord, _ context: CSDLContext
    ) throws(MetadataError) -> String {
        let name = try context.requiredString(.name, tag, element)
        guard context.names.claim(name, by: number) else { throw context.error(.duplicate) }
        return context.text(name)
    }

    func append(_ property: Property) { type.properties.append(property) }

    func append(_ navigation: NavigationProperty, roles found: NavigationRoles?) {
        if var found {
            (found.type, found.navigation) = (type.name, type.navigationProperties.count)
            roles.append(found)
        }
        type.navigationProperties.append(navigation)
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        type.annotations = annotations
        context.draft.roles += roles
        context.draft.typePlaces[type.name] = place
        context.draft.parts.structuredTypes[type.name] = type
    }
}

/// `Key` (§6.5).
private final class KeyElement: CSDLElement {
    private let owner: StructuredTypeElement

    init(of owner: StructuredTypeElement) { self.owner = owner }

    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        guard word == .propertyRef else { return try super.child(word, tag, context) }
        let path = try context.required(.name, tag, .propertyRef)
        owner.type.key.append(KeyProperty(path, alias: context.optional(.alias, tag)))
        return CSDLElement()
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        if owner.type.key.isEmpty { throw context.invalid(.key) }
    }
}
