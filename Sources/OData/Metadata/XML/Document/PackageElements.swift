internal import LibXML

/// Above the document's element.
final class RootElement: CSDLElement {
    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        guard word == .edmx else { throw context.error(.unknownFormat) }
        return try EdmxElement(tag, context)
    }
}

/// `edmx:Edmx` (CSDL XML 4.01 §3.1): its version decides what the document is.
final class EdmxElement: CSDLElement {
    private var hasDataServices = false

    init(_ tag: borrowing XMLStartTag, _ context: CSDLContext) throws(MetadataError) {
        switch try context.required(.version, tag, .edmx) {
        case "1.0": context.draft.parts.version = .v2
        case "4.0": context.draft.parts.version = .v4
        case "4.01", "4.02": context.draft.parts.version = .v401
        default: throw context.error(.unknownFormat)
        }
    }

    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        switch word {
        case .reference: return try ReferenceElement(tag, context)
        case .dataServices:
            guard !hasDataServices else { throw context.error(.duplicate) }
            hasDataServices = true
            return DataServicesElement(tag, context)
        default: return nil
        }
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        if context.draft.parts.schemas.isEmpty { throw context.invalid(.dataServices) }
    }
}

/// `edmx:DataServices`.
final class DataServicesElement: CSDLElement {
    init(_ tag: borrowing XMLStartTag, _ context: CSDLContext) {
        if context.draft.parts.version == .v2, context.metadataAttribute(.dataServiceVersion, tag) != "2.0" {
            context.note(.dataServiceVersion)
        }
    }

    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        word == .schema ? try SchemaElement(tag, context) : nil
    }
}

/// `edmx:Reference` with what it includes (§3.3 to §3.5).
final class ReferenceElement: CSDLElement {
    private var reference: Reference

    init(_ tag: borrowing XMLStartTag, _ context: CSDLContext) throws(MetadataError) {
        reference = Reference(uri: try context.required(.uri, tag, .reference))
    }

    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        switch word {
        case .include:
            let namespace = try context.required(.namespace, tag, .include)
            let alias = context.optional(.alias, tag)
            context.names.declare(namespace: namespace, alias: alias)
            reference.includes.append(.init(namespace: namespace, alias: alias))
        case .includeAnnotations:
            reference.annotationNamespaces.append(try context.required(.termNamespace, tag, .includeAnnotations))
        case .annotation: break
        default: return nil
        }
        return CSDLElement()
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        context.draft.parts.references.append(reference)
    }
}

/// `Documentation` of version 2 (CSDL 2.0), which becomes what version 4 says instead: `Core.Description` and
/// `Core.LongDescription`.
final class DocumentationElement: CSDLElement {
    private let owner: CSDLElement

    init(of owner: CSDLElement) { self.owner = owner }

    override func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        switch word {
        case .summary: DocumentationText("Description", of: owner)
        case .longDescription: DocumentationText("LongDescription", of: owner)
        default: nil
        }
    }
}

private final class DocumentationText: CSDLElement {
    private let term: String
    private let owner: CSDLElement

    init(_ term: String, of owner: CSDLElement) { (self.term, self.owner) = (term, owner) }

    override var wantsText: Bool { true }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        guard let text else { return }
        let words = context.text(text).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard !words.isEmpty else { return }
        owner.annotations.append(
            Annotation(term: QualifiedName("Org.OData.Core.V1", term), value: .string(words)))
    }
}
