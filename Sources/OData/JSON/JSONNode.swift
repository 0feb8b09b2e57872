/// A piece of JSON as a tree: for what no type is known for. Numbers keep their text, so that nothing is rounded.
public enum JSONNode: Sendable, Hashable {
    case null
    case boolean(Bool)
    /// The number as it was written.
    case number(String)
    case string(String)
    case array([JSONNode])
    /// In the order of the document; a name that occurs twice is an error of the reader.
    case object([Member])

    /// A name and its value.
    public struct Member: Sendable, Hashable {
        public var name: String
        public var value: JSONNode

        public init(_ name: String, _ value: JSONNode) { (self.name, self.value) = (name, value) }
    }

    /// The value of an object's member; nil for every other node. Looks at one member after the other.
    public subscript(_ name: String) -> JSONNode? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The text of a string; nil for every other node.
    public var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The elements of an array; nil for every other node.
    public var elements: [JSONNode]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The members of an object in their order; nil for every other node.
    public var members: [Member]? {
        guard case .object(let members) = self else { return nil }
        return members
    }
}
