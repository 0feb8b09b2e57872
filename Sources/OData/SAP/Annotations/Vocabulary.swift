/// Namespaces of the vocabularies that the views read.
enum Vocabulary: String {
    case common = "com.sap.vocabularies.Common.v1"
    case ui = "com.sap.vocabularies.UI.v1"
    case core = "Org.OData.Core.V1"
    case capabilities = "Org.OData.Capabilities.V1"
    case measures = "Org.OData.Measures.V1"
}

extension [Annotation] {
    /// All annotations with a term, whatever their qualifiers.
    func all(_ vocabulary: Vocabulary, _ name: String) -> [Annotation] {
        filter { $0.term.name == name && $0.term.namespace == vocabulary.rawValue }
    }

    /// The annotation without a qualifier, or with the one given.
    func first(_ vocabulary: Vocabulary, _ name: String, qualifier: String? = nil) -> Annotation? {
        first { $0.term.name == name && $0.term.namespace == vocabulary.rawValue && $0.qualifier == qualifier }
    }

    func value(_ vocabulary: Vocabulary, _ name: String) -> AnnotationExpression? { first(vocabulary, name)?.value }

    func text(_ vocabulary: Vocabulary, _ name: String) -> String? { value(vocabulary, name)?.constantText }

    /// A tag: true where it stands without a value (Core.Tag); nil where it doesn't stand or depends on the entity.
    func tag(_ vocabulary: Vocabulary, _ name: String) -> Bool? {
        guard let value = value(vocabulary, name) else { return nil }
        return value.constantFlag
    }
}

extension AnnotationExpression {
    /// A text that holds for all entities.
    var constantText: String? {
        if case .string(let text) = self { return text }
        return nil
    }

    var constantFlag: Bool? {
        switch self {
        case .boolean(let flag): flag
        // The notation in JSON leaves a boolean's type to its term, and some writers send text.
        case .string("true"): true
        case .string("false"): false
        default: nil
        }
    }

    var constantInteger: Int? {
        guard case .int(let number) = self else { return nil }
        return Int(exactly: number)
    }

    /// A path that is told as one.
    var dynamicPath: String? {
        switch self {
        case .path(let path), .propertyPath(let path), .anyPropertyPath(let path), .modelElementPath(let path): path
        default: nil
        }
    }

    /// A path where the term's type says that it is one: JSON has a mere string there.
    var typedPath: String? {
        switch self {
        case .string(let path), .navigationPropertyPath(let path), .annotationPath(let path): path
        default: dynamicPath
        }
    }

    /// The member's name without its type; nil for several members. JSON has a mere string there, or the number.
    var memberName: String? {
        switch self {
        case .enumMember(let text), .string(let text):
            text.contains(" ") ? nil : text.split(separator: "/").last.map(String.init)
        case .int(let number): String(number)
        default: nil
        }
    }

    var record: AnnotationRecord? {
        guard case .record(let record) = self else { return nil }
        return record
    }

    var elements: [AnnotationExpression] {
        guard case .collection(let elements) = self else { return [] }
        return elements
    }
}

extension SAPAttributes {
    /// `true` or `false`; nil for an absent attribute or another text.
    func flag(_ name: String) -> Bool? {
        switch self[name] {
        case "true": true
        case "false": false
        default: nil
        }
    }
}

extension Metadata {
    /// A property's annotations: its own, and those that a document puts to an inherited property of a derived type, which
    /// come first.
    func annotations(ofProperty name: String, in type: QualifiedName) -> [Annotation] {
        let own = property(name, of: type)?.annotations ?? navigationProperty(name, of: type)?.annotations ?? []
        guard !externalAnnotations.isEmpty else { return own }
        return lineage(of: type).flatMap { externalAnnotations["\($0)/\(name)"] ?? [] } + own
    }

    /// A set's annotations of one of its paths (`Container/Set/Path`), which document writers use rarely.
    func annotations(ofPath path: String, in set: EntitySet) -> [Annotation] {
        guard let container = container.name, !externalAnnotations.isEmpty else { return [] }
        return externalAnnotations["\(container)/\(set.name)/\(path)"] ?? []
    }

    /// Annotations of a type and its base types, the nearest first.
    func annotations(ofType type: QualifiedName) -> [Annotation] {
        view(of: type)?.lineage.flatMap(\.type.annotations) ?? []
    }
}
