@testable import LibXML

/// Writes down what a parser finds: `<{urn:x}a b="c"`, text, `>`.
final class XMLRecorder: XMLHandler {
    private(set) var events: [String] = []
    let parser: XMLPushParser
    /// The number of the element that stops the parser.
    var stopAfter = Int.max

    init(vocabulary: [String] = [], limits: XMLLimits = XMLLimits()) throws(XMLParserError) {
        parser = try XMLPushParser(vocabulary: vocabulary, limits: limits)
    }

    func start(_ tag: borrowing XMLStartTag) -> XMLFollowUp {
        var event = "<" + name(tag.namespace, tag.prefix, tag.name)
        for index in 0..<tag.attributeCount {
            let found = tag.attribute(index)
            event += " \(name(found.namespace, found.prefix, found.name))=\(parser.text(tag.value(at: index)))"
        }
        events.append(event)
        return events.count > stopAfter ? .stop : parser.text(tag.name) == "text" ? .text : .children
    }

    func end(text: XMLString?) -> Bool {
        events.append(text.map { "\"\(parser.text($0))\">" } ?? ">")
        return true
    }

    private func name(_ namespace: XMLName, _ prefix: XMLName, _ name: XMLName) -> String {
        if namespace != .none { return "{\(parser.text(namespace))}\(parser.text(name))" }
        return prefix == .none ? parser.text(name) : parser.text(prefix) + ":" + parser.text(name)
    }

    /// - Parameter length: of the pieces; nil for one.
    static func events(
        _ document: [UInt8], length: Int? = nil, limits: XMLLimits = XMLLimits()
    ) throws(XMLParserError) -> [String] {
        let recorder = try XMLRecorder(limits: limits)
        for start in stride(from: 0, to: document.count, by: length ?? max(1, document.count)) {
            let end = min(start + (length ?? document.count), document.count)
            try recorder.parser.append(Array(document[start..<end]), to: recorder)
        }
        try recorder.parser.finish(recorder)
        return recorder.events
    }

    static func error(_ text: String, limits: XMLLimits = XMLLimits()) -> XMLParserError? {
        do throws(XMLParserError) {
            _ = try events(Array(text.utf8), limits: limits)
            return nil
        } catch {
            return error
        }
    }
}
