extension CSDLJSONReader {
    mutating func read(_ schema: JSONNode.Member) throws(MetadataError) {
        let element = try CSDLJSONElement("Schema", schema.value)
        var info = SchemaInfo(namespace: schema.name, alias: try element.string("$Alias"))
        info.annotations = try annotations(of: element)
        parts.schemas.append(info)
        for member in element.members where !CSDLJSONName.isAnnotation(member.name) {
            if member.name == "$Annotations" {
                try at(.member(member.name)) { reader throws(MetadataError) in try reader.readTargets(member.value) }
            } else if !CSDLJSONName.isKeyword(member.name) {
                let name = QualifiedName(schema.name, member.name)
                try at(.member(member.name)) { reader throws(MetadataError) in try reader.read(name, member.value) }
            }
        }
    }

    private mutating func readTargets(_ node: JSONNode) throws(MetadataError) {
        for target in try CSDLJSONElement("Annotations", node).members {
            let found = try at(.member(target.name)) { reader throws(MetadataError) in
                try reader.annotations(of: try CSDLJSONElement("Annotations", target.value))
            }
            targeted.append(TargetedAnnotations(target: target.name, annotations: found))
        }
    }

    private mutating func read(_ name: QualifiedName, _ node: JSONNode) throws(MetadataError) {
        if case .array(let overloads) = node { return try readOverloads(name, overloads) }
        let element = try CSDLJSONElement("SchemaElement", node)
        switch try element.string("$Kind") {
        case "EntityType": try readStructuredType(name, .entity, node)
        case "ComplexType": try readStructuredType(name, .complex, node)
        case "EnumType": try readEnumeration(name, node)
        case "TypeDefinition": try readTypeDefinition(name, node)
        case "Term": try readTerm(name, node)
        case "EntityContainer": try readContainer(name, node)
        default: throw element.failure("$Kind")
        }
    }

    // MARK: Structured types

    private mutating func readStructuredType(
        _ name: QualifiedName, _ kind: StructuredType.Kind, _ node: JSONNode
    ) throws(MetadataError) {
        let element = try CSDLJSONElement(kind == .entity ? "EntityType" : "ComplexType", node)
        var type = StructuredType(kind: kind, name: name)
        if let base = try element.string("$BaseType") { type.baseType = try self.name(base, element, "$BaseType") }
        type.isAbstract = try element.flag("$Abstract")
        type.isOpen = try element.flag("$OpenType")
        type.hasStream = try element.flag("$HasStream")
        type.key = try keyProperties(element)
        type.annotations = try annotations(of: element)
        for member in element.children {
            try at(.member(member.name)) { reader throws(MetadataError) in try reader.readProperty(member, of: &type) }
        }
        parts.structuredTypes[name] = type
    }

    private mutating func keyProperties(_ element: CSDLJSONElement) throws(MetadataError) -> [KeyProperty] {
        var key: [KeyProperty] = []
        for part in try element.array("$Key") {
            switch part {
            case .string(let path): key.append(KeyProperty(path))
            case .object(let members):
                guard members.count == 1, case .string(let path) = members[0].value else {
                    throw element.failure("$Key")
                }
                key.append(KeyProperty(path, alias: members[0].name))
            default: throw element.failure("$Key")
            }
        }
        return key
    }

    private mutating func readProperty(
        _ member: JSONNode.Member, of type: inout StructuredType
    ) throws(MetadataError) {
        let element = try CSDLJSONElement("Property", member.value)
        switch try element.string("$Kind") {
        case nil, "Property":
            var property = Property(name: member.name, type: try typeReference(element))
            property.defaultValue = try defaultValue(element)
            property.annotations = try annotations(of: element)
            type.properties.append(property)
        case "NavigationProperty":
            type.navigationProperties.append(try navigationProperty(member))
        default: throw element.failure("$Kind")
        }
    }

    private mutating func navigationProperty(_ member: JSONNode.Member) throws(MetadataError) -> NavigationProperty {
        let element = try CSDLJSONElement("NavigationProperty", member.value)
        let target = try name(try element.required("$Type"), element, "$Type")
        let isCollection = try element.flag("$Collection")
        var property = NavigationProperty(name: member.name, target: target, isCollection: isCollection)
        property.isNullable = try element.flag("$Nullable")
        property.partner = try element.string("$Partner")
        property.containsTarget = try element.flag("$ContainsTarget")
        for pair in try element.object("$ReferentialConstraint") where !CSDLJSONName.isAnnotation(pair.name) {
            guard case .string(let referenced) = pair.value else { throw element.failure("$ReferentialConstraint") }
            property.constraints.append(ReferentialConstraint(property: pair.name, referencedProperty: referenced))
        }
        if let text = try element.string("$OnDelete") {
            guard let action = NavigationProperty.OnDelete(rawValue: text) else { throw element.failure("$OnDelete") }
            property.onDelete = action
        }
        property.annotations = try annotations(of: element)
        return property
    }

    /// A default is any JSON value of the type; the model keeps its text.
    func defaultValue(_ element: CSDLJSONElement) throws(MetadataError) -> String? {
        switch element["$DefaultValue"] {
        case nil, .null: return nil
        case .string(let text), .number(let text): return text
        case .boolean(let flag): return flag ? "true" : "false"
        case .array, .object: throw element.failure("$DefaultValue")
        }
    }

    // MARK: Enumerations, type definitions, terms

    private mutating func readEnumeration(_ name: QualifiedName, _ node: JSONNode) throws(MetadataError) {
        let element = try CSDLJSONElement("EnumType", node)
        var type = EnumerationType(name: name)
        if let text = try element.string("$UnderlyingType") {
            guard let underlying = PrimitiveType(rawValue: text), Self.enumerationBases.contains(underlying) else {
                throw element.failure("$UnderlyingType")
            }
            type.underlyingType = underlying
        }
        type.isFlags = try element.flag("$IsFlags")
        let grouped = try annotationsByMember(element)
        type.annotations = grouped[""] ?? []
        for member in element.children {
            let value = try at(.member(member.name)) { _ throws(MetadataError) in try Self.memberValue(member, element)
            }
            type.members.append(
                EnumerationType.Member(name: member.name, value: value, annotations: grouped[member.name] ?? []))
        }
        parts.enumerationTypes[name] = type
    }

    private static let enumerationBases: Set<PrimitiveType> = [.byte, .sbyte, .int16, .int32, .int64]

    /// A string where the answer is IEEE754Compatible.
    private static func memberValue(
        _ member: JSONNode.Member, _ element: CSDLJSONElement
    ) throws(MetadataError) -> Int64 {
        switch member.value {
        case .number(let text), .string(let text):
            guard let value = Int64(text) else { throw element.failure("$Value") }
            return value
        default: throw element.failure("$Value")
        }
    }

    private mutating func readTypeDefinition(_ name: QualifiedName, _ node: JSONNode) throws(MetadataError) {
        let element = try CSDLJSONElement("TypeDefinition", node)
        let underlying = try typeReference(element, named: "$UnderlyingType")
        guard case .primitive = underlying.base else { throw element.failure("$UnderlyingType") }
        var type = TypeDefinition(name: name, underlyingType: underlying)
        type.annotations = try annotations(of: element)
        parts.typeDefinitions[name] = type
    }

    private mutating func readTerm(_ name: QualifiedName, _ node: JSONNode) throws(MetadataError) {
        let element = try CSDLJSONElement("Term", node)
        var term = TermDefinition(name: name, type: try typeReference(element))
        if let base = try element.string("$BaseTerm") { term.baseTerm = try self.name(base, element, "$BaseTerm") }
        term.defaultValue = try defaultValue(element)
        for item in try element.array("$AppliesTo") {
            guard case .string(let symbol) = item else { throw element.failure("$AppliesTo") }
            term.appliesTo.append(symbol)
        }
        term.annotations = try annotations(of: element)
        parts.terms[name] = term
    }
}
