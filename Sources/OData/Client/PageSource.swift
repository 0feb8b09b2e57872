import HTTPTypes

/// Where a result with pages begins.
enum PageSource: Sendable {
    case query(Query, preferences: [String])
    /// A link of the service's own, which may have expired: relative to the root, or absolute, with the type of what it gives.
    case link(String, type: QualifiedName?)

    /// What the query wants at most.
    var top: Int? {
        guard case .query(let query, _) = self else { return nil }
        return query.options.top
    }

    /// Whether the first request is already one that the service may have forgotten.
    var isLink: Bool {
        guard case .link = self else { return false }
        return true
    }

    func first(_ context: ServiceContext) throws(ODataError) -> PreparedRequest {
        switch self {
        case .query(let query, let preferences):
            var request = PreparedRequest(.get, try context.encoded(query))
            request.preferences = preferences
            return request
        case .link(let link, _):
            return PreparedRequest(.get, link)
        }
    }

    func type(_ context: ServiceContext) -> QualifiedName? {
        switch self {
        case .query(let query, _): context.entityType(of: query)
        case .link(_, let type): type
        }
    }
}
