internal import LibXML

/// An error of version 2 in XML as the tree that its JSON would be: elements by their local names, whatever their
/// namespace.
final class ErrorDocument: XMLHandler {
    fileprivate struct Element {
        let name: String
        var members: [JSONNode.Member] = []
        /// Where a name that came twice stands, so that many of them cost no search.
        var places: [String: Int] = [:]
        var asksForText: Bool
    }

    /// What holds elements; everything else holds text.
    private static let containers: Set<String> = [
        "error", "innererror", "application", "Error_Resolution", "errordetails", "errordetail", "details",
        "ErrorDetails",
    ]
    private static let maxElements = 10_000

    private let parser: XMLPushParser
    private var open: [Element] = []
    private var elements = 0
    private var root: JSONNode?

    private init(_ parser: XMLPushParser) { self.parser = parser }

    /// The content of the root element, which is an error's; nil for another document, HTML say, or a broken one.
    static func node(_ bytes: [UInt8]) -> JSONNode? {
        var limits = XMLLimits()
        (limits.maxBytes, limits.maxDepth, limits.maxNames) = (1 << 20, 32, 512)
        do throws(XMLParserError) {
            let parser = try XMLPushParser(vocabulary: [], limits: limits)
            let document = ErrorDocument(parser)
            try parser.append(bytes, to: document)
            try parser.finish(document)
            return document.root
        } catch {
            // What isn't XML says no more than the answer's status.
            return nil
        }
    }

    func start(_ tag: borrowing XMLStartTag) -> XMLFollowUp {
        let name = parser.text(tag.name)
        elements += 1
        guard elements <= Self.maxElements, !open.isEmpty || name == "error" else { return .stop }
        let isText = !Self.containers.contains(name) && !open.contains { $0.asksForText }
        open.append(Element(name: name, asksForText: isText))
        return isText ? .text : .children
    }

    func end(text: XMLString?) -> Bool {
        guard let element = open.popLast() else { return false }
        let value: JSONNode =
            element.members.isEmpty ? .string(text.map { parser.text($0) } ?? "") : .object(element.members)
        if open.isEmpty { root = value } else { open[open.count - 1].add(element.name, value) }
        return true
    }
}

extension ErrorDocument.Element {
    /// A name that comes twice becomes an array.
    fileprivate mutating func add(_ name: String, _ value: JSONNode) {
        guard let place = places[name] else {
            places[name] = members.count
            members.append(JSONNode.Member(name, value))
            return
        }
        if case .array(var items) = members[place].value {
            // Taken out first, so that appending doesn't copy what is there.
            members[place].value = .null
            items.append(value)
            members[place].value = .array(items)
        } else {
            members[place].value = .array([members[place].value, value])
        }
    }
}
