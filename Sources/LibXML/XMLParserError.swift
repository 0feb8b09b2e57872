/// Where in a document, from 1; 0 if unknown.
package struct XMLPosition: Sendable, Hashable {
    package var line: Int
    package var column: Int

    package init(line: Int = 0, column: Int = 0) { (self.line, self.column) = (line, column) }
}

/// Why a document can't be read. Holds nothing of its text.
package struct XMLParserError: Error, Sendable, Hashable {
    package enum Reason: Sendable, Hashable {
        /// Not well-formed, an unknown character, or the end comes too early.
        case syntax
        /// A document type declaration: it could define entities, and nothing that is read here needs one.
        case forbiddenConstruct
        /// More bytes, names, attributes or text than allowed.
        case tooLarge
        case tooDeep
        /// An encoding other than UTF-8, UTF-16, US-ASCII and ISO 8859-1.
        case unknownEncoding
        /// The handler wanted no more.
        case stopped
        case outOfMemory
    }

    package var reason: Reason
    package var position: XMLPosition

    package init(_ reason: Reason, at position: XMLPosition = XMLPosition()) {
        (self.reason, self.position) = (reason, position)
    }
}

/// Bounds of a parser; each is an error of its own when it is passed, never a slow parse.
package struct XMLLimits: Sendable {
    package var maxBytes = 64 << 20
    package var maxDepth = 128
    /// Of one tag, comment or processing instruction, and of the text that one element's handler asked for.
    package var maxTokenBytes = 1 << 20
    /// The library compares every attribute of a tag with all others.
    package var maxAttributes = 512
    /// The library looks namespaces up one by one.
    package var maxNamespaces = 256
    /// Different names of elements, attributes and namespaces besides the vocabulary.
    package var maxNames = 4_096

    package init() {}
}
