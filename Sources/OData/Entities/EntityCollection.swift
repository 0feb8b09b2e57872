/// Entities that came together: an expanded navigation, or one page of a result.
public struct EntityCollection: Sendable, Hashable {
    public var entities: [Entity]
    /// nil for one that has nothing of it.
    private var shared: Shared<Details>?

    /// What it has besides its entities.
    struct Details: Sendable, Hashable {
        var context: String?
        var count: Int64?
        var nextLink: String?
        var deltaLink: String?
        var removed: [RemovedEntity] = []
        var linkChanges: [LinkChange] = []
        var annotations: [String: JSONNode] = [:]

        static let none = Details()
    }

    public init(_ entities: [Entity] = []) { self.entities = entities }

    init(_ entities: [Entity], _ details: Details) {
        self.entities = entities
        if details != .none { shared = Shared(details) }
    }

    public static func == (left: EntityCollection, right: EntityCollection) -> Bool {
        left.entities == right.entities && left.details == right.details
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(entities)
        hasher.combine(details)
    }
}

extension EntityCollection {
    var details: Details {
        get { shared?.value ?? .none }
        set { shared = Shared(newValue) }
    }

    /// `@odata.context`, as it came: what relative links are relative to; itself perhaps relative to the request.
    public var context: String? {
        get { shared?.value.context }
        set { details.context = newValue }
    }

    /// `@odata.count` or `__count`: all that there are, if it was asked for.
    public var count: Int64? {
        get { shared?.value.count }
        set { details.count = newValue }
    }

    /// `@odata.nextLink` or `__next`, as it came.
    public var nextLink: String? {
        get { shared?.value.nextLink }
        set { details.nextLink = newValue }
    }

    /// `@odata.deltaLink` or `__delta`, as it came.
    public var deltaLink: String? {
        get { shared?.value.deltaLink }
        set { details.deltaLink = newValue }
    }

    /// Entities that a delta says are gone.
    public var removed: [RemovedEntity] {
        get { shared?.value.removed ?? [] }
        set { details.removed = newValue }
    }

    /// Links that a delta says came or went.
    public var linkChanges: [LinkChange] {
        get { shared?.value.linkChanges ?? [] }
        set { details.linkChanges = newValue }
    }

    public var annotations: [String: JSONNode] {
        get { shared?.value.annotations ?? [:] }
        set { details.annotations = newValue }
    }
}
