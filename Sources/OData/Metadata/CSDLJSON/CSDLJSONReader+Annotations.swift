extension CSDLJSONReader {
    /// How many annotations of annotations of annotations there may be.
    private static let maxAnnotationDepth = 8

    /// The annotations of an element itself: members that begin with `@`.
    mutating func annotations(of element: CSDLJSONElement) throws(MetadataError) -> [Annotation] {
        let entries = element.members.compactMap { member in
            guard CSDLJSONName.isOwnAnnotation(member.name), let (_, term) = Self.split(member.name[...]) else {
                return Entry?.none
            }
            return Entry(term: term, member: member)
        }
        return entries.isEmpty ? [] : try annotations(entries, element.kind, depth: 0)
    }

    /// Annotations of an element (by the empty name) and of its members (`Name@term`), each in the order of the document.
    mutating func annotationsByMember(_ element: CSDLJSONElement) throws(MetadataError) -> [String: [Annotation]] {
        var entries: [Substring: [Entry]] = [:]
        for member in element.members {
            guard let (name, term) = Self.split(member.name[...]) else { continue }
            entries[name, default: []].append(Entry(term: term, member: member))
        }
        var result: [String: [Annotation]] = [:]
        for (name, found) in entries { result[String(name)] = try annotations(found, element.kind, depth: 0) }
        return result
    }

    /// At the first sign.
    private static func split(_ text: Substring) -> (before: Substring, after: Substring)? {
        guard let sign = text.utf8.firstIndex(of: CSDLJSONName.annotationSign) else { return nil }
        return (text[..<sign], text[text.utf8.index(after: sign)...])
    }

    /// A member, and what of its name is still to be read: `term#qualifier`, then perhaps `@term` of an annotation of it.
    private struct Entry {
        var term: Substring
        var member: JSONNode.Member
    }

    private mutating func annotations(
        _ entries: [Entry], _ kind: String, depth: Int
    ) throws(MetadataError) -> [Annotation] {
        guard depth < Self.maxAnnotationDepth else { throw MetadataError(.tooDeep) }
        var nested: [Substring: [Entry]] = [:]
        for entry in entries {
            guard let (outer, inner) = Self.split(entry.term) else { continue }
            nested[outer, default: []].append(Entry(term: inner, member: entry.member))
        }
        var result: [Annotation] = []
        for entry in entries where !entry.term.utf8.contains(CSDLJSONName.annotationSign) {
            // Control information (`@type`, `@odata.type`) has no namespace of a vocabulary.
            guard entry.term.utf8.contains(UInt8(ascii: ".")), !entry.term.hasPrefix("odata.") else { continue }
            var annotation = try annotation(entry, kind)
            if !nested.isEmpty, let inner = nested[entry.term] {
                annotation.annotations = try annotations(inner, kind, depth: depth + 1)
            }
            result.append(annotation)
        }
        return result
    }

    private mutating func annotation(_ entry: Entry, _ kind: String) throws(MetadataError) -> Annotation {
        let hash = entry.term.utf8.firstIndex(of: UInt8(ascii: "#"))
        let qualifier = hash.map { String(entry.term[entry.term.utf8.index(after: $0)...]) }
        return try at(.member(entry.member.name)) { reader throws(MetadataError) in
            guard let term = QualifiedName(entry.term[..<(hash ?? entry.term.endIndex)]), qualifier != "" else {
                throw MetadataError(.invalid(element: "Annotation", attribute: nil))
            }
            let value = try reader.expression(entry.member.value)
            return Annotation(term: reader.resolved(term), qualifier: qualifier, value: value)
        }
    }
}
