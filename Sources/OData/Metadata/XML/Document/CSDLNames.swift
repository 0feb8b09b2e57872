internal import LibXML

/// Resolves aliases in names, types and paths. Each text is resolved once.
struct CSDLNames {
    /// Namespaces by alias, as far as the document has told.
    private(set) var aliases: [String: String] = [:]
    /// Aliases that came after names had been resolved: see `AliasRewriter`.
    private(set) var lateAliases: [String: String] = [:]
    /// Namespaces that are this document's or that it includes.
    private var namespaces: Set<String> = ["Edm", "odata", "System"]
    private var qualifiers: Set<String> = []
    private var resolvedNames = XMLStringTable<QualifiedName>()
    private var resolvedPaths = XMLStringTable<String>()
    /// By a member's name, the number of the type that had it last: types don't nest.
    private var members = XMLStringTable<Int>()
    private var resolvedTypes = XMLStringTable<ParsedType>()

    mutating func declare(namespace: String, alias: String?) {
        namespaces.insert(namespace)
        guard let alias, !alias.isEmpty, alias != namespace, aliases[alias] == nil else { return }
        aliases[alias] = namespace
        // What was resolved without it is resolved anew: in what comes from here on, and at the end in what there is.
        guard !(resolvedNames.isEmpty && resolvedPaths.isEmpty && resolvedTypes.isEmpty) else { return }
        lateAliases[alias] = namespace
        resolvedNames.removeAll()
        resolvedPaths.removeAll()
        resolvedTypes.removeAll()
    }

    /// Names have first parts that the document doesn't know.
    var hasUnknownQualifiers: Bool {
        qualifiers.contains { !namespaces.contains($0) && aliases[$0] == nil }
    }

    /// A structured type of this number has a member of this name.
    ///
    /// - Returns: false if it had one before.
    mutating func claim(_ name: XMLString, by type: Int) -> Bool {
        guard members[name] != type else { return false }
        members[name] = type
        return true
    }

    mutating func name(_ string: XMLString, _ text: String) -> QualifiedName? {
        if let known = resolvedNames[string] { return known }
        guard let name = qualified(text[...]) else { return nil }
        resolvedNames[string] = name
        return name
    }

    mutating func path(_ string: XMLString, _ text: String) -> String {
        guard !aliases.isEmpty else { return text }
        if let known = resolvedPaths[string] { return known }
        let path = Self.path(text, aliases)
        resolvedPaths[string] = path
        return path
    }

    mutating func type(_ string: XMLString, _ text: String) -> ParsedType? {
        if let known = resolvedTypes[string] { return known }
        let (item, isCollection) = Self.item(text)
        guard let type = parse(item, isCollection: isCollection) else { return nil }
        resolvedTypes[string] = type
        return type
    }

    private mutating func parse(_ item: Substring, isCollection: Bool) -> ParsedType? {
        if item.hasPrefix("Edm.") {
            let name = String(item)
            if let primitive = PrimitiveType(rawValue: name) { return ParsedType(.primitive(primitive), isCollection) }
            return ParsedType.abstractTypes.contains(name) ? ParsedType(.abstract(name), isCollection) : nil
        }
        if let name = qualified(item) { return ParsedType(.named(name), isCollection) }
        guard let primitive = PrimitiveType(rawValue: "Edm." + item) else { return nil }
        return ParsedType(.primitive(primitive), isCollection, isUnqualified: true)
    }

    private mutating func qualified(_ text: Substring) -> QualifiedName? {
        let utf8 = text.utf8
        guard let dot = utf8.lastIndex(of: 0x2E), dot != utf8.startIndex, utf8.index(after: dot) != utf8.endIndex else {
            return nil
        }
        let namespace = String(text[..<dot])
        qualifiers.insert(namespace)
        return QualifiedName(aliases[namespace] ?? namespace, String(text[utf8.index(after: dot)...]))
    }

    /// `Collection(…)` taken off.
    private static func item(_ text: String) -> (Substring, isCollection: Bool) {
        guard text.hasPrefix("Collection("), text.hasSuffix(")") else { return (text[...], false) }
        return (text.dropFirst(11).dropLast(), true)
    }

    /// Resolves every first part of a name in a text of names and separators: `Common.Kind/High UI.Kind/Low`,
    /// `to_Item/@UI.LineItem#Main`, `self.Action(self.Type)/Parameter`.
    static func path(_ text: String, _ aliases: [String: String]) -> String {
        let bytes = text.utf8Span.span
        var result: [UInt8] = []
        // From `copied` on nothing is in the result yet; the word in hand begins at `word`.
        var (copied, word, dot, dots) = (0, 0, 0, 0)
        for place in 0...bytes.count {
            if place < bytes.count, bytes[place] == 0x2E { (dot, dots) = (place, dots + 1) }
            guard place == bytes.count || isSeparator(bytes[place]) else { continue }
            // An alias has no dot, so a name with one has just that.
            if dots == 1, let namespace = aliases[String(text.utf8.dropFirst(word).prefix(dot - word)) ?? ""] {
                result.append(contentsOf: text.utf8.dropFirst(copied).prefix(word - copied))
                result.append(contentsOf: namespace.utf8)
                copied = dot
            }
            (word, dots) = (place + 1, 0)
        }
        guard copied > 0 else { return text }
        result.append(contentsOf: text.utf8.dropFirst(copied))
        return String(decoding: result, as: UTF8.self)
    }

    /// `/ @ # ( ) , |` and white space.
    private static func isSeparator(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x2F, 0x40, 0x23, 0x28, 0x29, 0x2C, 0x7C, 0x20, 0x09, 0x0A, 0x0D: true
        default: false
        }
    }

}

/// A type's name taken apart, without facets.
struct ParsedType {
    var base: TypeReference.Base
    var isCollection: Bool
    /// Written without `Edm.`.
    var isUnqualified: Bool

    init(_ base: TypeReference.Base, _ isCollection: Bool, isUnqualified: Bool = false) {
        (self.base, self.isCollection, self.isUnqualified) = (base, isCollection, isUnqualified)
    }

    /// CSDL XML 4.01 §4.2 to §4.6.
    static let abstractTypes: Set<String> = [
        "Edm.Untyped", "Edm.PrimitiveType", "Edm.ComplexType", "Edm.EntityType", "Edm.AnnotationPath",
        "Edm.PropertyPath",
        "Edm.NavigationPropertyPath", "Edm.AnyPropertyPath", "Edm.ModelElementPath",
    ]
}
