/// An object of a document, with what it is for errors.
struct CSDLJSONElement {
    /// The model element, for errors: `EntityType`, `Property`.
    let kind: String
    let members: [JSONNode.Member]

    /// - Throws: `.invalid` if the node is no object.
    init(_ kind: String, _ node: JSONNode) throws(MetadataError) {
        guard case .object(let members) = node else { throw MetadataError(.invalid(element: kind, attribute: nil)) }
        (self.kind, self.members) = (kind, members)
    }

    /// Members that name something of the model: no keywords (`$…`), no annotations (`@…`, `…@…`).
    var children: [JSONNode.Member] {
        members.filter { !CSDLJSONName.isKeyword($0.name) && !CSDLJSONName.isAnnotation($0.name) }
    }

    func failure(_ attribute: String?) -> MetadataError {
        MetadataError(.invalid(element: kind, attribute: attribute))
    }

    /// Looks through all members: to be called a fixed number of times for each element.
    subscript(_ name: String) -> JSONNode? { members.first { $0.name == name }?.value }

    func string(_ name: String) throws(MetadataError) -> String? {
        guard let value = self[name] else { return nil }
        guard case .string(let text) = value else { throw failure(name) }
        return text
    }

    func required(_ name: String) throws(MetadataError) -> String {
        guard let text = try string(name), !text.isEmpty else { throw failure(name) }
        return text
    }

    func flag(_ name: String, default value: Bool = false) throws(MetadataError) -> Bool {
        guard let node = self[name] else { return value }
        guard case .boolean(let flag) = node else { throw failure(name) }
        return flag
    }

    /// A count that is not negative.
    func count(_ name: String) throws(MetadataError) -> Int? {
        guard let node = self[name] else { return nil }
        guard case .number(let text) = node, let number = Int(text), number >= 0 else { throw failure(name) }
        return number
    }

    func array(_ name: String) throws(MetadataError) -> [JSONNode] {
        guard let node = self[name] else { return [] }
        guard case .array(let elements) = node else { throw failure(name) }
        return elements
    }

    func object(_ name: String) throws(MetadataError) -> [JSONNode.Member] {
        guard let node = self[name] else { return [] }
        guard case .object(let members) = node else { throw failure(name) }
        return members
    }
}

/// What a member's name is. By bytes: names are many, and no character of several bytes has one of theirs.
enum CSDLJSONName {
    static let annotationSign = UInt8(ascii: "@")

    static func isKeyword(_ name: String) -> Bool { name.utf8.first == UInt8(ascii: "$") }

    /// An annotation of the element itself, or of one of its members.
    static func isAnnotation(_ name: String) -> Bool { name.utf8.contains(annotationSign) }

    static func isOwnAnnotation(_ name: String) -> Bool { name.utf8.first == annotationSign }
}
