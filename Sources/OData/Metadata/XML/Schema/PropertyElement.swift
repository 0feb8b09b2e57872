internal import LibXML

/// `Property` (CSDL XML 4.01 §7), with what version 2 adds to it.
final class PropertyElement: CSDLElement {
    private let owner: StructuredTypeElement
    private var property: Property

    init(_ tag: borrowing XMLStartTag, of owner: StructuredTypeElement, _ context: CSDLContext) throws(MetadataError) {
        self.owner = owner
        property = Property(
            name: try owner.memberName(tag, .property, context), type: try context.requiredType(.type, tag, .property))
        property.defaultValue = context.optional(.defaultValue, tag)
        property.isConcurrencyToken = context.optional(.concurrencyMode, tag) == "Fixed"
        property.feedTargetPath = context.metadataAttribute(.feedTargetPath, tag)
        property.sap = context.sap(tag)
    }

    override func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {
        property.annotations = annotations
        owner.append(property)
    }
}
