internal import LibXML

/// What all elements of a document share while it is read: its texts, names with their aliases, and the draft.
final class CSDLContext {
    let parser: XMLPushParser
    var draft = CSDLDraft()
    var names = CSDLNames()
    private(set) var tolerances: Set<MetadataTolerance> = []
    private var types = 0

    init(limits: MetadataLimits) throws(XMLParserError) {
        var bounds = XMLLimits()
        (bounds.maxBytes, bounds.maxDepth) = (limits.maxBytes, min(limits.maxDepth, MetadataLimits.maxDepthAllowed))
        parser = try XMLPushParser(vocabulary: CSDLWord.vocabulary, limits: bounds)
    }

    var place: XMLPosition { parser.position }

    func note(_ tolerance: MetadataTolerance) { tolerances.insert(tolerance) }

    func nextTypeNumber() -> Int {
        types += 1
        return types
    }

    func text(_ string: XMLString) -> String { parser.text(string) }

    func error(_ reason: MetadataError.Reason) -> MetadataError { Self.error(reason, at: place) }

    static func error(_ reason: MetadataError.Reason, at place: XMLPosition) -> MetadataError {
        MetadataError(reason, line: place.line, column: place.column)
    }

    func invalid(_ element: CSDLWord, _ attribute: CSDLWord? = nil) -> MetadataError {
        error(.invalid(element: element.text, attribute: attribute?.text))
    }
}

/// Attributes of the element in hand. All read what is in no namespace.
extension CSDLContext {
    func optional(_ attribute: CSDLWord, _ tag: borrowing XMLStartTag) -> String? {
        tag.value(of: attribute.name).map { text($0) }
    }

    /// - Throws: `.invalid` if it is missing or empty.
    func required(
        _ attribute: CSDLWord, _ tag: borrowing XMLStartTag, _ element: CSDLWord
    ) throws(MetadataError) -> String {
        guard let value = optional(attribute, tag), !value.isEmpty else { throw invalid(element, attribute) }
        return value
    }

    /// The same with the text's number, for names that mustn't repeat.
    func requiredString(
        _ attribute: CSDLWord, _ tag: borrowing XMLStartTag, _ element: CSDLWord
    ) throws(MetadataError) -> XMLString {
        guard let value = tag.value(of: attribute.name), !text(value).isEmpty else { throw invalid(element, attribute) }
        return value
    }

    /// `true`, `false` and the digits that XML Schema allows for them.
    func boolean(
        _ attribute: CSDLWord, _ tag: borrowing XMLStartTag, _ element: CSDLWord
    ) throws(MetadataError) -> Bool? {
        guard let value = optional(attribute, tag) else { return nil }
        guard let flag = Self.boolean(value) else { throw invalid(element, attribute) }
        return flag
    }

    static func boolean(_ text: String) -> Bool? {
        switch text {
        case "true", "1": true
        case "false", "0": false
        default: nil
        }
    }

    /// A name with its namespace, its alias resolved.
    func name(
        _ attribute: CSDLWord, _ tag: borrowing XMLStartTag, _ element: CSDLWord
    ) throws(MetadataError) -> QualifiedName? {
        guard let value = tag.value(of: attribute.name) else { return nil }
        guard let name = names.name(value, text(value)) else { throw invalid(element, attribute) }
        return name
    }

    func requiredName(
        _ attribute: CSDLWord, _ tag: borrowing XMLStartTag, _ element: CSDLWord
    ) throws(MetadataError) -> QualifiedName {
        guard let name = try name(attribute, tag, element) else { throw invalid(element, attribute) }
        return name
    }

    /// A path, a member or a target, with the aliases in it resolved.
    func path(_ attribute: CSDLWord, _ tag: borrowing XMLStartTag) -> String? {
        tag.value(of: attribute.name).map { path($0) }
    }

    func path(_ string: XMLString) -> String { names.path(string, text(string)) }

    /// The `sap:` attributes, in the document's order.
    func sap(_ tag: borrowing XMLStartTag) -> SAPAttributes {
        let count = (0..<tag.attributeCount).count { isOf(.sapData, or: .sapPrefix, tag.attribute($0)) }
        guard count > 0 else { return SAPAttributes() }
        var values: [SAPAttributes.Attribute] = []
        values.reserveCapacity(count)
        for index in 0..<tag.attributeCount where isOf(.sapData, or: .sapPrefix, tag.attribute(index)) {
            values.append(.init(parser.text(tag.attribute(index).name), text(tag.value(at: index))))
        }
        return SAPAttributes(values)
    }

    /// An attribute of the `m:` namespace.
    func metadataAttribute(_ attribute: CSDLWord, _ tag: borrowing XMLStartTag) -> String? {
        for index in 0..<tag.attributeCount where tag.attribute(index).name == attribute.name {
            if isOf(.dataServices2007, or: .metadataPrefix, tag.attribute(index)) { return text(tag.value(at: index)) }
        }
        return nil
    }

    private func isOf(_ namespace: CSDLWord, or prefix: CSDLWord, _ attribute: XMLAttributeName) -> Bool {
        if attribute.namespace == namespace.name { return true }
        guard attribute.namespace == .none, attribute.prefix == prefix.name else { return false }
        note(.undeclaredPrefix)
        return true
    }
}
