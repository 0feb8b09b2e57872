extension CSDLJSONReader {
    /// `$Type`, `$Collection`, `$Nullable` and facets. Without `$Type` it is a string; without `$Nullable` it can't be null.
    func typeReference(
        _ element: CSDLJSONElement, named member: String = "$Type"
    ) throws(MetadataError) -> TypeReference {
        let text = try element.string(member) ?? "Edm.String"
        var type = TypeReference(
            try base(text, element, member), isCollection: try element.flag("$Collection"),
            isNullable: member == "$UnderlyingType" ? true : try element.flag("$Nullable"))
        type.maxLength = try element.count("$MaxLength")
        type.precision = try element.count("$Precision")
        type.scale = try scale(element, of: type.base)
        type.isUnicode = element["$Unicode"] == nil ? nil : try element.flag("$Unicode")
        type.srid = try srid(element)
        return type
    }

    private func base(
        _ text: String, _ element: CSDLJSONElement, _ member: String
    ) throws(MetadataError) -> TypeReference.Base {
        if let primitive = PrimitiveType(rawValue: text) { return .primitive(primitive) }
        if text.hasPrefix("Edm.") { return .abstract(text) }
        // A collection is told by `$Collection`; in `$Type` it would be a name with parentheses.
        guard !text.contains("(") else { throw element.failure(member) }
        return .named(try name(text, element, member))
    }

    /// A decimal without a scale has any (§7.2.4); another type has none.
    private func scale(
        _ element: CSDLJSONElement, of base: TypeReference.Base
    ) throws(MetadataError) -> TypeReference.Scale? {
        switch element["$Scale"] {
        case nil: return base == .primitive(.decimal) ? .variable : nil
        case .string("variable"): return .variable
        case .string("floating"): return .floating
        case .number(let text):
            guard let digits = Int(text), digits >= 0 else { throw element.failure("$Scale") }
            return .fixed(digits)
        default: throw element.failure("$Scale")
        }
    }

    private func srid(_ element: CSDLJSONElement) throws(MetadataError) -> String? {
        switch element["$SRID"] {
        case nil: return nil
        case .string(let text), .number(let text): return text
        default: throw element.failure("$SRID")
        }
    }

    // MARK: Operations

    mutating func readOverloads(_ name: QualifiedName, _ overloads: [JSONNode]) throws(MetadataError) {
        guard parts.operations[name] == nil else { throw MetadataError(.duplicate) }
        var found: [Operation] = []
        for (place, node) in overloads.enumerated() {
            found.append(
                try at(.element(place)) { reader throws(MetadataError) in try reader.operation(name, node) })
        }
        if !found.isEmpty { parts.operations[name] = found }
    }

    private mutating func operation(_ name: QualifiedName, _ node: JSONNode) throws(MetadataError) -> Operation {
        let element = try CSDLJSONElement("Operation", node)
        let kind: Operation.Kind
        switch try element.string("$Kind") {
        case "Function": kind = .function
        case "Action": kind = .action
        default: throw element.failure("$Kind")
        }
        var operation = Operation(kind: kind, name: name)
        operation.isBound = try element.flag("$IsBound")
        operation.isComposable = try element.flag("$IsComposable")
        operation.entitySetPath = try element.string("$EntitySetPath")
        operation.annotations = try annotations(of: element)
        for (place, parameter) in try element.array("$Parameter").enumerated() {
            try at(.member("$Parameter")) { reader throws(MetadataError) in
                try reader.at(.element(place)) { reader throws(MetadataError) in
                    operation.parameters.append(try reader.parameter(parameter))
                }
            }
        }
        if let node = element["$ReturnType"] {
            try at(.member("$ReturnType")) { reader throws(MetadataError) in
                let result = try CSDLJSONElement("ReturnType", node)
                operation.returnType = try reader.typeReference(result)
                operation.returnTypeAnnotations = try reader.annotations(of: result)
            }
        }
        if operation.isBound, operation.parameters.isEmpty { throw element.failure("$Parameter") }
        return operation
    }

    private mutating func parameter(_ node: JSONNode) throws(MetadataError) -> Operation.Parameter {
        let element = try CSDLJSONElement("Parameter", node)
        var parameter = Operation.Parameter(name: try element.required("$Name"), type: try typeReference(element))
        parameter.annotations = try annotations(of: element)
        parameter.isOptional = parameter.annotations.contains { $0.term == Self.optionalParameter }
        return parameter
    }

    private static let optionalParameter = QualifiedName("Org.OData.Core.V1", "OptionalParameter")
}
