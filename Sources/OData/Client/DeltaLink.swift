/// Where to go on reading what changes: to be kept by who reads, for a day or a year, and given to `changes(since:)`.
///
/// It holds no host where the link is of the service's own path, so that it survives a move behind another proxy. Its text may
/// say what was asked (filters); the token in it is the service's.
public struct DeltaLink: Sendable, Hashable, Codable {
    /// Relative to the service root; percent-encoded.
    public let target: String
    /// Of the entities.
    public let type: QualifiedName?

    /// Made from parts that were kept; `client.changes(since:)` refuses a target out of the service.
    public init(target: String, type: QualifiedName? = nil) { (self.target, self.type) = (target, type) }

    /// - Parameter url: absolute, as `ServiceRoot.resolve` makes it.
    init(_ url: String, type: QualifiedName?, root: ServiceRoot) {
        self.init(target: root.relative(url), type: type)
    }

    /// One line of text: the type's name, a space and the link.
    public init?(serialized: String) {
        guard let blank = serialized.firstIndex(of: " ") else { return nil }
        let (name, target) = (serialized[..<blank], serialized[serialized.index(after: blank)...])
        guard !target.isEmpty, name == "-" || QualifiedName(name) != nil else { return nil }
        self.init(target: String(target), type: QualifiedName(name))
    }

    /// What `init(serialized:)` reads; the form of `Codable` too.
    public var serialized: String { (type?.description ?? "-") + " " + target }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let link = DeltaLink(serialized: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a delta link")
        }
        self = link
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(serialized)
    }
}

extension ServiceRoot {
    /// An absolute URL of the service without the root; others stay as they are.
    func relative(_ url: String) -> String {
        guard url.hasPrefix(self.url), url.utf8.count > self.url.utf8.count else { return url }
        return String(url.dropFirst(self.url.count))
    }
}
