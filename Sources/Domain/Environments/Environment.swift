/// One isolated installation space of a SaaS product: owns API keys, integrations and tenants.
package struct Environment: Hashable, Sendable {
    package let id: EnvironmentID
    /// Unique in the installation: ``Slug``.
    package let name: Slug
    package let createdAt: Timestamp

    package init(id: EnvironmentID, name: Slug, createdAt: Timestamp) {
        self.id = id
        self.name = name
        self.createdAt = createdAt
    }
}

/// A short name for people and URLs: 1 to 63 of `a–z`, `0–9` and `-`, beginning and ending with a letter or digit.
package struct Slug: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        func isAlphanumeric(_ byte: UInt8) -> Bool { (byte >= 97 && byte <= 122) || (byte >= 48 && byte <= 57) }
        guard let first = bytes.first, let last = bytes.last, bytes.count <= 63, isAlphanumeric(first),
            isAlphanumeric(last), bytes.allSatisfy({ isAlphanumeric($0) || $0 == UInt8(ascii: "-") })
        else { return nil }
        description = text
    }
}
