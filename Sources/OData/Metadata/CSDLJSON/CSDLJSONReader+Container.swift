extension CSDLJSONReader {
    /// Several containers of a document are one in the model, so that one that extends another of the document has its
    /// children anyway.
    mutating func readContainer(_ name: QualifiedName, _ node: JSONNode) throws(MetadataError) {
        let element = try CSDLJSONElement("EntityContainer", node)
        if parts.container.name == nil { parts.container.name = name }
        parts.container.annotations += try annotations(of: element)
        for member in element.children {
            try at(.member(member.name)) { reader throws(MetadataError) in
                guard reader.childNames.insert(member.name).inserted else { throw MetadataError(.duplicate) }
                try reader.readChild(member)
            }
        }
    }

    private mutating func readChild(_ member: JSONNode.Member) throws(MetadataError) {
        let element = try CSDLJSONElement("EntityContainer", member.value)
        if let action = try element.string("$Action") {
            try readImport(member, .action, try name(action, element, "$Action"))
        } else if let function = try element.string("$Function") {
            try readImport(member, .function, try name(function, element, "$Function"))
        } else if try element.flag("$Collection") {
            try readSet(member)
        } else {
            try readSingleton(member)
        }
    }

    private mutating func readSet(_ member: JSONNode.Member) throws(MetadataError) {
        let element = try CSDLJSONElement("EntitySet", member.value)
        var set = EntitySet(name: member.name, type: try name(try element.required("$Type"), element, "$Type"))
        set.isInServiceDocument = try element.flag("$IncludeInServiceDocument", default: true)
        set.bindings = try bindings(element)
        set.annotations = try annotations(of: element)
        parts.container.entitySets.append(set)
    }

    private mutating func readSingleton(_ member: JSONNode.Member) throws(MetadataError) {
        let element = try CSDLJSONElement("Singleton", member.value)
        var singleton = Singleton(name: member.name, type: try name(try element.required("$Type"), element, "$Type"))
        singleton.isNullable = try element.flag("$Nullable")
        singleton.bindings = try bindings(element)
        singleton.annotations = try annotations(of: element)
        parts.container.singletons.append(singleton)
    }

    private mutating func readImport(
        _ member: JSONNode.Member, _ kind: Operation.Kind, _ operation: QualifiedName
    ) throws(MetadataError) {
        let element = try CSDLJSONElement(kind == .action ? "ActionImport" : "FunctionImport", member.value)
        var found = OperationImport(kind: kind, name: member.name, operation: operation)
        found.entitySet = try element.string("$EntitySet").map { resolved(path: $0) }
        found.annotations = try annotations(of: element)
        parts.container.operationImports.append(found)
    }

    private func bindings(_ element: CSDLJSONElement) throws(MetadataError) -> [NavigationBinding] {
        var bindings: [NavigationBinding] = []
        for binding in try element.object("$NavigationPropertyBinding") where !CSDLJSONName.isAnnotation(binding.name) {
            guard case .string(let target) = binding.value else { throw element.failure("$NavigationPropertyBinding") }
            bindings.append(NavigationBinding(path: resolved(path: binding.name), target: resolved(path: target)))
        }
        return bindings
    }
}
