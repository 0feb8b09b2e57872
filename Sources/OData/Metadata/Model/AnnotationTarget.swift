/// The target of annotations, taken apart: `ns.Type`, `ns.Type/Property`, `ns.Action(ns.Type,Edm.String)/Parameter`.
struct AnnotationTarget {
    /// The first segment without parentheses, its alias resolved.
    let head: String
    /// The first segment as a name; nil if it has no dot.
    let name: QualifiedName?
    /// The types between the parentheses, aliases resolved; nil without parentheses.
    let signature: String?
    /// What follows the first segment, without the slash.
    let rest: String

    init(_ text: String, aliases: [String: String]) {
        // By bytes: a large document has thousands of targets, and all that is looked for is ASCII.
        let utf8 = text.utf8
        let open = utf8.firstIndex { $0 == 0x28 || $0 == 0x2F } ?? utf8.endIndex
        var end = open
        if open < utf8.endIndex, utf8[open] == 0x28 {
            let close = Self.closing(open, of: text)
            signature = text[utf8.index(after: open)..<close].split(separator: ",")
                .map { Self.resolve(trim($0), aliases) }.joined(separator: ",")
            end = utf8[close...].firstIndex(of: 0x2F) ?? utf8.endIndex
        } else {
            signature = nil
        }
        rest = end == utf8.endIndex ? "" : String(text[utf8.index(after: end)...])
        head = Self.resolve(text[..<open], aliases)
        name = QualifiedName(head)
    }

    /// The parenthesis that closes the one at `open`; the end of the text without one.
    private static func closing(_ open: String.Index, of text: String) -> String.Index {
        // By bytes like the rest: a mark behind the parenthesis makes another character of it.
        var depth = 0
        let utf8 = text.utf8
        for place in utf8[open...].indices {
            if utf8[place] == 0x28 { depth += 1 }
            if utf8[place] == 0x29 { depth -= 1 }
            if depth == 0 { return place }
        }
        return text.endIndex
    }

    /// The whole target, aliases resolved.
    var text: String {
        let start = head + (signature.map { "(\($0))" } ?? "")
        return rest.isEmpty ? start : start + "/" + rest
    }

    /// An overload's parameter types as a target writes them: of a function all, of an action the binding one.
    static func signature(of operation: Operation) -> String {
        let binding = operation.isBound ? 1 : 0
        let types = operation.kind == .function ? operation.parameters[...] : operation.parameters.prefix(binding)
        return types.map { $0.type.signatureText }.joined(separator: ",")
    }

    private static func resolve(_ text: Substring, _ aliases: [String: String]) -> String {
        if aliases.isEmpty { return String(text) }
        let item = text.hasPrefix("Collection(") ? text.dropFirst(11).prefix { $0 != ")" } : nil
        if let item { return "Collection(" + qualify(item, aliases) + ")" }
        return qualify(text, aliases)
    }

    private static func qualify(_ text: Substring, _ aliases: [String: String]) -> String {
        guard let dot = text.utf8.lastIndex(of: 0x2E), let namespace = aliases[String(text[..<dot])] else {
            return aliases[String(text)] ?? String(text)
        }
        return namespace + text[dot...]
    }
}

private func trim(_ text: Substring) -> Substring {
    var result = text
    while result.first == " " { result.removeFirst() }
    while result.last == " " { result.removeLast() }
    return result
}

extension TypeReference {
    /// Without facets: `Edm.String`, `Collection(ns.Type)`.
    var signatureText: String {
        let name =
            switch base {
            case .primitive(let type): type.rawValue
            case .named(let name): name.description
            case .abstract(let name): name
            }
        return isCollection ? "Collection(\(name))" : name
    }
}
