internal import LibXML

/// An element of a document while it is open. It makes handlers for its children, which put what they are into it when they
/// end, and is itself put into its parent by `end`.
///
/// A class and its subclasses, one for each kind of element: so each file has what one kind holds, and the stack of open
/// elements is the only state of the reader.
class CSDLElement {
    /// What `Annotation` children were; empty where the element has no place for them.
    final var annotations: [Annotation] = []

    /// Whether `end` gets the element's text.
    var wantsText: Bool { false }

    /// - Returns: the child's handler; nil if there is no such child, which is then skipped with all that it holds.
    func child(
        _ word: CSDLWord, _ tag: borrowing XMLStartTag, _ context: CSDLContext
    ) throws(MetadataError) -> CSDLElement? {
        switch word {
        case .annotation: try AnnotationElement(tag, of: self, context)
        case .documentation: DocumentationElement(of: self)
        default: nil
        }
    }

    func end(_ text: XMLString?, _ context: CSDLContext) throws(MetadataError) {}
}
