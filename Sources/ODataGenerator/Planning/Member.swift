internal import OData

/// A property or navigation with its name in Swift.
struct Member {
    /// As the document has it.
    let name: String
    /// Without backticks.
    let swiftName: String
    let type: SwiftType
    let documentation: [String]

    var escapedName: String { SwiftIdentifier.escaped(swiftName) }
}

extension ServicePlan {
    /// Properties, inherited ones first.
    func members(of type: StructuredType, _ scope: inout NameScope) -> [Member] {
        let documentation = FieldDocumentation(metadata: metadata)
        let keys = Set(metadata.keyProperties(of: type.name).map(\.path))
        return metadata.properties(of: type.name).map { property in
            Member(
                name: property.name, swiftName: scope.unused(SwiftIdentifier.member(property.name), suffix: "Property"),
                type: swiftType(property.type),
                documentation: documentation.paragraphs(property, in: type.name, isKey: keys.contains(property.name)))
        }
    }

    func navigations(of type: StructuredType, _ scope: inout NameScope) -> [Member] {
        let documentation = FieldDocumentation(metadata: metadata)
        return metadata.navigationProperties(of: type.name).map { navigation in
            let type = entityType(navigation.target, isCollection: navigation.isCollection)
            let label = documentation.label(navigation.annotations, navigation.sap)
            let target =
                type.kind == .entity
                ? "" : " Of the type " + documentation.code(navigation.target.name) + ", which has no Swift type."
            return Member(
                name: navigation.name,
                swiftName: scope.unused(SwiftIdentifier.member(navigation.name), suffix: "Navigation"), type: type,
                documentation: [(label.map { $0 + ". " } ?? "") + "Nil if it was not expanded." + target])
        }
    }

    /// The parts of the key, with the members that hold them where these are members of the type itself.
    func key(of type: StructuredType, _ members: [Member]) -> [KeyPart] {
        var scope = self.scope(ReservedNames.keyMembers)
        return metadata.keyProperties(of: type.name).map { key in
            let name = scope.unused(SwiftIdentifier.member(key.name), suffix: "Property")
            let member = members.first { $0.name == key.path && $0.type.kind == .convertible }
            let property = metadata.property(atPath: key.path, from: type.name).map { swiftType($0.type) }
            let found = member?.type ?? property
            return KeyPart(
                name: key.name, swiftName: name,
                type: found.flatMap { $0.kind == .convertible ? $0.text : nil } ?? "ODataValue", member: member)
        }
    }
}

/// A part of a key.
struct KeyPart {
    let name: String
    let swiftName: String
    let type: String
    /// nil for a path into a complex property.
    let member: Member?

    var escapedName: String { SwiftIdentifier.escaped(swiftName) }
}
