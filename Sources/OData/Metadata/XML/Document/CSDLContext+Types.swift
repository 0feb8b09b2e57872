internal import LibXML

/// Types with facets (CSDL XML 4.01 §6.2, §7.2; version 2's are the same with fewer).
extension CSDLContext {
    /// - Returns: nil without the attribute.
    func type(
        _ attribute: CSDLWord, _ tag: borrowing XMLStartTag, _ element: CSDLWord
    ) throws(MetadataError) -> TypeReference? {
        guard let string = tag.value(of: attribute.name) else { return nil }
        guard let parsed = names.type(string, text(string)) else { throw invalid(element, attribute) }
        if parsed.isUnqualified { note(.unqualifiedPrimitiveType) }
        var type = TypeReference(parsed.base, isCollection: parsed.isCollection, isNullable: !parsed.isCollection)
        try readFacets(into: &type, tag, element)
        return type
    }

    func requiredType(
        _ attribute: CSDLWord, _ tag: borrowing XMLStartTag, _ element: CSDLWord
    ) throws(MetadataError) -> TypeReference {
        guard let type = try type(attribute, tag, element) else { throw invalid(element, attribute) }
        return type
    }

    private func readFacets(
        into type: inout TypeReference, _ tag: borrowing XMLStartTag, _ element: CSDLWord
    ) throws(MetadataError) {
        for index in 0..<tag.attributeCount where tag.attribute(index).isUnprefixed {
            guard let facet = CSDLWord(tag.attribute(index).name) else { continue }
            switch facet {
            case .nullable: type.isNullable = try flag(tag.value(at: index), element, facet)
            case .maxLength: type.maxLength = try maxLength(text(tag.value(at: index)), element)
            case .precision: type.precision = try count(text(tag.value(at: index)), element, facet)
            case .scale: type.scale = try scale(text(tag.value(at: index)), element)
            case .srid: type.srid = text(tag.value(at: index))
            case .unicode: type.isUnicode = try flag(tag.value(at: index), element, facet)
            case .fixedLength: type.isFixedLength = try flag(tag.value(at: index), element, facet)
            default: break
            }
        }
    }

    private func flag(_ value: XMLString, _ element: CSDLWord, _ facet: CSDLWord) throws(MetadataError) -> Bool {
        guard let flag = Self.boolean(text(value)) else { throw invalid(element, facet) }
        return flag
    }

    private func count(_ value: String, _ element: CSDLWord, _ facet: CSDLWord) throws(MetadataError) -> Int {
        guard let count = Int(value), count >= 0 else { throw invalid(element, facet) }
        return count
    }

    /// `Max` in version 2 and `max` in version 4 say nothing more than no facet.
    private func maxLength(_ value: String, _ element: CSDLWord) throws(MetadataError) -> Int? {
        if value == "max" || value == "Max" { return nil }
        return try count(value, element, .maxLength)
    }

    private func scale(_ value: String, _ element: CSDLWord) throws(MetadataError) -> TypeReference.Scale {
        switch value {
        case "variable", "Variable": return .variable
        case "floating": return .floating
        default: return .fixed(try count(value, element, .scale))
        }
    }
}
