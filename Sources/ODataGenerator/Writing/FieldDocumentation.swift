internal import OData

/// What a property's comment says: its label, and what a caller can't see from its type.
struct FieldDocumentation {
    let metadata: Metadata

    func paragraphs(_ property: Property, in type: QualifiedName, isKey: Bool) -> [String] {
        let field = metadata.presentation(of: property.name, in: type)
        let label = field.label ?? field.heading
        let hint = field.quickInfo.flatMap { $0 == label ? nil : $0 }
        let facts = (isKey ? ["key"] : []) + facets(property) + associations(field) + rules(field)
        let first = [label, hint].compactMap(\.self).map(SwiftText.plain).filter { !$0.isEmpty }.joined(separator: ": ")
        return [first.isEmpty ? SwiftText.plain(property.name) : first, sentence(facts)]
    }

    /// `Sales Organization` of an entity type, set or operation.
    func label(_ annotations: [Annotation], _ sap: SAPAttributes) -> String? {
        if let label = sap["label"] { return label }
        let label = annotations.first {
            $0.term == QualifiedName("com.sap.vocabularies.Common.v1", "Label") && $0.qualifier == nil
        }
        guard case .string(let text)? = label?.value else { return nil }
        return text
    }

    func facets(_ property: Property) -> [String] { facets(metadata.resolved(property.type)) }

    func facets(_ type: TypeReference) -> [String] {
        switch type.base {
        case .primitive(.string):
            return type.maxLength.map { ["at most " + counted($0, "character")] } ?? []
        case .primitive(.binary):
            return type.maxLength.map { ["at most " + counted($0, "byte")] } ?? []
        case .primitive(.decimal):
            var scale: String?
            if case .fixed(let digits)? = type.scale, digits > 0 { scale = "\(digits) after the point" }
            return [[type.precision.map { counted($0, "digit") }, scale].compactMap(\.self).joined(separator: ", ")]
                .filter { !$0.isEmpty }
        default: return []
        }
    }

    private func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)" + (count == 1 ? "" : "s") }

    private func associations(_ field: FieldPresentation) -> [String] {
        var facts: [String] = []
        if let unit = field.unit {
            let noun = unit.kind == .currency ? "currency" : "unit"
            switch unit.source {
            case .path(let path): facts.append("\(noun) in " + code(path))
            case .constant(let text): facts.append("\(noun) " + code(text))
            }
        }
        if let text = field.text { facts.append("text in " + code(text.path)) }
        return facts
    }

    private func rules(_ field: FieldPresentation) -> [String] {
        var facts: [String] = []
        if field.isUpperCase { facts.append("upper case") }
        if field.isDigitSequence { facts.append("digits with leading zeros") }
        switch (field.isCreatable, field.isUpdatable) {
        case (false, false): facts.append("read only")
        case (true, false): facts.append("only given when created")
        case (false, true): facts.append("not given when created")
        case (true, true): break
        }
        if field.fieldControl == .mandatory { facts.append("mandatory") }
        if field.isRequiredInFilter { facts.append("required in filters") }
        if !field.isFilterable { facts.append("not in filters") }
        if !field.isSortable { facts.append("not to order by") }
        return facts
    }

    /// A name of the document as code, without what would end it.
    func code(_ name: String) -> String { "`" + SwiftText.plain(name).replacing("`", with: "'") + "`" }

    private func sentence(_ facts: [String]) -> String {
        guard let first = facts.first else { return "" }
        return ([first.prefix(1).uppercased() + first.dropFirst()] + facts.dropFirst()).joined(separator: "; ") + "."
    }
}
