/// An entity that a delta answer says is gone (`@removed`, `$deletedEntity`, v2 `deletedEntity`).
public struct RemovedEntity: Sendable, Hashable {
    /// Why it is gone: from the service, or from what was asked for alone.
    public enum Reason: String, Sendable { case deleted, changed }

    public var id: String?
    /// Its key properties, where the answer has them.
    public var key: PropertyValues
    public var reason: Reason?

    public init(id: String?, key: PropertyValues = PropertyValues(), reason: Reason? = nil) {
        (self.id, self.key, self.reason) = (id, key, reason)
    }
}

/// A link that a delta answer says was added or deleted (`$link`, `$deletedLink`).
public struct LinkChange: Sendable, Hashable {
    public var isDeleted: Bool
    public var source: String
    public var relationship: String
    public var target: String

    public init(isDeleted: Bool, source: String, relationship: String, target: String) {
        (self.isDeleted, self.source) = (isDeleted, source)
        (self.relationship, self.target) = (relationship, target)
    }
}
