@testable import OData

/// Writes a model as CSDL JSON, to be read again. Annotations stand at their elements or apart, as the generator likes.
struct ModelCSDLPrinter {
    private var random: ModelRandom
    private var apart: [JSONNode.Member] = []

    init(seed: UInt64) { random = ModelRandom(seed: seed) }

    /// - Parameter parts: of one schema.
    mutating func print(_ parts: MetadataParts) -> [UInt8] {
        guard let schema = parts.schemas.first else { return [] }
        let head =
            (schema.alias.map { [JSONNode.Member("$Alias", .string($0))] } ?? []) + annotations(schema.annotations)
        var members: [JSONNode.Member] = []
        for type in parts.structuredTypes.values { members.append(structured(type)) }
        for type in parts.enumerationTypes.values { members.append(enumeration(type)) }
        for type in parts.typeDefinitions.values {
            let kind: [JSONNode.Member] = [.init("$Kind", .string("TypeDefinition"))]
            let underlying = reference(type.underlyingType, named: "$UnderlyingType").filter { $0.name != "$Nullable" }
            members.append(.init(type.name.name, .object(kind + underlying + annotations(type.annotations))))
        }
        for term in parts.terms.values { members.append(self.term(term)) }
        for (name, overloads) in parts.operations {
            members.append(.init(name.name, .array(overloads.map { operation($0) })))
        }
        if let name = parts.container.name { members.append(.init(name.name, container(parts.container))) }
        members.shuffle(using: &random)
        members = head + members
        let targets = apart + parts.externalAnnotations.map { .init($0.key, .object(annotations($0.value))) }
        if !targets.isEmpty { members.insert(.init("$Annotations", .object(targets)), at: 0) }
        return document(parts, schema.namespace, members).serialized()
    }

    private func document(_ parts: MetadataParts, _ namespace: String, _ schema: [JSONNode.Member]) -> JSONNode {
        var members: [JSONNode.Member] = [.init("$Version", .string(parts.version.rawValue))]
        if !parts.references.isEmpty {
            members.append(.init("$Reference", .object(parts.references.map { .init($0.uri, reference($0)) })))
        }
        if let name = parts.container.name { members.append(.init("$EntityContainer", .string(name.description))) }
        return .object(members + [.init(namespace, .object(schema))])
    }

    private func reference(_ reference: Reference) -> JSONNode {
        let includes = reference.includes.map { include in
            JSONNode.object(
                [.init("$Namespace", .string(include.namespace))]
                    + (include.alias.map { [.init("$Alias", .string($0))] } ?? []))
        }
        let terms = reference.annotationNamespaces.map { JSONNode.object([.init("$TermNamespace", .string($0))]) }
        return .object([.init("$Include", .array(includes)), .init("$IncludeAnnotations", .array(terms))])
    }

    // MARK: Elements

    private mutating func structured(_ type: StructuredType) -> JSONNode.Member {
        var members: [JSONNode.Member] = [.init("$Kind", .string(type.kind == .entity ? "EntityType" : "ComplexType"))]
        if let base = type.baseType { members.append(.init("$BaseType", .string(base.description))) }
        for (name, flag) in [
            ("$Abstract", type.isAbstract), ("$OpenType", type.isOpen), ("$HasStream", type.hasStream),
        ]
        where flag {
            members.append(.init(name, .boolean(true)))
        }
        if !type.key.isEmpty {
            let parts = type.key.map { part in
                part.alias.map { JSONNode.object([.init($0, .string(part.path))]) } ?? .string(part.path)
            }
            members.append(.init("$Key", .array(parts)))
        }
        members += annotations(type.annotations, of: type.name.description)
        for property in type.properties {
            var own = reference(property.type)
            if let text = property.defaultValue { own.append(.init("$DefaultValue", .string(text))) }
            own += annotations(property.annotations, of: "\(type.name)/\(property.name)")
            members.append(.init(property.name, .object(own)))
        }
        for navigation in type.navigationProperties {
            members.append(.init(navigation.name, .object(self.navigation(navigation, of: type.name))))
        }
        return .init(type.name.name, .object(members))
    }

    private mutating func navigation(_ navigation: NavigationProperty, of type: QualifiedName) -> [JSONNode.Member] {
        var members: [JSONNode.Member] = [
            .init("$Kind", .string("NavigationProperty")), .init("$Type", .string(navigation.target.description)),
        ]
        if navigation.isCollection { members.append(.init("$Collection", .boolean(true))) }
        if navigation.isNullable { members.append(.init("$Nullable", .boolean(true))) }
        if let partner = navigation.partner { members.append(.init("$Partner", .string(partner))) }
        if navigation.containsTarget { members.append(.init("$ContainsTarget", .boolean(true))) }
        if !navigation.constraints.isEmpty {
            let pairs = navigation.constraints.map { JSONNode.Member($0.property, .string($0.referencedProperty)) }
            members.append(.init("$ReferentialConstraint", .object(pairs)))
        }
        if let action = navigation.onDelete { members.append(.init("$OnDelete", .string(action.rawValue))) }
        return members + annotations(navigation.annotations, of: "\(type)/\(navigation.name)")
    }

    private mutating func enumeration(_ type: EnumerationType) -> JSONNode.Member {
        var members: [JSONNode.Member] = [
            .init("$Kind", .string("EnumType")), .init("$UnderlyingType", .string(type.underlyingType.rawValue)),
        ]
        if type.isFlags { members.append(.init("$IsFlags", .boolean(true))) }
        members += annotations(type.annotations)
        for member in type.members {
            members.append(.init(member.name, .number(String(member.value))))
            members += annotations(member.annotations, prefix: member.name)
        }
        return .init(type.name.name, .object(members))
    }

    private mutating func term(_ term: TermDefinition) -> JSONNode.Member {
        var members: [JSONNode.Member] = [.init("$Kind", .string("Term"))] + reference(term.type)
        if let base = term.baseTerm { members.append(.init("$BaseTerm", .string(base.description))) }
        if let text = term.defaultValue { members.append(.init("$DefaultValue", .string(text))) }
        if !term.appliesTo.isEmpty { members.append(.init("$AppliesTo", .array(term.appliesTo.map { .string($0) }))) }
        return .init(term.name.name, .object(members + annotations(term.annotations)))
    }

    private mutating func operation(_ operation: OData.Operation) -> JSONNode {
        var members: [JSONNode.Member] = [.init("$Kind", .string(operation.kind == .action ? "Action" : "Function"))]
        if operation.isBound { members.append(.init("$IsBound", .boolean(true))) }
        if operation.isComposable { members.append(.init("$IsComposable", .boolean(true))) }
        if let path = operation.entitySetPath { members.append(.init("$EntitySetPath", .string(path))) }
        if !operation.parameters.isEmpty {
            let parameters = operation.parameters.map { parameter in
                JSONNode.object(
                    [.init("$Name", .string(parameter.name))] + reference(parameter.type)
                        + annotations(parameter.annotations))
            }
            members.append(.init("$Parameter", .array(parameters)))
        }
        if let type = operation.returnType {
            members.append(
                .init("$ReturnType", .object(reference(type) + annotations(operation.returnTypeAnnotations))))
        }
        return .object(members + annotations(operation.annotations))
    }

    // MARK: The container

    private mutating func container(_ container: EntityContainer) -> JSONNode {
        var members: [JSONNode.Member] =
            [.init("$Kind", .string("EntityContainer"))] + annotations(container.annotations)
        let path = container.name?.description ?? ""
        for set in container.entitySets {
            var own: [JSONNode.Member] = [
                .init("$Collection", .boolean(true)), .init("$Type", .string(set.type.description)),
            ]
            if !set.isInServiceDocument { own.append(.init("$IncludeInServiceDocument", .boolean(false))) }
            own += bindings(set.bindings) + annotations(set.annotations, of: "\(path)/\(set.name)")
            members.append(.init(set.name, .object(own)))
        }
        for singleton in container.singletons {
            var own: [JSONNode.Member] = [.init("$Type", .string(singleton.type.description))]
            if singleton.isNullable { own.append(.init("$Nullable", .boolean(true))) }
            own += bindings(singleton.bindings) + annotations(singleton.annotations, of: "\(path)/\(singleton.name)")
            members.append(.init(singleton.name, .object(own)))
        }
        for item in container.operationImports {
            var own: [JSONNode.Member] = [
                .init(item.kind == .action ? "$Action" : "$Function", .string(item.operation.description))
            ]
            if let set = item.entitySet { own.append(.init("$EntitySet", .string(set))) }
            members.append(.init(item.name, .object(own + annotations(item.annotations))))
        }
        return .object(members)
    }

    private func bindings(_ bindings: [NavigationBinding]) -> [JSONNode.Member] {
        guard !bindings.isEmpty else { return [] }
        return [.init("$NavigationPropertyBinding", .object(bindings.map { .init($0.path, .string($0.target)) }))]
    }

    private func reference(_ type: TypeReference, named member: String = "$Type") -> [JSONNode.Member] {
        var members: [JSONNode.Member] = []
        let name =
            switch type.base {
            case .primitive(let primitive): primitive.rawValue
            case .named(let name): name.description
            case .abstract(let name): name
            }
        if name != "Edm.String" { members.append(.init(member, .string(name))) }
        if type.isCollection { members.append(.init("$Collection", .boolean(true))) }
        if type.isNullable { members.append(.init("$Nullable", .boolean(true))) }
        if let length = type.maxLength { members.append(.init("$MaxLength", .number(String(length)))) }
        if let precision = type.precision { members.append(.init("$Precision", .number(String(precision)))) }
        switch type.scale {
        case .fixed(let digits): members.append(.init("$Scale", .number(String(digits))))
        case .floating: members.append(.init("$Scale", .string("floating")))
        case .variable: if type.base != .primitive(.decimal) { members.append(.init("$Scale", .string("variable"))) }
        case nil: break
        }
        if let isUnicode = type.isUnicode { members.append(.init("$Unicode", .boolean(isUnicode))) }
        if let srid = type.srid { members.append(.init("$SRID", .string(srid))) }
        return members
    }

    // MARK: Annotations

    private mutating func annotations(_ list: [Annotation], of target: String) -> [JSONNode.Member] {
        guard !list.isEmpty, random.flip() else { return annotations(list) }
        apart.append(.init(target, .object(annotations(list))))
        return []
    }

    private func annotations(_ list: [Annotation], prefix: String = "") -> [JSONNode.Member] {
        list.flatMap { annotation -> [JSONNode.Member] in
            let name = prefix + "@" + annotation.term.description + (annotation.qualifier.map { "#" + $0 } ?? "")
            return [.init(name, expression(annotation.value))] + annotations(annotation.annotations, prefix: name)
        }
    }

    private func expression(_ value: AnnotationExpression) -> JSONNode {
        func object(_ name: String, _ node: JSONNode, _ more: [JSONNode.Member] = []) -> JSONNode {
            .object([.init(name, node)] + more)
        }
        func array(_ values: [AnnotationExpression]) -> JSONNode { .array(values.map { expression($0) }) }
        switch value {
        case .null: return .null
        case .boolean(let flag): return .boolean(flag)
        case .int(let number): return .number(String(number))
        case .decimal(let number): return .number(number.description)
        case .float(let number): return .number("\(number)".contains("e") ? "\(number)" : "\(number)e0")
        case .string(let text), .date(let text), .dateTimeOffset(let text), .duration(let text), .timeOfDay(let text),
            .guid(let text), .binary(let text):
            return .string(text)
        case .enumMember(let text): return object("$EnumMember", .string(text))
        case .path(let path): return object("$Path", .string(path))
        case .propertyPath(let path): return object("$PropertyPath", .string(path))
        case .navigationPropertyPath(let path): return object("$NavigationPropertyPath", .string(path))
        case .annotationPath(let path): return object("$AnnotationPath", .string(path))
        case .modelElementPath(let path): return object("$ModelElementPath", .string(path))
        case .anyPropertyPath(let path): return object("$AnyPropertyPath", .string(path))
        case .collection(let values): return array(values)
        case .record(let record): return self.record(record)
        case .apply(let function, let values):
            return object("$Apply", array(values), [.init("$Function", .string(function))])
        case .if(let values): return object("$If", array(values))
        case .cast(let type, let value): return object("$Cast", expression(value), reference(type))
        case .isOf(let type, let value): return object("$IsOf", expression(value), reference(type))
        case .labeledElement(let name, let value):
            return object("$LabeledElement", expression(value), [.init("$Name", .string(name))])
        case .labeledElementReference(let name): return object("$LabeledElementReference", .string(name))
        case .urlRef(let value): return object("$UrlRef", expression(value))
        case .operation(let name, let values):
            return object("$" + name, values.count == 1 ? expression(values[0]) : array(values))
        }
    }

    private func record(_ record: AnnotationRecord) -> JSONNode {
        var members = record.type.map { [JSONNode.Member("@type", .string("#" + $0.description))] } ?? []
        members += annotations(record.annotations)
        for property in record.properties {
            members.append(.init(property.name, expression(property.value)))
            members += annotations(property.annotations, prefix: property.name)
        }
        return .object(members)
    }
}
