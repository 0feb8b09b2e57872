/// A name with its namespace: `com.sap.gateway.BusinessPartnerType`. Aliases are resolved when metadata is read.
public struct QualifiedName: Sendable, Hashable, CustomStringConvertible {
    public let namespace: String
    public let name: String

    public init(_ namespace: String, _ name: String) { (self.namespace, self.name) = (namespace, name) }

    /// - Parameter text: split at its last dot; nil without one.
    public init?(_ text: some StringProtocol) {
        let text = Substring(text)
        guard let dot = text.utf8.lastIndex(of: 0x2E), dot != text.startIndex else { return nil }
        (namespace, name) = (String(text[..<dot]), String(text[text.utf8.index(after: dot)...]))
        if name.isEmpty { return nil }
    }

    public var description: String { namespace + "." + name }
}
