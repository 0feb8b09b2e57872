extension CSDLJSONReader {
    /// The value of an annotation (CSDL JSON 4.01 §14.3, §14.4). Recurs as deep as the JSON is nested, which is bounded.
    mutating func expression(_ node: JSONNode) throws(MetadataError) -> AnnotationExpression {
        switch node {
        case .null: return .null
        case .boolean(let flag): return .boolean(flag)
        case .number(let text): return try number(text)
        case .string(let text): return .string(text)
        case .array(let elements): return .collection(try expressions(elements))
        case .object(let members):
            let element = try CSDLJSONElement("Annotation", node)
            // The first member with a dollar tells what it is; records have none.
            guard
                let member = members.first(where: {
                    CSDLJSONName.isKeyword($0.name) && !CSDLJSONName.isAnnotation($0.name) && !Self.isSide($0)
                })
            else { return .record(try record(element)) }
            return try at(.member(member.name)) { reader throws(MetadataError) in
                try reader.dynamic(member, element)
            }
        }
    }

    /// Members that stand beside the one that names the expression.
    private static func isSide(_ member: JSONNode.Member) -> Bool {
        switch member.name {
        case "$Type", "$Collection", "$Nullable", "$MaxLength", "$Precision", "$Scale", "$SRID", "$Unicode",
            "$Function",
            "$Name":
            true
        default: false
        }
    }

    private mutating func expressions(_ nodes: [JSONNode]) throws(MetadataError) -> [AnnotationExpression] {
        var result: [AnnotationExpression] = []
        result.reserveCapacity(nodes.count)
        for (place, node) in nodes.enumerated() {
            result.append(try at(.element(place)) { reader throws(MetadataError) in try reader.expression(node) })
        }
        return result
    }

    private func number(_ text: String) throws(MetadataError) -> AnnotationExpression {
        if let integer = Int64(text) { return .int(integer) }
        let isPlain = !text.utf8.contains { $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") }
        if isPlain, let decimal = ODataDecimal(text) { return .decimal(decimal) }
        guard let value = Double(text), value.isFinite else {
            throw MetadataError(.invalid(element: "Annotation", attribute: nil))
        }
        return .float(value)
    }

    private mutating func dynamic(
        _ member: JSONNode.Member, _ element: CSDLJSONElement
    ) throws(MetadataError) -> AnnotationExpression {
        if let path = try path(member, element) { return path }
        switch member.name {
        case "$Null": return .null
        case "$Apply":
            return .apply(function: try element.required("$Function"), try operands(member, element))
        case "$If":
            let operands = try operands(member, element)
            guard operands.count == 2 || operands.count == 3 else { throw element.failure(member.name) }
            return .if(operands)
        case "$Cast": return .cast(try typeReference(element), try expression(member.value))
        case "$IsOf": return .isOf(try typeReference(element), try expression(member.value))
        case "$LabeledElement":
            return .labeledElement(name: resolved(path: try element.required("$Name")), try expression(member.value))
        case "$UrlRef": return .urlRef(try expression(member.value))
        default: return try operation(member, element)
        }
    }

    /// Paths and names. The notation of the standard has `$Path` only; the others are older, and some writers have them.
    private func path(
        _ member: JSONNode.Member, _ element: CSDLJSONElement
    ) throws(MetadataError) -> AnnotationExpression? {
        let make: (String) -> AnnotationExpression
        switch member.name {
        case "$Path": make = { .path($0) }
        case "$PropertyPath": make = { .propertyPath($0) }
        case "$NavigationPropertyPath": make = { .navigationPropertyPath($0) }
        case "$AnnotationPath": make = { .annotationPath($0) }
        case "$ModelElementPath": make = { .modelElementPath($0) }
        case "$AnyPropertyPath": make = { .anyPropertyPath($0) }
        case "$EnumMember": make = { .enumMember($0) }
        case "$LabeledElementReference":
            make = { .labeledElementReference($0) }
        default: return nil
        }
        guard case .string(let text) = member.value else { throw element.failure(member.name) }
        return make(resolved(path: text))
    }

    private mutating func operation(
        _ member: JSONNode.Member, _ element: CSDLJSONElement
    ) throws(MetadataError) -> AnnotationExpression {
        let name = String(member.name.dropFirst())
        switch name {
        case "Not", "Neg": return .operation(name, [try expression(member.value)])
        case "And", "Or", "Eq", "Ne", "Gt", "Ge", "Lt", "Le", "Has", "In", "Add", "Sub", "Mul", "Div", "DivBy", "Mod":
            let operands = try operands(member, element)
            guard operands.count == 2 else { throw element.failure(member.name) }
            return .operation(name, operands)
        default: throw MetadataError(.invalid(element: "Annotation", attribute: nil))
        }
    }

    private mutating func operands(
        _ member: JSONNode.Member, _ element: CSDLJSONElement
    ) throws(MetadataError) -> [AnnotationExpression] {
        guard case .array(let nodes) = member.value else { throw element.failure(member.name) }
        return try expressions(nodes)
    }

    private mutating func record(_ element: CSDLJSONElement) throws(MetadataError) -> AnnotationRecord {
        var record = AnnotationRecord()
        let member = element["@type"] == nil ? "@odata.type" : "@type"
        if let text = try element.string(member) {
            // `#Namespace.Type`, behind a URL if it is another document's; some writers leave the sign out.
            let name = text.lastIndex(of: "#").map { text[text.index(after: $0)...] } ?? text[...]
            guard let type = QualifiedName(name) else { throw element.failure(member) }
            record.type = resolved(type)
        }
        let isAnnotated = element.members.contains { CSDLJSONName.isAnnotation($0.name) && $0.name != member }
        let grouped = isAnnotated ? try annotationsByMember(element) : [:]
        record.annotations = grouped[""] ?? []
        for member in element.members where !CSDLJSONName.isAnnotation(member.name) {
            let value = try at(.member(member.name)) { reader throws(MetadataError) in
                try reader.expression(member.value)
            }
            record.properties.append(
                AnnotationRecord.Property(name: member.name, value: value, annotations: grouped[member.name] ?? []))
        }
        return record
    }
}
