internal import LibXML

/// Leads the parser's events through the stack of open elements.
final class CSDLDocument: XMLHandler {
    let context: CSDLContext
    /// Nil for an element that is skipped, as are those in it.
    private var open: [CSDLElement?] = []
    private let root = RootElement()
    private(set) var failure: MetadataError?

    init(limits: MetadataLimits) throws(XMLParserError) { context = try CSDLContext(limits: limits) }

    func start(_ tag: borrowing XMLStartTag) -> XMLFollowUp {
        do throws(MetadataError) {
            let element = try handler(of: tag)
            open.append(element)
            return element?.wantsText == true ? .text : .children
        } catch {
            failure = error
            return .stop
        }
    }

    func end(text: XMLString?) -> Bool {
        guard let element = open.popLast() else { return false }
        do throws(MetadataError) {
            try element?.end(text, context)
            return true
        } catch {
            failure = error
            return false
        }
    }

    private func handler(of tag: borrowing XMLStartTag) throws(MetadataError) -> CSDLElement? {
        let parent = open.isEmpty ? root : open[open.count - 1]
        guard let parent else { return nil }
        guard try isKnown(tag) else {
            context.note(.foreignElement)
            return nil
        }
        guard let word = CSDLWord(tag.name), let element = try parent.child(word, tag, context) else {
            context.note(.misplacedElement)
            return nil
        }
        return element
    }

    /// Whether the element is of a namespace of CSDL or EDMX, of any version: documents of version 2 hold elements of
    /// version 4.
    private func isKnown(_ tag: borrowing XMLStartTag) throws(MetadataError) -> Bool {
        if tag.namespace != .none {
            guard let word = CSDLWord(tag.namespace) else { return false }
            return CSDLWord.schema2006.rawValue <= word.rawValue && word.rawValue <= CSDLWord.package4.rawValue
        }
        guard tag.prefix != .none else {
            // Without a namespace it is no element of CSDL, and too much like one to be skipped.
            throw CSDLWord(tag.name).map { context.invalid($0) } ?? context.error(.unknownFormat)
        }
        guard tag.prefix == CSDLWord.edmxPrefix.name || tag.prefix == CSDLWord.edmPrefix.name else { return false }
        context.note(.undeclaredPrefix)
        return true
    }
}
